using System.CommandLine;
using System.Globalization;

namespace Nssv.Cli.Commands.Completion;

/// <summary>Answers the completion scripts: <c>[suggest:POSITION] LINE [WORD]</c>, as the directive of System.CommandLine has it, one word a line, each as it is without quotes.</summary>
internal static class Suggestions
{
    private const string Start = "[suggest";

    public static bool AreAskedFor(IReadOnlyList<string> arguments) => arguments.Count > 0 && arguments[0].StartsWith(Start, StringComparison.Ordinal);

    public static async Task Write(IReadOnlyList<string> arguments, CliEnvironment environment)
    {
        var line = arguments.Count > 1 ? arguments[1] : "";
        var position = arguments[0].Split(':') is [_, var text] && int.TryParse(text.TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : line.Length;
        var words = ShellLine.Split(line[..Math.Clamp(position, 0, line.Length)]);
        var root = CommandTree.Build(environment, [.. words.SkipLast(1)]);
        var typed = words.Count > 1 ? words[^1] : "";
        var option = Option(typed);
        var value = typed[option.Length..];

        // However the program was called, the tree's root is its own name. What words hold beside letters only matters to names.
        var plain = string.Join(' ', [root.Name, .. words.Skip(1).SkipLast(1).Select(Plain), .. option.Length > 0 ? [option[..^1]] : (string[])[], Plain(value)]);
        var parse = CommandTree.Parse(root, plain);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        // Who has typed nothing yet wants the name or the word that belongs here, and an option only after that.
        foreach (var item in parse.GetCompletions(plain.Length).OrderBy(item => NameCompletion.CollectionOf(item) is not null ? 0 : item.Label.StartsWith('-') ? 2 : 1).ToArray())
        {
            var word = item.InsertText ?? item.Label;
            if (NameCompletion.CollectionOf(item) is { } collection)
            {
                foreach (var name in asked.Add(collection) ? await NameCompletion.Of(collection, value, parse, environment) : [])
                {
                    Reply(option + name);
                }
            }
            else if (word.StartsWith(typed, StringComparison.Ordinal))
            {
                Reply(word);
            }
            else if (option.Length > 0 && word.StartsWith(value, StringComparison.Ordinal))
            {
                Reply(option + word);
            }
        }

        // A shell that takes ':' and '=' for ends of words replaces only what comes after them.
        void Reply(string word)
        {
            var before = arguments.Count > 2 ? Before(typed, arguments[2]) : "";
            environment.Out.WriteLine(word.StartsWith(before, StringComparison.Ordinal) ? word[before.Length..] : word);
        }
    }

    /// <summary>The option in <c>--image=mic</c>, with its sign.</summary>
    private static string Option(string word) => word.StartsWith("--", StringComparison.Ordinal) && word.IndexOf('=') is > 0 and var sign ? word[..(sign + 1)] : "";

    private static string Plain(string word) => string.Concat(word.Select(c => char.IsWhiteSpace(c) || c is '"' or '\'' ? '_' : c));

    /// <summary>What of the word that was typed lies before the part that the shell replaces.</summary>
    private static string Before(string typed, string replaced)
    {
        var part = replaced is "=" or ":" ? "" : ShellLine.Split(replaced)[^1];
        return typed.EndsWith(part, StringComparison.Ordinal) ? typed[..^part.Length] : "";
    }
}
