using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>One manager, its database, its hosts and the wires between: what every scenario runs on.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public Cluster(ulong seed, bool verbose, int managers, int hosts, ManagerParts parts)
    {
        World = new(seed, verbose);
        Points = new(World)
        {
            Kill = Kill,
            Counts = node => Managers.Any(manager => manager.Context == node) || Hosts.Any(host => host.Context == node) || node == PersonContext,
        };
        Link = new(World, Points, NodeOf);
        var network = new SimulatedNetwork(Link) { Managers = [.. Enumerable.Range(0, managers).Select(i => $"manager-{i}")] };
        Database = SqliteDatabase.InMemory(parts.Models);
        Schema.CreateFromModel(Database);
        Watch = new(World);
        var inner = parts.AroundTransport;
        for (var i = 0; i < managers; i++)
            Managers.Add(new(new(World, Points, Link, network, Database, i, managers == 1), parts with { AroundTransport = transport => Watch.Around(inner(transport)) }, InboxOf));
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
    public List<ManagerNode> Managers { get; } = [];

    /// <summary>One that is up; null: none.</summary>
    public IServiceProvider? AnyServices => Managers.Select(manager => manager.Services).FirstOrDefault(services => services is not null);
    public List<HostNode> Hosts { get; } = [];
    public SupersededWatch Watch { get; }

    /// <summary>The context of the person's client, once there is one: it never dies.</summary>
    public NodeContext? PersonContext { get; set; }

    /// <summary>How long somebody takes to start again what died; null: nobody does.</summary>
    public Func<TimeSpan>? RestartAfter { get; set; }

    public Store Store => new(Database);

    public void StartAll()
    {
        foreach (var manager in Managers.Where(manager => manager.Context.IsDead))
            manager.Start();
        foreach (var host in Hosts.Where(host => host.Context.IsDead))
            host.Start();
    }

    public bool Run(Func<bool> done, TimeSpan limit) => World.Run(done, limit);

    private void Kill(NodeContext node)
    {
        if (Managers.Find(manager => manager.Context == node) is { } killed)
        {
            killed.Kill();
            Again(() => killed.Context.IsDead, killed.Start);
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

    /// <summary>Every shard is held by a live manager, as the database and the manager itself say.</summary>
    public bool AllShardsHeld()
    {
        if (Managers.Count == 1)
            return true;
        var read = Store.List<Shard>();
        var shards = read.IsCompleted ? read.GetAwaiter().GetResult() : [];
        return shards.Count == Shards.Count + 1 && shards.Where(shard => shard.Number != Shard.Changes).All(shard => Managers.Any(manager => manager.Member == shard.MemberId && manager.Services is not null));
    }

    /// <summary>Who holds the resource's shard according to the database.</summary>
    public Id? OwnerOf(Id resource)
    {
        var read = Store.First<Shard>(Condition.Equal(nameof(Shard.Number), (long)Shards.Of(resource)));
        return read.IsCompleted ? read.GetAwaiter().GetResult()?.MemberId : null;
    }

    private PeerInbox? InboxOf(string name) => Managers.Find(manager => manager.Url == name)?.Services?.GetRequiredService<PeerInbox>();

    private NodeContext? NodeOf(string name) =>
        Managers.Find(manager => manager.Url == name)?.Context ?? Hosts.Find(host => host.Id.ToString() == name)?.Context;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts)
            await host.Host.DisposeAsync();
        await Database.DisposeAsync();
    }
}
