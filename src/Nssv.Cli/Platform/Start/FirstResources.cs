using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Operations;

namespace Nssv.Cli.Platform.Start;

/// <summary>The data center, cluster, host and storages that an instance begins with: found again, or made.</summary>
internal sealed class FirstResources(ApiClient client, InstanceHome home)
{
    /// <summary>Finds the resource by the id recorded at the first start, then by name; else makes it. Gives its id.</summary>
    public async Task<(string Id, bool Made)> Ensure(string collection, string name, Func<JsonObject> body, CancellationToken cancellation)
    {
        if (await Existing(collection, name, cancellation) is { } id)
        {
            Record(collection, id);
            return (id, false);
        }

        var request = new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{collection}") { Body = body(), Wait = TimeSpan.FromSeconds(10) };
        var operation = await Finish(await client.Mutate(request, cancellation), cancellation);
        var made = Made(operation) ?? throw new FormatException($"The server does not say which of the {collection} it made.");
        Record(collection, made);
        return (made, true);
    }

    /// <summary>Attaches unless the link is there already.</summary>
    public async Task<bool> EnsureAttached(string collection, string links, string id, string linkField, string field, string otherId, CancellationToken cancellation)
    {
        await foreach (var link in client.List(links, new ListQuery($"{linkField} = {ListQuery.Quote(id)} AND {field} = {ListQuery.Quote(otherId)}", Limit: 1), cancellation))
        {
            return false;
        }

        var request = new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{collection}/{id}:attach") { Body = new JsonObject { [field] = otherId }, Wait = TimeSpan.FromSeconds(30) };
        await Finish(await client.Mutate(request, cancellation), cancellation);
        return true;
    }

    public async Task<OperationSnapshot> Finish(OperationSnapshot operation, CancellationToken cancellation) =>
        (operation.HasEnded ? operation : await client.WaitForOperation(operation.Id, progress: null, cancellation)).EnsureSucceeded();

    private async Task<string?> Existing(string collection, string name, CancellationToken cancellation)
    {
        if (InstanceFile.Load(home)?.First.GetValueOrDefault(collection) is { } recorded && await client.Find(collection, recorded, cancellation) is { } known)
        {
            return known["id"].AsText();
        }

        // The oldest of that name, should a person have made more.
        await foreach (var item in client.List(collection, new ListQuery($"name = {ListQuery.Quote(name)}", "createdAt", 1), cancellation))
        {
            return item["id"].AsText();
        }

        return null;
    }

    private static string? Made(OperationSnapshot operation) =>
        operation.TargetId ?? (operation.Document["result"] as JsonObject)?.FirstOrDefault(pair => pair.Key.EndsWith("Id", StringComparison.Ordinal)).Value.AsText();

    private void Record(string collection, string id)
    {
        if (InstanceFile.Load(home) is { } instance && instance.First.GetValueOrDefault(collection) != id)
        {
            (instance with { First = new Dictionary<string, string>(instance.First) { [collection] = id } }).Save(home);
        }
    }
}
