using System.Text;

namespace Nssv.Cli.Output;

/// <summary>Makes text from elsewhere safe to show: a control character in a name must not steer the terminal.</summary>
internal static class Printable
{
    /// <summary>The text with control and direction-changing characters written as <c>\u001B</c>.</summary>
    public static string Of(string text, bool keepLines = false)
    {
        if (!text.Any(c => Steers(c, keepLines)))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = Steers(c, keepLines) ? safe.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:X4}") : safe.Append(c);
        }

        return safe.ToString();
    }

    private static bool Steers(char c, bool keepLines) =>
        (char.IsControl(c) && !(keepLines && c is '\n' or '\t')) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
