using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Operations;
using Nssv.Cli.Output;
using Nssv.Client;

namespace Nssv.Cli.Resources;

/// <summary>Builds the commands that are alike for every resource, so that a further resource is a few lines.</summary>
internal sealed class ResourceCommands(ResourceKind kind, CliEnvironment environment)
{
    /// <summary>The group with list and show.</summary>
    public Command Group(string description, params Command[] more)
    {
        var group = new Command(kind.Command, description);
        group.Subcommands.Add(new ListCommand(kind, environment).Build());
        group.Subcommands.Add(Show());
        foreach (var command in more)
        {
            group.Subcommands.Add(command);
        }

        if (kind.IsLabelled)
        {
            var pairs = new PairCommands(kind, environment);
            group.Subcommands.Add(pairs.Tags());
            group.Subcommands.Add(pairs.Labels());
        }

        return group;
    }

    public Command Show()
    {
        var target = Target();
        return new Command("show", $"Show one {kind.Noun} in full") { target }.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await Id(invocation, target, cancellation);
            var resource = await invocation.Client.Get(kind.Collection, id, cancellation);
            if (invocation.Results.Format != OutputFormat.Table)
            {
                invocation.Results.Data(resource);
                return;
            }

            IReadOnlyList<Column> references = [.. kind.Columns.Concat(kind.MoreReferences).Where(column => column.Reference is not null)];
            var names = await ReferenceNames.For(invocation.Client, [resource], references, cancellation);
            var entries = kind.Inner is { } inner && resource[inner.Field] is JsonArray list ? list.OfType<JsonObject>().ToArray() : [];
            resource.Remove(kind.Inner?.Field ?? "");
            invocation.Results.Resource(resource, references, names);
            if (entries.Length > 0)
            {
                invocation.Results.Say("");
                invocation.Results.List(entries, kind.Inner!.Value.Columns, ReferenceNames.None);
            }

            foreach (var (part, field) in kind.Parts)
            {
                await ShowPart(invocation, part, field, id, cancellation);
            }
        });
    }

    private static async Task ShowPart(Invocation invocation, ResourceKind part, string field, string id, CancellationToken cancellation)
    {
        var items = new List<JsonObject>();
        await foreach (var item in invocation.Client.List(part.Collection, new ListQuery($"{field} = \"{id}\"", part.Sort), cancellation))
        {
            items.Add(item);
        }

        if (items.Count == 0)
        {
            return;
        }

        IReadOnlyList<Column> columns = [.. part.Columns.Where(column => column.Path != field)];
        invocation.Results.Say("");
        invocation.Results.List(items, columns, await ReferenceNames.For(invocation.Client, items, columns, cancellation));
    }

    public Command Create(params Field[] fields) => Create($"Create {kind.OneNoun}", fields);

    public Command Create(string description, params Field[] fields)
    {
        var name = new Argument<string>("NAME") { Description = $"The new {kind.Noun}'s name" };
        var command = new Command("create", description) { name };
        var wait = Complete(command, fields);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var body = new JsonObject { ["name"] = invocation.Value(name) };
            invocation.Results.Words.Call("name", name.Name);
            await Field.Write(fields, body, invocation, cancellation);
            await new OperationRunner(invocation, wait).Run(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{kind.Collection}") { Body = body }, $"Creating {kind.Noun} {invocation.Value(name)}", cancellation);
        });
    }

    public Command Set(params Field[] fields)
    {
        var target = Target();
        var ifMatch = new Option<string>("--if-match") { Description = "Change it only if it still has this version", HelpName = "VERSION" };
        var command = new Command("set", $"Change {kind.OneNoun}") { target, ifMatch };
        var wait = Complete(command, fields);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            if (!fields.Any(field => invocation.Given(field.Option)))
            {
                throw new UsageException("Nothing to change was given.", $"Give at least one of {string.Join(", ", fields.Select(field => field.Option.Name))}.");
            }

            var id = await Id(invocation, target, cancellation);
            var body = new JsonObject();
            await Field.Write(fields, body, invocation, cancellation);
            var request = new ApiRequest(HttpMethod.Patch, $"{ApiClient.Root}/{kind.Collection}/{id}") { Body = body, IfMatch = invocation.Value(ifMatch) };
            await new OperationRunner(invocation, wait).Run(request, $"Changing {kind.Noun} {invocation.Value(target)}", cancellation);
        });
    }

    /// <param name="canCascade">Something may go with it that does not belong to it; else the option is taken, and not offered.</param>
    public Command Delete(bool canExpunge = false, bool canCascade = true)
    {
        var target = Target();
        var expunge = new Option<bool>("--expunge") { Description = "Remove it at once, without the recycle bin" };
        var cascade = new Option<bool>("--cascade") { Description = "Delete what depends on it as well; --dry-run shows what that is", Hidden = !canCascade };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would happen, and change nothing" };
        var command = new Command("delete", $"Delete {kind.OneNoun}") { target, cascade, dryRun };
        if (canExpunge)
        {
            command.Options.Add(expunge);
        }

        var wait = Complete(command, []);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await Id(invocation, target, cancellation);
            var tries = invocation.Value(dryRun);
            var flags = string.Join('&', new[] { canExpunge && invocation.Value(expunge) ? "expunge=true" : "", invocation.Value(cascade) ? "cascade=true" : "", tries ? "dryRun=true" : "" }.Where(flag => flag.Length > 0));
            var request = new ApiRequest(HttpMethod.Delete, $"{ApiClient.Root}/{kind.Collection}/{id}{(flags.Length > 0 ? "?" : "")}{flags}");
            var title = $"Deleting {kind.Noun} {invocation.Value(target)}";
            await (tries ? DryRun.Show(invocation, request, title, cancellation) : new OperationRunner(invocation, wait).Run(request, title, cancellation));
        });
    }

    /// <summary>A custom method of one resource, for example <c>:attach</c>; <c>:confirmDown</c> is called <c>confirm-down</c> here.</summary>
    public Command Verb(string verb, string description, string doing, params Field[] fields)
    {
        var target = Target();
        var command = new Command(Words.Kebab(verb), description) { target };
        var wait = Complete(command, fields);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await Id(invocation, target, cancellation);
            var body = new JsonObject();
            await Field.Write(fields, body, invocation, cancellation);
            await new OperationRunner(invocation, wait).Run(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{kind.Collection}/{id}:{verb}") { Body = body }, $"{doing} {kind.Noun} {invocation.Value(target)}", cancellation);
        });
    }

    /// <summary>A detachment, which can be tried as well.</summary>
    public Command Detach(string description, params Field[] fields)
    {
        var target = Target();
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would happen, and change nothing" };
        var command = new Command("detach", description) { target, dryRun };
        var wait = Complete(command, fields);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await Id(invocation, target, cancellation);
            var body = new JsonObject();
            await Field.Write(fields, body, invocation, cancellation);
            var tries = invocation.Value(dryRun);
            if (tries)
            {
                body["dryRun"] = true;
            }

            var request = new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{kind.Collection}/{id}:detach") { Body = body };
            var title = $"Detaching {kind.Noun} {invocation.Value(target)}";
            await (tries ? DryRun.Show(invocation, request, title, cancellation) : new OperationRunner(invocation, wait).Run(request, title, cancellation));
        });
    }

    public Argument<string> Target() =>
        (kind.HasNames ? new Argument<string>("NAME") { Description = $"The {kind.Noun}'s name, or its id where several have that name" } : new Argument<string>("ID") { Description = $"The {kind.Noun}'s id" }).Names(kind.Collection);

    public Task<string> Id(Invocation invocation, Argument<string> target, CancellationToken cancellation) =>
        kind.HasNames || Guid.TryParseExact(invocation.Value(target), "D", out _) ? invocation.IdOf(kind.Collection, invocation.Value(target), cancellation)
            : throw new UsageException($"\"{Printable.Of(invocation.Value(target))}\" is not an id.", $"'nssv {kind.Command} list' shows the ids.");

    public static WaitOptions Complete(Command command, IEnumerable<Field> fields)
    {
        foreach (var field in fields)
        {
            command.Options.Add(field.Option);
        }

        return WaitOptions.AddTo(command);
    }
}
