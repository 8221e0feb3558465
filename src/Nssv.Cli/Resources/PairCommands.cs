using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Input;
using Nssv.Cli.Operations;
using Nssv.Cli.Output;
using Nssv.Client;

namespace Nssv.Cli.Resources;

/// <summary>Labels and system tags of any resource: <c>tag set NAME KEY=VALUE…</c>, <c>tag unset NAME KEY…</c>. What is not named stays.</summary>
internal sealed class PairCommands(ResourceKind kind, CliEnvironment environment)
{
    public Command Tags() => Group("tag", "tags", $"System tags of {kind.OneNoun}; 'nssv tag list' tells which there are", SystemTags.Resolve);

    public Command Labels() => Group("label", "labels", $"Labels of {kind.OneNoun}: words of your own", (_, _, _) => Task.CompletedTask);

    private Command Group(string noun, string field, string description, Func<Invocation, JsonObject, CancellationToken, Task> complete)
    {
        var commands = new ResourceCommands(kind, environment);
        return new Command(noun, description) { List(commands, noun, field), Set(commands, noun, field, complete), Unset(commands, noun, field) };
    }

    private Command List(ResourceCommands commands, string noun, string field)
    {
        var target = commands.Target();
        var isTag = field == "tags";
        var command = new Command("list", isTag ? $"Show the system tags of {kind.OneNoun}, and what they do" : $"Show the labels of {kind.OneNoun}") { target };
        command.Aliases.Add("ls");
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var resource = await invocation.Client.Get(kind.Collection, await commands.Id(invocation, target, cancellation), cancellation);
            IEnumerable<KeyValuePair<string, JsonNode?>> pairs = resource[field] as JsonObject ?? [];
            List<JsonObject> rows = [.. pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new JsonObject { [noun] = pair.Key, ["value"] = pair.Value?.DeepClone() })];
            if (isTag)
            {
                await SystemTags.Describe(invocation, rows, cancellation);
            }

            invocation.Results.List(rows, isTag ? SystemTags.Columns : [new("Label", "label"), new("Value", "value")], ReferenceNames.None);
        });
    }

    private Command Set(ResourceCommands commands, string noun, string field, Func<Invocation, JsonObject, CancellationToken, Task> complete)
    {
        var target = commands.Target();
        var pairs = new Argument<string[]>("KEY=VALUE") { Description = $"A {noun}; may be given several times", Arity = ArgumentArity.OneOrMore };
        var command = new Command("set", $"Set {field} of {kind.OneNoun}; others stay") { target, pairs };
        var wait = WaitOptions.AddTo(command);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            if (Parsers.Twice(invocation.Value(pairs)) is { } twice)
            {
                throw new UsageException($"\"{Printable.Of(twice)}\" is given more than once.", $"Give each {noun} one value.");
            }

            var values = new JsonObject();
            foreach (var pair in invocation.Value(pairs))
            {
                var at = pair.IndexOf('=', StringComparison.Ordinal);
                values[at > 0 ? pair[..at] : throw new UsageException($"\"{pair}\" is not a {noun}.", "Write it like key=value.")] = pair[(at + 1)..];
            }
            await complete(invocation, values, cancellation);
            await Send(commands, invocation, target, wait, field, values, cancellation);
        });
    }

    private Command Unset(ResourceCommands commands, string noun, string field)
    {
        var target = commands.Target();
        var keys = new Argument<string[]>("KEY") { Description = $"The key of a {noun}; may be given several times", Arity = ArgumentArity.OneOrMore };
        var command = new Command("unset", $"Take {field} of {kind.OneNoun} away") { target, keys };
        var wait = WaitOptions.AddTo(command);
        return command.Runs(environment, (invocation, cancellation) =>
            Send(commands, invocation, target, wait, field, new JsonObject(invocation.Value(keys).Distinct().Select(key => KeyValuePair.Create<string, JsonNode?>(key, null))), cancellation));
    }

    private async Task Send(ResourceCommands commands, Invocation invocation, Argument<string> target, WaitOptions wait, string field, JsonObject values, CancellationToken cancellation)
    {
        var id = await commands.Id(invocation, target, cancellation);
        invocation.Results.Words.Call(field, "KEY=VALUE");
        var request = new ApiRequest(HttpMethod.Patch, $"{ApiClient.Root}/{kind.Collection}/{id}") { Body = new JsonObject { [field] = values } };
        await new OperationRunner(invocation, wait).Run(request, $"Changing {kind.Noun} {invocation.Value(target)}", cancellation);
    }
}
