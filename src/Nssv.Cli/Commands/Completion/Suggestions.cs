using System.CommandLine;
using System.Globalization;

namespace Nssv.Cli.Commands.Completion;

/// <summary>Answers the completion scripts: <c>[suggest:POSITION] LINE</c>, as the directive of System.CommandLine has it.</summary>
internal static class Suggestions
{
    private const string Start = "[suggest";

    public static bool AreAskedFor(IReadOnlyList<string> arguments) => arguments.Count > 0 && arguments[0].StartsWith(Start, StringComparison.Ordinal);

    public static void Write(Command root, IReadOnlyList<string> arguments, TextWriter output)
    {
        var line = arguments.Count > 1 ? arguments[1] : root.Name;
        var given = arguments[0].Split(':') is [_, var text] && int.TryParse(text.TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : line.Length;

        // However the program was called, the tree's root is its own name.
        var end = line.IndexOf(' ');
        var called = end < 0 ? line.Length : end;
        line = root.Name + line[called..];
        var position = Math.Clamp(given - called + root.Name.Length, 0, line.Length);
        foreach (var item in CommandTree.Parse(root, line).GetCompletions(position))
        {
            output.WriteLine(item.InsertText ?? item.Label);
        }
    }
}
