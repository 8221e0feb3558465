using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Services;
using Nssv.Services.Inventory.Observation;
using Nssv.Services.Platform.Schedules;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>The life of virtual machines in one data center; and that goes with all that is in it.</summary>
internal sealed class MachineRun : PlatformRun
{
    private readonly List<Id> _machines = [];
    private readonly Id _image = Named(0x01);
    private readonly Id _center = Named(0x02);
    private readonly bool _withSchedule;
    private readonly int _made;

    private MachineRun(ulong seed, bool verbose, int managers, int hosts, bool withSchedule, int made = 0) : base(seed, Mutation.None, verbose, managers, hosts) => (_withSchedule, _made) = (withSchedule, made);

    public static async Task<RunResult> Random(ulong seed, bool verbose = false, int managers = 1, int operations = 8)
    {
        await using var run = new MachineRun(seed, verbose, managers, 1 + (int)(seed % 3), withSchedule: true);
        return await run.UnderChaos(operations);
    }

    /// <summary>Two machines created, one stopped, started and expunged, the other paused, resumed, put into the recycle bin (which turns it off) and recovered.</summary>
    public static async Task<RunResult> Fixed(ulong seed, long? crashAt, bool verbose = false)
    {
        await using var run = new MachineRun(seed, verbose, 1, 2, withSchedule: false);
        return await run.WithOneDeath(crashAt, run.CreateTwo, run.StopOnePauseOther, run.StartOneResumeOther, run.DeleteOneRecycleOther, run.RecoverOther);
    }

    /// <summary>A data center with these machines is deleted with all that is in it.</summary>
    public static async Task<RunResult> Cascade(ulong seed, long? crashAt, int machines, bool verbose = false)
    {
        await using var run = new MachineRun(seed, verbose, 1, 2, withSchedule: false, machines);
        return await run.WithOneDeath(crashAt, () => run.Person.Ask(new DeleteDataCenter(run._center) { Cascade = true }));
    }

    protected override void Begun(IServiceProvider services)
    {
        base.Begun(services);
        if (_withSchedule)
            _ = services.GetRequiredService<ScheduleClock>().Run(CancellationToken.None);
    }

    protected override bool SetUp()
    {
        var (center, cluster, data, images) = (_center, Named(0x03), Named(0x04), Named(0x05));
        StartManagers();
        return Asked(new CreateDataCenter { Id = center, Name = "center" })
            && Asked(new CreateCluster { Id = cluster, Name = "cluster", DataCenterId = center })
            && Asked(Cluster.Hosts.Select(host => new CreateHost { Id = host.Id, Name = host.Name, ClusterId = cluster, Address = $"{host.Name}.example" }))
            && Started()
            && Asked(
                new CreateDataStorage { Id = data, Name = "data", DataCenterId = center, Path = "/data" },
                new CreateImageStorage { Id = images, Name = "images", HostId = Cluster.Hosts[0].Id, Path = "/images" })
            && Asked(new AttachDataStorageToCluster(data) { ClusterId = cluster }, new AttachImageStorageToDataCenter(images) { DataCenterId = center })
            && Asked([
                new CreateImage { Id = _image, Name = "micro", Kind = ImageKind.System, Format = ImageFormat.Qcow2, ImageStorageId = images, Source = new(File: "/import/micro.qcow2") },
                .. _withSchedule ? (Request[])[new CreateSchedule { Id = Named(0x06), Name = "each minute", Cron = "* * * * *", Action = "recycle-bin.sweep", MissedRun = MissedRunRule.RunOnce }] : [],
            ])
            && Asked(Enumerable.Range(0, _made).Select(i => Machine(start: i % 4 == 0)));
    }

    private void CreateTwo()
    {
        Create(start: true);
        Create(start: true);
    }

    private void StopOnePauseOther()
    {
        Person.Ask(new StopVirtualMachine(_machines[0]));
        Person.Ask(new PauseVirtualMachine(_machines[1]));
    }

    private void StartOneResumeOther()
    {
        Person.Ask(new StartVirtualMachine(_machines[0]));
        Person.Ask(new ResumeVirtualMachine(_machines[1]));
    }

    private void DeleteOneRecycleOther()
    {
        Person.Ask(new DeleteVirtualMachine(_machines[0]) { Expunge = true });
        Person.Ask(new DeleteVirtualMachine(_machines[1]));
    }

    private void RecoverOther() => Person.Ask(new RecoverVirtualMachine(_machines[1]));

    private void Create(bool start) => Person.Ask(Machine(start));

    private CreateVirtualMachine Machine(bool start)
    {
        var id = Named(0x1000 + _machines.Count);
        _machines.Add(id);
        return new()
        {
            Id = id,
            Name = $"vm-{_machines.Count}",
            CpuCount = 1 + Dice.Below(4),
            MemoryBytes = 256L << 20,
            ImageId = _image,
            Start = start,
            DataDisks = Dice.Chance(0.4) ? [new DataDisk { SizeBytes = 1 << 30 }] : [],
        };
    }

    protected override void AskSomething()
    {
        if (_machines.Count == 0 || Dice.Chance(0.4))
        {
            Create(Dice.Chance(0.8));
            return;
        }

        var id = Dice.Pick(_machines);
        switch (Dice.Below(14))
        {
            case < 3:
                Person.Ask(new StartVirtualMachine(id));
                break;
            case < 5:
                Person.Ask(new StopVirtualMachine(id) { Force = Dice.Chance(0.5) });
                break;
            case 5:
                Person.Ask(new PauseVirtualMachine(id));
                break;
            case 6:
                Person.Ask(new ResumeVirtualMachine(id));
                break;
            case 7:
                Person.Ask(new RebootVirtualMachine(id));
                break;
            case < 10:
                Person.Ask(new DeleteVirtualMachine(id) { Expunge = Dice.Chance(0.5) });
                break;
            case 10:
                Dice.Pick(Cluster.Hosts).Host.Engine?.GuestEnds(id);
                break;
            case 11:
                Person.Ask(new RecoverVirtualMachine(id));
                break;
            case 12:
                Person.Ask(new ExpungeVirtualMachine(id));
                break;
            default:
                CancelOne();
                break;
        }
    }

    protected override async Task Check(IStore store, Findings findings)
    {
        await base.Check(store, findings);
        await CascadeChecks.NothingLeft(store, Cluster.Hosts, findings);
        await ScheduleChecks.Once(store, Cluster.Managers.Min(manager => manager.Context.Clock.GetUtcNow()), findings);
    }
}
