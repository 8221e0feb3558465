using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Services.Compute.Placement;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>The database's shortlist against the rule itself, which looks at every host: both must choose alike, whatever the hosts are like.</summary>
public abstract class ShortlistTests : DatabaseTest
{
    private const int Demands = 200;
    private static readonly Id Platform = Sample.NewId();

    protected override bool WithSchema => false;

    [Fact]
    public async Task The_shortlist_has_the_host_that_looking_at_all_of_them_chooses()
    {
        var random = new Random(5);
        var database = Opened(Place.Open(ProductSchemaTests.Manager));
        Schema.CreateFromModel(database);
        var writer = Opened(new Writer(database, Nssv.Kernel.Ownership.MemberFence.Acquire(database, Sample.Manager, TimeProvider.System)));
        var store = new Store(database);
        var (center, cluster, other) = (Sample.NewId(), Sample.NewId(), Sample.NewId());
        Id[] storages = [Sample.NewId(), Sample.NewId()];
        var rare = Sample.NewId();
        var unit = new UnitOfWork().Insert(new DataCenter { Id = center, Name = "c", ProjectId = Platform, CreatedBy = Platform, CreatedAt = At, UpdatedAt = At, Version = 1 });
        foreach (var id in (Id[])[cluster, other])
            unit.Insert(new Cluster { Id = id, Name = "k", DataCenterId = center, Architecture = Architecture.X86_64, ProjectId = Platform, CreatedBy = Platform, CreatedAt = At, UpdatedAt = At, Version = 1 });
        foreach (var id in (Id[])[.. storages, rare])
            unit.Insert(new DataStorage { Id = id, Name = "s", DataCenterId = center, Kind = "local", Path = "/s", State = StorageState.Attached, ProjectId = Platform, CreatedBy = Platform, CreatedAt = At, UpdatedAt = At, Version = 1 });
        for (var i = 0; i < 200; i++)
        {
            var host = HostLike(random, i % 6 == 0 ? other : cluster);
            unit.Insert(host);
            // Few hosts reach the rare one, so often none of those with the most room.
            foreach (var storage in (Id[])[.. storages.Where(_ => random.Next(5) > 0), .. i % 25 == 1 ? [rare] : Array.Empty<Id>()])
                unit.Insert(new HostDataStorage { Id = Sample.NewId(), HostId = host.Id, DataStorageId = storage, State = random.Next(5) > 0 ? HostStorageState.Connected : HostStorageState.Unavailable, AvailableBytes = random.Next(4) << 20, ProjectId = Platform, CreatedBy = Platform, CreatedAt = At, UpdatedAt = At, Version = 1 });
        }
        await writer.Commit(unit);
        var hosts = await store.List<Host>(Condition.Equal(nameof(Host.ClusterId), cluster));
        var links = (await store.List<HostDataStorage>()).Where(link => link.State == HostStorageState.Connected).ToLookup(link => link.HostId);
        var all = hosts.Select(host => new HostSnapshot(host, links[host.Id].ToDictionary(link => link.DataStorageId, link => link.AvailableBytes))).ToList();

        var placed = 0;
        for (var i = 0; i < Demands; i++)
        {
            var demand = new Demand(1 + random.Next(20), (long)random.Next(1, 40) << 30, Architecture.X86_64, random.Next(4) == 0 ? hosts[random.Next(hosts.Count)].Id : null, random.Next(5) == 0 ? [rare] : [.. storages.Take(1 + random.Next(2))], random.Next(4) << 20,
                Refused: random.Next(3) > 0 ? null : [.. hosts.Where(_ => random.Next(2) == 0).Select(host => new RefusedHost(host.Id, "a rule"))]);
            var expected = Placer.Place(demand, all);
            var chosen = Placer.Place(demand, await HostSnapshots.Of(store, cluster, demand));

            chosen.HostId.ShouldBe(expected.HostId, demand.ToString());
            placed += chosen.HostId is null ? 0 : 1;
            if (chosen.HostId is null)
                chosen.Explain().ShouldBe(expected.Explain());
        }
        placed.ShouldBeInRange(Demands / 4, Demands - 10);
    }

    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    private static Host HostLike(Random random, Id cluster) => new()
    {
        Id = Sample.NewId(),
        Name = "h",
        ProjectId = Platform,
        CreatedBy = Platform,
        CreatedAt = At,
        UpdatedAt = At,
        Version = 1,
        ClusterId = cluster,
        Address = "h",
        ReservedMemoryBytes = 1L << 30,
        CpuOvercommitRatio = 1 + random.Next(4) / 2.0,
        State = random.Next(6) > 0 ? HostState.Connected : HostState.Disconnected,
        FenceState = random.Next(8) > 0 ? FenceState.None : FenceState.Suspected,
        CpuCount = 4 * (1 + random.Next(6)),
        MemoryBytes = (long)random.Next(8, 48) << 30,
        BookedCpuCount = random.Next(12),
        BookedMemoryBytes = (long)random.Next(16) << 30,
    };
}

[Trait("group", "data")]
public sealed class SqliteShortlistTests : ShortlistTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresShortlistTests(PostgresServer server) : ShortlistTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
