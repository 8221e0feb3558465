using System.Text.Json.Nodes;
using Nssv.Client;

namespace Nssv.Cli.Platform.Start;

/// <summary>The small guest that an instance begins with; its file is handed over through the import folder.</summary>
internal sealed class MicroImage(Invocation invocation, FirstResources first, InstanceHome home)
{
    public const string Name = "micro";

    public async Task<string?> Ensure(string imageStorageId, CancellationToken cancellation)
    {
        await foreach (var image in invocation.Client.List("images", new ListQuery($"name = {ListQuery.Quote(Name)}", "createdAt", 1), cancellation))
        {
            return await Await(image, cancellation);
        }

        if (invocation.Environment.Given("NSSV_MICRO_IMAGE") is not { } source)
        {
            return "left out (NSSV_MICRO_IMAGE names no file)";
        }

        var import = Path.Combine(home.Import, Name + Path.GetExtension(source));
        try
        {
            File.Copy(source, import, overwrite: true);
            var body = new JsonObject
            {
                ["name"] = Name,
                ["kind"] = "system",
                ["format"] = "qcow2",
                ["architecture"] = Architecture.OfThisMachine,
                ["imageStorageId"] = imageStorageId,
                ["source"] = new JsonObject { ["file"] = import },
            };
            var operation = await invocation.Client.Mutate(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/images") { Body = body, Wait = TimeSpan.FromSeconds(30) }, cancellation);
            await first.Finish(operation, cancellation);
            return "added";
        }
        finally
        {
            File.Delete(import);
        }
    }

    // An earlier start may have been interrupted while the platform took the image in.
    private async Task<string?> Await(JsonObject image, CancellationToken cancellation)
    {
        if (string.Equals(image["state"].AsText(), "ready", StringComparison.OrdinalIgnoreCase))
        {
            return "ready";
        }

        await foreach (var operation in invocation.Client.List("operations", new ListQuery($"targetId = {ListQuery.Quote(image["id"].AsText()!)}", "createdAt desc", 1), cancellation))
        {
            await first.Finish(await invocation.Client.GetOperation(operation["id"].AsText()!, cancellation), cancellation);
        }

        return "ready";
    }
}
