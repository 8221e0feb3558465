namespace Nssv.Kernel.Operations;

/// <summary>The last failure of a step, or of its undo, that is being tried again. Only the node that runs the operation knows it: nothing is written for a try.</summary>
/// <param name="Operation">As it was at that try.</param>
/// <param name="Count">Tries so far.</param>
/// <param name="Problem">Why the last one failed.</param>
/// <param name="Again">When the next one begins.</param>
public sealed record FailedTry(Operation Operation, int Count, Problem Problem, DateTimeOffset Again);
