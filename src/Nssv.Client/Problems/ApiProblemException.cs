namespace Nssv.Client.Problems;

/// <summary>The platform refused a request, or an operation that was waited for did not succeed.</summary>
public sealed class ApiProblemException(ApiProblem problem, Exception? inner = null)
    : Exception(problem.Detail is null ? problem.Title : $"{problem.Title}: {problem.Detail}", inner)
{
    /// <summary>What is wrong and what to do about it.</summary>
    public ApiProblem Problem { get; } = problem;
}
