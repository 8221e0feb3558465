using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Client.Operations;

namespace Nssv.Simulator.Run;

/// <summary>What the hosts and machines of a simulation live in, named "simulated": found again, or made.</summary>
/// <param name="Clusters">In order; each has its share of the hosts.</param>
internal sealed record Place(string DataCenter, IReadOnlyList<string> Clusters, string PortGroup, string DataStorage)
{
    public const string Name = "simulated";

    public static async Task<Place> Ensure(Platform platform, int clusters, CancellationToken cancel)
    {
        var center = await platform.Ensure("data-centers", Name, [], cancel);
        var storage = await platform.Ensure("data-storages", Name, new() { ["kind"] = "local", ["dataCenterId"] = center, ["path"] = "/var/lib/nssv-simulated/data" }, cancel);
        var ids = new List<string>();
        for (var i = 1; i <= clusters; i++)
        {
            ids.Add(await platform.Ensure("clusters", string.Create(CultureInfo.InvariantCulture, $"{Name}-{i:00}"), new() { ["dataCenterId"] = center }, cancel));
            // Before there are hosts: each is brought the storage when it connects.
            await platform.Do($"data-storages/{storage}:attach", new() { ["clusterId"] = ids[^1] }, cancel);
        }
        var ports = await platform.Ensure("port-groups", Name, new() { ["dataCenterId"] = center }, cancel);
        return new(center, ids, ports, storage);
    }

    /// <summary>The image that the machines are made from; the given host serves it. Gives its id.</summary>
    public async Task<string> EnsureImage(Platform platform, string hostId, CancellationToken cancel)
    {
        var storage = await platform.Ensure("image-storages", Name, new() { ["kind"] = "local", ["hostId"] = hostId, ["path"] = "/var/lib/nssv-simulated/images" }, cancel);
        await platform.Do($"image-storages/{storage}:attach", new() { ["dataCenterId"] = DataCenter }, cancel);
        return await platform.Ensure("images", Name, new()
        {
            ["kind"] = "system",
            ["format"] = "qcow2",
            ["imageStorageId"] = storage,
            ["source"] = new JsonObject { ["file"] = "/var/lib/nssv-simulated/simulated.qcow2" },
        }, cancel);
    }
}
