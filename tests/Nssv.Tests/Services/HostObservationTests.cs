using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Services.Inventory.Observation;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class HostObservationTests
{
    /// <summary>An agent numbers its messages over all its starts: incarnation times 2^32, and on from there.</summary>
    [Fact]
    public async Task However_often_an_agent_starts_its_newest_start_is_heard()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var observation = bed.Services.GetRequiredService<HostObservation>();
        var capacity = new HostCapacity(8, 16L << 30, "cpu", "qemu", "1", "1", "1", "x86_64");

        for (long incarnation = 1; incarnation <= 80; incarnation++)
        {
            await observation.Heartbeat(new Heartbeat(host.HostId, "boot", incarnation, (incarnation << 32) + 1, capacity, []));
            (await bed.Store.Get<Host>(host.HostId)).AgentIncarnation.ShouldBe(incarnation);
        }
    }
}
