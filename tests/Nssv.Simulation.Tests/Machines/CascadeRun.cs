using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>
/// Two data centers, clusters and hosts of which are deleted with all that is in them while machines are made, switched and deleted there, and while more comes in.
/// </summary>
internal sealed class CascadeRun : PlatformRun
{
    private static readonly TimeSpan SoonAfter = TimeSpan.FromSeconds(3);

    private readonly List<Id> _machines = [];
    private readonly List<Site> _sites = [];
    private readonly List<(DeleteRequest Request, CascadeDocument Plan)> _plans = [];
    private readonly bool _inTheEnd;
    private int _comers;

    private CascadeRun(ulong seed, Mutation mutation, bool verbose) : base(seed, mutation, verbose, managers: 2 + (int)(seed % 2), hosts: 2 + (int)(seed / 2 % 2)) =>
        _inTheEnd = seed / 4 % 2 == 0;

    /// <summary>One cluster of a data center; the first of a center has the host with its images.</summary>
    private sealed record Site(int Number, Id Center, Id Cluster, Id Data, Id Images, Id Image, HostNode Host, bool First);

    public static async Task<RunResult> Random(ulong seed, Mutation mutation = Mutation.None, bool verbose = false)
    {
        await using var run = new CascadeRun(seed, mutation, verbose);
        return await run.UnderChaos(20);
    }

    protected override bool IsAudited => true;

    protected override bool SetUp()
    {
        for (var i = 0; i < Cluster.Hosts.Count; i++)
        {
            var center = i % 2;
            _sites.Add(new(i, Named(0x10 + center), Named(0x20 + i), Named(0x30 + center), Named(0x40 + center), Named(0x50 + center), Cluster.Hosts[i], i < 2));
        }

        var firsts = _sites.Where(site => site.First).ToList();
        StartManagers();
        return Each(firsts, site => new CreateDataCenter { Id = site.Center, Name = $"center-{site.Number}" })
            && Each(_sites, site => new CreateCluster { Id = site.Cluster, Name = $"cluster-{site.Number}", DataCenterId = site.Center })
            && Each(_sites, site => new CreateHost { Id = site.Host.Id, Name = site.Host.Name, ClusterId = site.Cluster, Address = $"{site.Host.Name}.example" })
            && Started()
            && Each(firsts, site => new CreateDataStorage { Id = site.Data, Name = $"data-{site.Number}", DataCenterId = site.Center, Path = "/data" })
            && Each(firsts, site => new CreateImageStorage { Id = site.Images, Name = $"images-{site.Number}", HostId = site.Host.Id, Path = "/images" })
            // One after another: a storage is attached to one cluster at a time.
            && _sites.TrueForAll(site => Each([site], one => new AttachDataStorageToCluster(one.Data) { ClusterId = one.Cluster }))
            && Each(firsts, site => new AttachImageStorageToDataCenter(site.Images) { DataCenterId = site.Center })
            && Each(firsts, site => new CreateImage { Id = site.Image, Name = "micro", Kind = ImageKind.System, Format = ImageFormat.Qcow2, ImageStorageId = site.Images, Source = new(File: "/import/micro.qcow2") })
            && Each(_sites, Machine);
    }

    private bool Each(IEnumerable<Site> sites, Func<Site, Kernel.Calls.Request> request) => Asked(sites.Select(request));

    private CreateVirtualMachine Machine(Site site)
    {
        var id = Named(0x1000 + _machines.Count);
        _machines.Add(id);
        return new()
        {
            Id = id,
            Name = $"vm-{_machines.Count}",
            CpuCount = 1,
            MemoryBytes = 256L << 20,
            ImageId = site.Image,
            ClusterId = site.Cluster,
            Start = Dice.Chance(0.6),
            DataDisks = Dice.Chance(0.3) ? [new DataDisk { SizeBytes = 1 << 30 }] : [],
        };
    }

    protected override void AskSomething()
    {
        var site = Dice.Pick(_sites);
        switch (Dice.Below(12))
        {
            case < 3:
                Delete(site);
                break;
            case < 5:
                ComesIn(site);
                break;
            case < 8:
                Person.Ask(Machine(site));
                break;
            case 8:
                Person.Ask(new StopVirtualMachine(Dice.Pick(_machines)) { Force = Dice.Chance(0.5) });
                break;
            case 9:
                Person.Ask(new StartVirtualMachine(Dice.Pick(_machines)));
                break;
            case 10:
                Person.Ask(new DeleteVirtualMachine(Dice.Pick(_machines)) { Expunge = Dice.Chance(0.5) });
                break;
            default:
                CancelOne();
                break;
        }
    }

    /// <summary>Somebody looks what would go, and then wants it gone, whatever the plan said; meanwhile more comes in.</summary>
    private void Delete(Site site)
    {
        DeleteRequest request = Dice.Below(6) switch
        {
            < 3 => new DeleteDataCenter(site.Center) { Cascade = true },
            < 5 => new DeleteCluster(site.Cluster) { Cascade = true },
            _ => new DeleteHost(site.Host.Id) { Cascade = true },
        };
        Person.Context.Post(() => _ = LookAndAsk(request));
        for (var more = Dice.Below(4); more > 0; more--)
            Cluster.World.After(SoonAfter * Dice.Next(), () => ComesIn(site));
    }

    private void ComesIn(Site site)
    {
        var id = Named(0x2000 + _comers++);
        Person.Ask(Dice.Below(3) switch
        {
            0 => new CreateCluster { Id = id, Name = $"late-{_comers}", DataCenterId = site.Center },
            1 => new CreatePortGroup { Id = id, Name = $"late-{_comers}", DataCenterId = site.Center },
            _ => Machine(site),
        });
    }

    private async Task LookAndAsk(DeleteRequest request)
    {
        try
        {
            if (await Person.Reach("dry run", async services => await services.GetRequiredService<Cascades>().DryRun(request with { DryRun = true }, Person.Caller, null)) is { } plan)
            {
                _plans.Add((request, plan));
                Cluster.World.Note("person", $"sees that deleting {request.Target.Short} takes {plan.Total}{(plan.Refused ? ", and is refused" : "")}");
            }
        }
        catch (ProblemException)
        {
            // It is gone already, or nobody can say now.
        }

        Person.Ask(request);
    }

    /// <summary>When all is well again, what a deletion that stopped has left can be deleted after all.</summary>
    protected override void Afterwards()
    {
        if (!_inTheEnd)
            return;
        Cluster.StartAll();
        if (!Quiet())
            return;
        foreach (var center in Now(Cluster.Store.List<DataCenter>()))
            Person.Ask(new DeleteDataCenter(center.Id) { Cascade = true });
    }

    protected override async Task Check(IStore store, Findings findings)
    {
        await base.Check(store, findings);
        if (_inTheEnd)
            findings.Expect(await CascadeChecks.Left(store) == 0, Invariant.NothingLeft, "what was left could not be deleted in the end");
        foreach (var (request, plan) in _plans)
        {
            var asked = Person.Acknowledged.Where(answer => answer.Request == request).Select(answer => answer.Operation.Id).ToList();
            if (asked is not [var id] || (await store.Get<Operation>(id)).State != OperationState.Succeeded)
                continue;
            foreach (var step in plan.Steps.Where(step => step.Kind is not "data-storage-attachment"))
            {
                foreach (var row in step.Resources)
                    findings.Expect(!await CascadeChecks.Exists(store, Models, step.Kind, row.Id), Invariant.NothingLeft, $"cascade {id.Short} succeeded, and {step.Kind} {row.Id.Short} of its plan is still there");
            }
        }
    }
}
