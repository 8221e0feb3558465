namespace Nssv.Kernel.Data;

/// <summary>When a read that a person asked for is stopped in the database, so that nobody's query can hold it up.</summary>
/// <param name="Longest">A statement that takes longer is stopped; PostgreSQL's driver counts whole seconds.</param>
/// <param name="Cancellation">Nobody waits for the answer any more.</param>
internal sealed record ReadLimit(TimeSpan Longest, TimeProvider Time, CancellationToken Cancellation);

/// <summary>A read took longer than it may, and was stopped.</summary>
internal sealed class ReadTimeoutException(Exception? inner = null) : Exception("The read was stopped: it took too long", inner);
