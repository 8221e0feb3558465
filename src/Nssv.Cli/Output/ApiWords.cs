using System.Text.RegularExpressions;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Output;

/// <summary>
/// Advice speaks of the API: "with cascade=true", "hosts/{id}:confirmDown". Where a person reads it, it names what they can type: "with --cascade",
/// "'nssv host confirm-down NAME'". Options and commands are called as the API's fields and verbs, in kebab-case.
/// </summary>
internal static partial class ApiWords
{
    public static string AsCommands(string advice) => Verb().Replace(Flag().Replace(advice, match => $"--{Words.Kebab(match.Groups[1].Value)}"), static match =>
        ResourceKinds.CommandOf(match.Groups[1].Value) is { } command ? $"'nssv {command} {Words.Kebab(match.Groups[2].Value)} NAME'" : match.Value);

    [GeneratedRegex(@"(?<![\w.?&=])([a-z][a-zA-Z]*)=true\b")]
    private static partial Regex Flag();

    [GeneratedRegex(@"(?<![\w/-])([a-z][a-z-]*)/\{id\}:([a-z][a-zA-Z]*)")]
    private static partial Regex Verb();
}
