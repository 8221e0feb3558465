using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class HostReporterTests
{
    private static readonly ReporterOptions Quick = new()
    {
        Interval = TimeSpan.FromMilliseconds(50),
        Search = TimeSpan.FromMilliseconds(10),
        FirstRetry = TimeSpan.FromMilliseconds(5),
        LongestRetry = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public async Task A_start_is_told_by_a_heartbeat_and_then_everything()
    {
        await using var bed = await DeskBed.Started();

        await bed.Until("a full report", b => !b.Reports.IsEmpty);

        bed.Heartbeats.TryPeek(out var heartbeat).ShouldBeTrue();
        bed.Reports.TryPeek(out var report).ShouldBeTrue();
        report!.Full.ShouldBeTrue();
        report.AgentIncarnation.ShouldBe(1);
        heartbeat!.Sequence.ShouldBeLessThan(report.Sequence);
    }

    [Fact]
    public async Task A_change_of_a_domain_is_told_at_once_and_numbers_grow_over_restarts()
    {
        await using var bed = await DeskBed.Started();
        await bed.Until("the first full report", b => !b.Reports.IsEmpty);
        var machine = bed.NewId();
        await StartMachine(bed, machine);

        bed.Host.Engine!.GuestEnds(machine);
        await bed.Until("the guest's end", b => b.Reports.Any(report => report.Domains.Any(domain => domain.State == DomainState.Defined)));
        bed.Host.Kill();
        await bed.Host.Start();
        await bed.Until("a report of the new start", b => b.Reports.Any(report => report.AgentIncarnation == 2));

        bed.Reports.Select(report => report.Sequence).ShouldBeInOrder(SortDirection.Ascending);
        bed.Reports.Last().ShouldSatisfyAllConditions(
            report => report.Full.ShouldBeTrue(),
            report => report.Domains.Single().ShouldBe(new DomainStatus(machine, 1, DomainState.Defined, null)));
    }

    [Fact]
    public async Task When_the_manager_was_away_everything_is_told_anew()
    {
        var line = new CutLine();
        await using var bed = await DeskBed.Started(link: line, reporter: Quick);
        await bed.Until("the first full report", b => !b.Reports.IsEmpty);

        line.Cut();
        await line.HeartbeatLost;
        var machine = bed.NewId();
        bed.Host.Machine.Change(state => state.Domains.TryAdd(machine, new(Spec(machine))));
        await StartMachineUnseen(bed, machine);
        line.Mend();

        await bed.Until("a full report with the machine", b => b.Reports.Any(report => report.Full && report.Domains.Any(domain => domain.State == DomainState.Running)));
    }

    [Fact]
    public async Task While_libvirt_is_away_the_heartbeat_goes_on_and_the_report_comes_when_it_is_back()
    {
        var away = true;
        await using var bed = await DeskBed.Started(
            new() { BeforeListing = () => away ? throw new Problem(503, "libvirt-unavailable", "libvirt is away.").AsException() : Task.CompletedTask }, reporter: Quick);

        await bed.Until("three heartbeats", b => b.Heartbeats.Count >= 3);
        bed.Reports.ShouldBeEmpty();
        away = false;

        await bed.Until("the full report", b => b.Reports.Any(report => report.Full));
    }

    /// <summary>Carries nothing while it is cut.</summary>
    private sealed class CutLine : ISimulatedLink
    {
        private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _cut;

        public Task HeartbeatLost => _lost.Task.WaitAsync(TimeSpan.FromSeconds(20));

        public void Cut() => _cut = true;

        public void Mend() => _cut = false;

        public Task<byte[]> Carry(SimulatedMessage message, Func<Task<byte[]>> arrive, CancellationToken cancel)
        {
            if (!_cut)
                return arrive();
            if (message.Kind == "heartbeat")
                _lost.TrySetResult();
            throw new LinkBrokenException("cut");
        }
    }

    private static async Task StartMachine(DeskBed bed, Id machine)
    {
        var operation = bed.NewId();
        await bed.Send(DeskBed.Envelope(operation, new DefineDomain(Spec(machine)), n: 0), DeskBed.Envelope(operation, new StartDomain(machine, 1), n: 1));
        await bed.Until("the machine to run", b => b.Reports.Any(report => report.Domains.Any(domain => domain.State == DomainState.Running)));
    }

    private static async Task StartMachineUnseen(DeskBed bed, Id machine) =>
        await bed.Host.Engine!.Run(new StartDomain(machine, 1), new(bed.NewId(), "direct"), CancellationToken.None);

    private static DomainSpec Spec(Id machine) => new()
    {
        VirtualMachineId = machine,
        Title = "m",
        RunGeneration = 1,
        Architecture = Architecture.X86_64,
        Firmware = Firmware.Bios,
        CpuCount = 1,
        MemoryBytes = 1 << 28,
        Disks = [],
        Nics = [],
    };
}
