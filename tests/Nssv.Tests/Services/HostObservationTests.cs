using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Ownership;
using Nssv.Services.Inventory.Observation;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
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

    /// <summary>A host that is woken sends one heartbeat more than it would by itself: it comes while the host is compared with the rows.</summary>
    [Fact]
    public async Task A_heartbeat_that_comes_while_the_host_reconciles_does_not_keep_it_from_being_connected()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var observation = bed.Services.GetRequiredService<HostObservation>();
        var links = bed.Services.GetRequiredService<HostConnections>();
        var capacity = new HostCapacity(8, 16L << 30, "cpu", "qemu", "1", "1", "1", "x86_64");
        Heartbeat Beat(long sequence) => new(host.HostId, "later", 7, sequence, capacity, []);

        // Any order of the commits must do.
        bed.BeforeCommit = _ => Task.Delay(Random.Shared.Next(5));

        for (var round = 0; round < 20; round++)
        {
            var first = (7L + round << 32) + 1;
            await observation.Heartbeat(Beat(first) with { AgentIncarnation = 7 + round });
            var report = observation.Report(new HostReport(host.HostId, "later", 7 + round, first + 1, true, [], []));
            await Task.WhenAll(Enumerable.Range(2, 3).Select(n => observation.Heartbeat(Beat(first + n) with { AgentIncarnation = 7 + round })).Append<Task>(report));
            await Poll.Until("the host is connected", async () => links.Of(host.HostId) == HostLink.Connected && (await bed.Store.Get<Host>(host.HostId)).State == HostState.Connected);
        }
    }

    /// <summary>An agent that has been told of its new owner tells it what changes at once, and sends its next heartbeat when that is due.</summary>
    [Fact]
    public async Task A_host_that_reports_before_its_first_heartbeat_is_not_taken_for_silent()
    {
        var time = new LaterTime();
        await using var bed = new ServiceBed(time: time);
        var (_, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var silent = await bed.Host(cluster, name: "silent");
        host.HostId.CompareTo(silent.HostId).ShouldBeLessThan(0, "they are looked at in this order");
        var observation = bed.Services.GetRequiredService<HostObservation>();
        observation.Lost(ShardSet.All);

        await observation.Report(new HostReport(silent.HostId, "boot", 1, 1, false, [], []));
        time.Ahead = HostObservation.SilenceLimit + TimeSpan.FromSeconds(1);
        await observation.Report(new HostReport(host.HostId, "boot", 1, 1, false, [], []));
        using var enough = new CancellationTokenSource();
        var watching = Task.Run(() => observation.Watch(enough.Token));
        await Poll.Until("the silent one is noticed", async () => (await bed.Store.Get<Host>(silent.HostId)).State == HostState.Disconnected);

        (await bed.Store.Get<Host>(host.HostId)).State.ShouldBe(HostState.Connected);
        await enough.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => watching);
    }

    /// <summary>Thousands connect at once after a manager's start; whoever looks for silent ones then must not stumble over them.</summary>
    [Fact]
    public async Task Hosts_come_and_go_while_the_silent_are_looked_for()
    {
        await using var bed = new ServiceBed(time: new ManualTime(DateTimeOffset.UtcNow, haste: 1_000_000));
        var (_, cluster) = await bed.Cluster();
        var first = await bed.Store.Get<Host>((await bed.Host(cluster)).HostId);
        await bed.Insert([.. Enumerable.Range(0, 2_000).Select(number => first with { Id = ServiceBed.NewId(), Name = $"host {number}" })]);
        var observation = bed.Services.GetRequiredService<HostObservation>();
        using var enough = new CancellationTokenSource();

        var watching = Task.Run(() => observation.Watch(enough.Token));
        for (var round = 0; round < 40 && !watching.IsCompleted; round++)
        {
            observation.Lost(ShardSet.All);
            await observation.Gained(ShardSet.All);
        }

        await enough.CancelAsync();
        await watching.ContinueWith(_ => { }, TaskScheduler.Default);
        watching.Exception.ShouldBeNull();
    }

    /// <summary>A clock that can be set forward; its timers are a thousand times as fast.</summary>
    private sealed class LaterTime : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + Ahead.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

        private static TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time / 1_000 : time;
    }
}
