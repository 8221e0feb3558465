using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Input;
using Nssv.Client;

namespace Nssv.Cli.Resources;

/// <summary>One field of a request and the option that gives it. A field whose option is not given is not sent.</summary>
/// <param name="Option">The option.</param>
/// <param name="Path">Where the value goes, for example <c>rootDisk.sizeBytes</c>.</param>
/// <param name="Read">Gives the value; may look up a name.</param>
internal sealed record Field(Option Option, string Path, Func<Invocation, CancellationToken, Task<JsonNode?>> Read)
{
    public static Field Text(string name, string path, string description, bool required = false, string helpName = "TEXT")
    {
        var option = new Option<string>(name) { Description = description, HelpName = helpName, Required = required };
        return new(option, path, (invocation, _) => Task.FromResult<JsonNode?>(invocation.Value(option)));
    }

    public static Field Choice(string name, string path, string description, params string[] choices)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join('|', choices) };
        option.AcceptOnlyFromAmong(choices);
        return new(option, path, (invocation, _) => Task.FromResult<JsonNode?>(invocation.Value(option)));
    }

    public static Field Count(string name, string path, string description, bool required = false)
    {
        var option = Parsers.Count(name, description);
        option.Required = required;
        return new(option, path, (invocation, _) => Task.FromResult<JsonNode?>(invocation.Value(option)));
    }

    public static Field Number(string name, string path, string description)
    {
        var option = new Option<decimal?>(name) { Description = description, HelpName = "NUMBER" };
        return new(option, path, (invocation, _) => Task.FromResult<JsonNode?>(invocation.Value(option)));
    }

    public static Field Size(string name, string path, string description, bool required = false)
    {
        var option = Parsers.Size(name, description);
        option.Required = required;
        return new(option, path, (invocation, _) => Task.FromResult<JsonNode?>(invocation.Value(option)));
    }

    /// <summary>A reference to another resource, by id or unambiguous name.</summary>
    public static Field Reference(string name, string path, string collection, string description, bool required = false)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "NAME|ID", Required = required }.Names(collection);
        return new(option, path, async (invocation, cancellation) => await invocation.IdOf(collection, invocation.Value(option)!, cancellation));
    }

    /// <summary>Labels; <c>key-</c> removes one where a resource is changed (a null in the merge patch).</summary>
    public static Field Labels()
    {
        var option = Parsers.Labels("--label", "A label; may be given several times. Where something is changed, KEY- takes one away");
        return new(option, "labels", (invocation, _) => Task.FromResult<JsonNode?>(new JsonObject(invocation.Value(option)!.Select(Label))));

        static KeyValuePair<string, JsonNode?> Label(string text) =>
            text.IndexOf('=') is > 0 and var at ? new(text[..at], text[(at + 1)..]) : new(text[..^1], null);
    }

    /// <summary>System tags of what is made; what one refers to may be given by its name.</summary>
    public static Field Tags()
    {
        var option = Parsers.Tags("--tag", "A system tag, of those in 'nssv tag list'; may be given several times");
        return new(option, "tags", async (invocation, cancellation) =>
        {
            var values = new JsonObject();
            foreach (var pair in invocation.Value(option)!)
            {
                var at = pair.IndexOf('=', StringComparison.Ordinal);
                values[pair[..at]] = pair[(at + 1)..];
            }

            await SystemTags.Resolve(invocation, values, cancellation);
            return values;
        });
    }

    public static Field DeletionPolicy() => Choice("--deletion-policy", "deletionPolicy", "What deleting it does: removes it, or puts it into the recycle bin for a time (delayed) or until it is expunged (never); else as the setting of its kind says", "immediate", "delayed", "never");

    public static Field Description() => Text("--description", "description", "What it is for");

    public static Field NewName() => Text("--name", "name", "A new name");

    /// <summary>Lets what is said about these fields of the request speak of their options.</summary>
    private static void Name(IEnumerable<Field> fields, Invocation invocation)
    {
        foreach (var field in fields)
        {
            invocation.Results.Words.Call(field.Path, field.Option.Name);
        }
    }

    /// <summary>Writes every field that was given into a request's body.</summary>
    public static async Task Write(IEnumerable<Field> fields, JsonObject body, Invocation invocation, CancellationToken cancellation)
    {
        Name(fields, invocation);
        foreach (var field in fields.Where(field => invocation.Given(field.Option)))
        {
            var at = body;
            var names = field.Path.Split('.');
            foreach (var name in names[..^1])
            {
                at[name] ??= new JsonObject();
                at = (JsonObject)at[name]!;
            }

            at[names[^1]] = await field.Read(invocation, cancellation);
        }
    }
}
