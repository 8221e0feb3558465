using Nssv.Client.Problems;

namespace Nssv.Cli.Output;

/// <summary>Shows a problem to a person: one block with what, why, where and what to do.</summary>
internal static class ProblemBlock
{
    private const int Likeliest = 5;

    /// <param name="words">What the fields of the request are called on the command line.</param>
    public static string Of(ApiProblem problem, ApiWords words)
    {
        var lines = new List<string> { $"Error: {Printable.Of(problem.Title).TrimEnd('.')}{(problem.Code is null ? "" : $" ({Printable.Of(problem.Code)})")}" };
        if (problem.Detail is { Length: > 0 } detail)
        {
            lines.AddRange(Printable.Of(words.AsCommands(detail), keepLines: true).Split('\n').Select(line => "  " + line));
        }

        if (problem.Errors is [var only] && only.Detail == problem.Detail)
        {
            lines.Add(Where(only.Field, words));
        }
        else if (problem.Errors.Count > 0)
        {
            lines.AddRange(problem.Errors.Select(error => $"  - {Printable.Of(words.OptionOf(error.Field) ?? error.Field)}: {Printable.Of(words.AsCommands(error.Detail ?? error.Code ?? "not valid"))}"));
        }
        else if (problem.Field is { Length: > 0 } field)
        {
            lines.Add(Where(field, words));
        }

        if (problem.Candidates.Count > 0 && problem.Candidates.All(candidate => string.IsNullOrEmpty(candidate.Name) && string.IsNullOrEmpty(candidate.Detail)))
        {
            // Names alone, the likeliest first; all of them are in the advice.
            lines.Add($"  It could be: {string.Join(", ", problem.Candidates.Take(Likeliest).Select(candidate => Printable.Of(candidate.Id)))}{(problem.Candidates.Count > Likeliest ? ", …" : "")}");
        }
        else if (problem.Candidates.Count > 0)
        {
            lines.Add("  It could be:");
            lines.AddRange(problem.Candidates.Select(c => $"    {Printable.Of(c.Id)}  {Printable.Of(c.Name ?? "")}{(string.IsNullOrEmpty(c.Detail) ? "" : $"  ({Printable.Of(c.Detail)})")}"));
        }

        if (problem.OperationId is { Length: > 0 } operation)
        {
            lines.Add($"  Operation: {Printable.Of(operation)}");
        }

        if (problem.Advice is { Length: > 0 } advice)
        {
            lines.Add($"Advice: {Printable.Of(words.AsCommands(advice), keepLines: true)}");
        }

        return string.Join('\n', lines);
    }

    private static string Where(string field, ApiWords words) => words.OptionOf(field) is { } option ? $"  Option: {option}" : $"  Field: {Printable.Of(field)}";
}
