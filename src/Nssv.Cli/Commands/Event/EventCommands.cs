using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Cli.Input;
using Nssv.Cli.Output;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Event;

/// <summary>What changed on the platform, past or as it happens.</summary>
internal static class EventCommands
{
    private const int Latest = 100;

    public static Command Build(CliEnvironment environment)
    {
        var resource = new Option<string>("--resource") { Description = "Only what changed this resource", HelpName = "ID" };
        var filter = new Option<string>("--filter") { Description = "Only events that fit, for example 'resourceType = host AND type = \"*.updated\"'", HelpName = "FILTER" };
        var limit = Parsers.Count("--limit", "No more than this many");
        var follow = new Option<bool>("--follow", "-f") { Description = "Show events as they happen, until Ctrl-C" };
        var after = new Option<string>("--after") { Description = "Begin after this sequence number", HelpName = "SEQUENCE" };
        var list = new Command("list", $"List events: the latest {Latest} (more with --limit), the newest first; with --after all since then, in their order") { filter, resource, limit, follow, after };
        list.Aliases.Add("ls");
        list.Runs(environment, (invocation, cancellation) => invocation.Value(follow)
            ? Follow(invocation, invocation.Value(after), Filter(invocation), invocation.Value(limit), cancellation)
            : List(invocation, Query(invocation), mayCut: !invocation.Given(after) && !invocation.Given(limit), cancellation));
        var watch = new Command("watch", "Show events as they happen, until Ctrl-C") { filter, resource, limit, after };
        watch.Runs(environment, (invocation, cancellation) => Follow(invocation, invocation.Value(after), Filter(invocation), invocation.Value(limit), cancellation));
        return new Command("event", "What changed on the platform") { list, watch };

        ListQuery Query(Invocation invocation) => new(
            invocation.Value(filter),
            invocation.Given(after) ? null : "sequence desc",
            invocation.Value(limit) ?? (invocation.Given(after) ? null : Latest + 1))
        {
            Further = [new("after", invocation.Value(after)), new("resourceId", invocation.Value(resource))],
        };

        string? Filter(Invocation invocation)
        {
            var parts = new[] { invocation.Value(resource) is { } id ? $"resourceId = {ListQuery.Quote(id)}" : null, invocation.Value(filter) is { } asked ? $"({asked})" : null };
            return parts.Any(part => part is not null) ? string.Join(" AND ", parts.Where(part => part is not null)) : null;
        }
    }

    /// <summary>Problems speak of what was typed.</summary>
    private static void Name(Invocation invocation)
    {
        foreach (var (field, option) in new[] { ("filter", "--filter"), ("after", "--after"), ("Last-Event-ID", "--after"), ("limit", "--limit") })
        {
            invocation.Results.Words.Call(field, option);
        }

        // In a filter it is a field of the event.
        invocation.Results.Words.CallField("resourceId", "--resource");
    }

    /// <param name="mayCut">Nobody has said how many: no more than the latest, and whether there are others is told, to a program's reader too.</param>
    private static async Task List(Invocation invocation, ListQuery query, bool mayCut, CancellationToken cancellation)
    {
        Name(invocation);
        var items = new List<JsonObject>();
        await foreach (var item in invocation.Client.List("events", query, cancellation))
        {
            items.Add(item);
        }

        var cut = mayCut && items.Count > Latest;
        invocation.Results.List(cut ? items[..Latest] : items, ResourceKinds.Event.Columns, ReferenceNames.None);
        if (cut)
        {
            invocation.Environment.Error.WriteLine($"These are the latest {Latest}; more with --limit N.");
        }
    }

    private static async Task Follow(Invocation invocation, string? after, string? filter, int? limit, CancellationToken cancellation)
    {
        Name(invocation);
        var left = limit ?? int.MaxValue;
        await foreach (var item in invocation.Client.FollowEvents(after, filter, cancellation))
        {
            // One event a line in every format, so that a pipe can act on each as it comes.
            await invocation.Environment.Out.WriteLineAsync(invocation.Results.Format switch
            {
                OutputFormat.Json => item.Document.ToJsonString(),
                OutputFormat.Yaml => "---\n" + YamlText.Of(item.Document),
                _ => Line(item.Document),
            });
            await invocation.Environment.Out.FlushAsync(cancellation);
            if (--left == 0)
            {
                return;
            }
        }
    }

    private static string Line(JsonObject document)
    {
        var time = document["at"].AsTime() is { } at ? at.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : "-";
        var data = document["data"] is JsonObject { Count: > 0 } changed ? Printable.Of(changed.ToJsonString()) : "";
        return $"{time}  {Printable.Of(document["type"].AsText() ?? "event"),-28}  {document["resourceId"].AsText()}  {data}".TrimEnd();
    }
}
