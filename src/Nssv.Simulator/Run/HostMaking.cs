using System.Collections.Concurrent;
using System.Globalization;
using Nssv.Agent;
using Nssv.Agent.Enrolment;
using Nssv.Simulator.Fleet;
using Nssv.Simulator.Scenarios;

namespace Nssv.Simulator.Run;

/// <summary>Makes hosts known to the platform and has them enrol as agents do: a row, a token, a key made here, a certificate.</summary>
internal sealed class HostMaking(Platform platform, FleetFolder folder, Place place, Progress progress)
{
    /// <summary>At once; a manager signs some hundred requests a second.</summary>
    private const int Together = 32;

    /// <summary>Hosts known from before, those that are gone from the platform left out.</summary>
    public async Task<List<HostIdentity>> Known(CancellationToken cancel)
    {
        var kept = folder.ReadHosts();
        if (kept.Count == 0)
            return [];
        var there = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var host in platform.Made("hosts", null, cancel))
            there.Add(host["id"]!.GetValue<string>());
        var known = kept.Where(host => there.Contains(host.HostId.ToString())).DistinctBy(host => host.HostId).ToList();
        if (known.Count != kept.Count)
            folder.WriteHosts(known);
        return known;
    }

    /// <summary>Adds hosts until each group has its count. Gives all of them.</summary>
    public async Task<List<HostIdentity>> Make(List<HostIdentity> known, Scenario scenario, CancellationToken cancel)
    {
        // Rows that a simulation left without their keys are enrolled anew: they hold nothing.
        var left = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var ids = known.Select(host => host.HostId.ToString()).ToHashSet(StringComparer.Ordinal);
        await foreach (var host in platform.Made("hosts", null, cancel))
        {
            if (!ids.Contains(host["id"]!.GetValue<string>()))
                left[host["name"]!.GetValue<string>()] = host["id"]!.GetValue<string>();
        }
        var taken = known.Select(host => host.Address).ToHashSet(StringComparer.Ordinal);
        var wanted = scenario.Groups.SelectMany(group => Enumerable.Repeat(group.Name, Math.Max(0, group.Count - known.Count(host => host.Group == group.Name)))).ToList();
        var numbers = Enumerable.Range(0, int.MaxValue).Where(number => !taken.Contains(HostIdentity.AddressOf(number).ToString())).Take(wanted.Count).ToList();
        var managers = new ConcurrentDictionary<string, bool>(StringComparer.OrdinalIgnoreCase);
        foreach (var manager in folder.Settings.Managers)
            managers[manager] = true;
        var made = new ConcurrentBag<HostIdentity>();
        using var certification = new Certification(platform.AgentApi, platform.Authority, TimeProvider.System);
        await Parallel.ForEachAsync(wanted.Zip(numbers), new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancel }, async (next, token) =>
        {
            var (group, number) = next;
            var name = string.Create(CultureInfo.InvariantCulture, $"{Place.Name}-{group}-{number + 1:00000}");
            var address = HostIdentity.AddressOf(number).ToString();
            if (!left.TryGetValue(name, out var id))
                id = await platform.Create("hosts", name, new() { ["clusterId"] = place.Clusters[number % place.Clusters.Count], ["address"] = address }, token);
            var (own, reply) = await certification.Certify(await platform.EnrolmentToken(id, token), string.Create(CultureInfo.InvariantCulture, $"https://{address}:{folder.Settings.Port}"), token);
            using (own)
            {
                var host = HostIdentity.Of(reply.HostId, name, group, address, own);
                // Heartbeats go where results go: one connection a host.
                managers[reply.ManagerAgentApiUrl] = true;
                folder.Append(host);
                made.Add(host);
            }
            progress.Say($"{made.Count + known.Count:#,0} of {wanted.Count + known.Count:#,0} hosts enrolled");
        });
        folder.Write(folder.Settings with { Managers = [.. managers.Keys.Order(StringComparer.Ordinal)] });
        return [.. known.Concat(made).OrderBy(host => host.Name, StringComparer.Ordinal)];
    }
}
