using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>One manager, its database, its hosts and the wires between: what every scenario runs on.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public Cluster(ulong seed, bool verbose, int hosts, ManagerParts parts)
    {
        World = new(seed, verbose);
        Points = new(World)
        {
            Kill = Kill,
            Counts = node => node == Manager!.Context || Hosts.Any(host => host.Context == node) || node == PersonContext,
        };
        Link = new(World, Points, NodeOf);
        var network = new SimulatedNetwork(Link);
        Database = SqliteDatabase.InMemory(parts.Models);
        Schema.CreateFromModel(Database);
        Watch = new(World);
        var inner = parts.AroundTransport;
        Manager = new(World, Points, network, Database, parts with { AroundTransport = transport => Watch.Around(inner(transport)) });
        for (var i = 0; i < hosts; i++)
        {
            var id = Id.Parse($"01890000-0000-7000-8000-{0xb0 + i:x12}");
            Hosts.Add(new(World, Points, network, id, $"host-{i}") { Effect = Watch.Takes });
        }
    }

    public SimulatedWorld World { get; }
    public CrashPoints Points { get; }
    public WorldLink Link { get; }
    public SqliteDatabase Database { get; }
    public ManagerNode Manager { get; }
    public List<HostNode> Hosts { get; } = [];
    public SupersededWatch Watch { get; }

    /// <summary>The context of the person's client, once there is one: it never dies.</summary>
    public NodeContext? PersonContext { get; set; }

    /// <summary>How long somebody takes to start again what died; null: nobody does.</summary>
    public Func<TimeSpan>? RestartAfter { get; set; }

    public Store Store => new(Database);

    public void StartAll()
    {
        if (Manager.Context.IsDead)
            Manager.Start();
        foreach (var host in Hosts.Where(host => host.Context.IsDead))
            host.Start();
    }

    public bool Run(Func<bool> done, TimeSpan limit) => World.Run(done, limit);

    private void Kill(NodeContext node)
    {
        if (node == Manager.Context)
        {
            Manager.Kill();
            Again(() => Manager.Context.IsDead, Manager.Start);
        }
        else if (Hosts.Find(host => host.Context == node) is { } host)
        {
            host.Kill();
            Again(() => host.Context.IsDead, host.Start);
        }
    }

    public void Again(Func<bool> isDead, Action start)
    {
        if (RestartAfter is { } delay)
        {
            World.After(delay(), () =>
            {
                if (isDead())
                    start();
            });
        }
    }

    private NodeContext? NodeOf(string name) =>
        name == ManagerNode.Url ? Manager.Context : Hosts.Find(host => host.Id.ToString() == name)?.Context;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts)
            await host.Host.DisposeAsync();
        await Database.DisposeAsync();
    }
}
