using System.Text;

namespace Nssv.Cli.Output;

/// <summary>Turns names of the API into those that people see.</summary>
internal static class Words
{
    /// <summary><c>cpuCount</c> becomes <c>cpu count</c>; a unit at the end goes, because the value shows it.</summary>
    public static string Of(string field)
    {
        var name = field.EndsWith("Bytes", StringComparison.Ordinal) && field.Length > 5 ? field[..^5] : field;
        name = name.EndsWith("At", StringComparison.Ordinal) && name.Length > 2 ? name[..^2] : name;
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            _ = char.IsAsciiLetterUpper(c) ? text.Append(' ').Append(char.ToLowerInvariant(c)) : text.Append(c);
        }

        return text.ToString().TrimStart();
    }

    /// <summary><c>confirmDown</c> becomes <c>confirm-down</c>, as options and commands are called.</summary>
    public static string Kebab(string name) => string.Concat(name.Select(c => char.IsAsciiLetterUpper(c) ? $"-{char.ToLowerInvariant(c)}" : c.ToString()));
}
