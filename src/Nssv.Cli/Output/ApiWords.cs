using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Output;

/// <summary>
/// Problems and plans speak of the API: "with cascade=true", "DELETE /api/v1/volumes/ID", "memoryBytes". Where a person reads them, they name what can be typed: "with --cascade",
/// "'nssv volume delete ID'", "--memory". What has no command stays as it is.
/// </summary>
internal sealed partial class ApiWords(CliEnvironment environment)
{
    private readonly Dictionary<string, string> options = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> fields = new(StringComparer.Ordinal);
    private readonly Lazy<Command> root = new(() => CommandTree.Build(environment));

    /// <summary>A field of the request is given by this option, or by this argument.</summary>
    public void Call(string field, string option) => options[field] = option;

    /// <summary>As <see cref="Call"/>, of a field that has the name of something else too: in sentences that is meant.</summary>
    public void CallField(string field, string option) => fields[field] = option;

    /// <summary>What gives this field, which may be an entry of it ("tags.compute.pinnedToHost", "nics[0].portGroupId"); null when nothing of this command does.</summary>
    public string? OptionOf(string field) => Find(field, options) ?? Find(field, fields);

    private static string? Find(string field, Dictionary<string, string> options)
    {
        for (var path = Index().Replace(field, ""); path.Length > 0; path = path[..Math.Max(path.LastIndexOf('.'), 0)])
        {
            if (options.TryGetValue(path, out var option))
            {
                return option;
            }
        }

        return null;
    }

    public string AsCommands(string text)
    {
        text = Calls().Replace(text, call => CommandOf(call.Groups[1].Value, call.Groups[2].Value, call.Groups[3].Value, call.Groups[4].Value, call.Groups[5].Value, call.Groups[6].Value) ?? call.Value);
        text = Verb().Replace(text, verb => CommandOf("POST", verb.Groups[1].Value, verb.Groups[2].Value, verb.Groups[3].Value, "", "") ?? verb.Value);
        text = Flag().Replace(text, flag => $"--{Words.Kebab(flag.Groups[1].Value)}");
        text = Given().Replace(text, given => options.TryGetValue(given.Groups[1].Value, out var option) && option.StartsWith('-') ? $"{option} {given.Groups[2].Value}" : given.Value);
        text = IfMatch().Replace(text, "--if-match");

        // In a sentence only what is a field as a whole: "name.txt" is none.
        return FieldName().Replace(text, field => (field.Value.Contains('[', StringComparison.Ordinal) ? Find(field.Value, options) : options.GetValueOrDefault(field.Value)) ?? field.Value);
    }

    /// <summary>The command that makes this call; null when there is none, or it has no option for what is sent.</summary>
    private string? CommandOf(string method, string collection, string id, string verb, string flags, string body)
    {
        if (ResourceKinds.CommandOf(collection) is not { } noun || root.Value.Subcommands.FirstOrDefault(command => command.Name == noun) is not { } group)
        {
            return null;
        }

        string[] names = (method, id.Length > 0, verb) switch
        {
            ("GET", false, "") => ["list"],
            ("GET", true, "") => ["show"],
            ("POST", false, "") => ["create", "add"],
            ("POST", true, { Length: > 0 }) => [Words.Kebab(verb)],
            ("PATCH", true, "") => ["set"],
            ("DELETE", true, "") => ["delete"],
            _ => [],
        };
        if (group.Subcommands.FirstOrDefault(command => names.Contains(command.Name)) is not { } found)
        {
            return null;
        }

        var words = new List<string> { "nssv", noun, found.Name };
        if (id.Length > 0)
        {
            words.Add(id == "{id}" ? "NAME" : id);
        }

        IEnumerable<(string Name, string Value)> given = flags.Length > 0 ? flags[1..].Split('&').Select(flag => (flag.Split('=')[0], ""))
            : body.Length > 0 ? JsonNode.Parse(body)!.AsObject().Select(field => (field.Key, field.Value.AsText() ?? "")) : [];
        foreach (var (name, value) in given)
        {
            var kebab = Words.Kebab(name.EndsWith("Id", StringComparison.Ordinal) ? name[..^2] : name);
            if (found.Options.FirstOrDefault(option => option.Name == $"--{kebab}" || option.Name == $"--{kebab.Replace("-", "", StringComparison.Ordinal)}") is not { } option)
            {
                return null;
            }

            words.Add(option.Name);
            if (value.Length > 0)
            {
                words.Add(value);
            }
        }

        return $"'{string.Join(' ', words)}'";
    }

    [GeneratedRegex(@"(?<![\w/])(GET|POST|PATCH|DELETE) (?:/api/v1/)?([a-z][a-z-]*)(?:/(\{id\}|[0-9a-f-]{36}))?(?::([a-z][a-zA-Z]*))?(\?[a-zA-Z]+=true(?:&[a-zA-Z]+=true)*)?(?: (\{""[^}]*\}))?")]
    private static partial Regex Calls();

    [GeneratedRegex(@"(?<![\w/-])([a-z][a-z-]*)/(\{id\}|[0-9a-f-]{36}):([a-z][a-zA-Z]*)")]
    private static partial Regex Verb();

    [GeneratedRegex(@"(?<![\w.?&=])([a-z][a-zA-Z]*)=true\b")]
    private static partial Regex Flag();

    [GeneratedRegex(@"(?<![\w.?&=/\-])([a-z][a-zA-Z]*)=([a-z0-9]+)(?![\w.])")]
    private static partial Regex Given();

    [GeneratedRegex(@"(?<![\w\-])If-Match(?![\w\-])")]
    private static partial Regex IfMatch();

    // A field that is one plain word, such as "name", is also a word of every sentence.
    [GeneratedRegex(@"(?<![\w.\-/])[a-z]+[A-Z\[.](?:[\w.\[\]]*\w)?(?![\w\-])")]
    private static partial Regex FieldName();

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Index();
}
