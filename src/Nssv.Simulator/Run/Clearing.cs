using Nssv.Client.Problems;

namespace Nssv.Simulator.Run;

/// <summary>Removes from the platform what simulations made there, in the order in which things hang together. The hosts must still answer.</summary>
internal sealed class Clearing(Platform platform, Progress progress)
{
    private const int Together = 64;

    public async Task Clear(CancellationToken cancel)
    {
        await Delete("virtual-machines", cancel);
        await Delete("images", cancel);
        await foreach (var link in platform.Client.List("image-storage-attachments", new(), cancel))
            await Detach("image-storages", link["imageStorageId"]!.GetValue<string>(), "dataCenterId", link["dataCenterId"]!.GetValue<string>(), cancel);
        await Delete("image-storages", cancel);
        await foreach (var link in platform.Client.List("data-storage-attachments", new(), cancel))
            await Detach("data-storages", link["dataStorageId"]!.GetValue<string>(), "clusterId", link["clusterId"]!.GetValue<string>(), cancel);
        foreach (var collection in (string[])["data-storages", "port-groups", "hosts", "clusters", "data-centers"])
            await Delete(collection, cancel);
    }

    private async Task Delete(string collection, CancellationToken cancel)
    {
        var ids = new List<string>();
        await foreach (var item in platform.Made(collection, null, cancel))
            ids.Add(item["id"]!.GetValue<string>());
        var gone = 0;
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancel }, async (id, token) =>
        {
            try
            {
                await platform.Delete(collection, id, token);
            }
            catch (ApiProblemException exception) when (exception.Problem.Status == 404)
            {
                // A person was faster.
            }
            progress.Say($"{Interlocked.Increment(ref gone):#,0} of {ids.Count:#,0} {collection.Replace('-', ' ')} removed");
        });
    }

    private async Task Detach(string collection, string id, string field, string other, CancellationToken cancel)
    {
        if ((await platform.Client.Find(collection, id, cancel))?["labels"]?[Platform.Label] is not null)
            await platform.Do($"{collection}/{id}:detach", new() { [field] = other }, cancel);
    }
}
