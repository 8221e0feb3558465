using System.Globalization;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>The label index says what the resources' labels say, whatever is written; what has no labels costs nothing. Batches of random units: <see cref="BatchTests"/>.</summary>
public abstract class LabelIndexTests : DatabaseTest
{
    [Fact]
    public async Task It_follows_the_labels_of_a_row()
    {
        var rack = await AddRack();
        (await Store.Count<LabelRow>()).ShouldBe(0);
        var labelled = await Change(rack, ("env", "prod"), ("tier", "web"));
        var changed = await Change(labelled, ("env", "test"), ("tier", "web"), ("owner", "änne"));
        (await Indexed(Store)).ShouldBe([$"racks.labels env=test {rack.Id}", $"racks.labels owner=änne {rack.Id}", $"racks.labels tier=web {rack.Id}"]);
        // Without labels among what changes, they stay.
        var described = changed with { Description = "no label changes" };
        await Writer.Commit(new UnitOfWork().Update(changed, described));
        (await Store.Count<LabelRow>()).ShouldBe(3);
        await Writer.Commit(new UnitOfWork().Delete(await Store.Get<Rack>(rack.Id)));
        (await Store.Count<LabelRow>()).ShouldBe(0);
    }

    [Fact]
    public async Task A_unit_that_fails_leaves_the_index_as_it_was()
    {
        var rack = await Change(await AddRack(), ("env", "prod"));
        var stale = rack with { Version = 1 };
        await Should.ThrowAsync<ConcurrencyException>(() => Writer.Commit(new UnitOfWork().Update(stale, stale with { Labels = new Dictionary<string, string> { ["env"] = "test" } })));
        (await Indexed(Store)).ShouldBe([$"racks.labels env=prod {rack.Id}"]);
    }

    [Fact]
    public async Task The_migration_fills_it_from_rows_that_are_there()
    {
        await using var place = await Make();
        await using var database = place.Open(ProductSchemaTests.Manager);
        var contracts = MigrationSet.Embedded("nssv", typeof(VirtualMachine).Assembly);
        var fill = contracts.Migrations.Single(migration => migration.Name == "label_index");
        Migrator.Apply(database, TimeProvider.System, MigrationSet.Kernel, MigrationSet.Of("nssv", contracts.Migrations.Take(fill.Number - 1)));
        var (one, other) = (Sample.NewId(), Sample.NewId());
        database.ExclusiveSchema(connection =>
        {
            foreach (var (id, labels) in new[] { (one, "{\"a.b\":\"x \\\"y\\\" é\",\"env\":\"prod\"}"), (other, "{}") })
            {
                Schema.Execute(connection, string.Create(CultureInfo.InvariantCulture,
                    $"INSERT INTO data_centers (id, project_id, created_by, created_at, updated_at, version, name, labels) VALUES ('{id}', '{id}', '{id}', 1, 1, 1, 'dc', '{labels}')"));
            }
            return true;
        });
        Migrator.Apply(database, TimeProvider.System, MigrationSet.Kernel, contracts);
        (await Indexed(new Store(database))).ShouldBe([$"data_centers.labels a.b=x \"y\" é {one}", $"data_centers.labels env=prod {one}"]);
    }

    private async Task<Rack> Change(Rack rack, params (string Key, string Value)[] labels)
    {
        await Writer.Commit(new UnitOfWork().Update(rack, rack with { Labels = labels.ToDictionary(label => label.Key, label => label.Value) }));
        return await Store.Get<Rack>(rack.Id);
    }

    internal static async Task<List<string>> Indexed(Store store) =>
        [.. (await store.List<LabelRow>()).Select(row => $"{row.Source} {row.Name}={row.Value} {row.ResourceId}").Order(StringComparer.Ordinal)];

    /// <summary>What the index should say.</summary>
    internal static async Task<List<string>> Labels(Store store) =>
        [.. (await store.List<Rack>()).SelectMany(rack => rack.Labels.Select(label => $"racks.labels {label.Key}={label.Value} {rack.Id}")).Order(StringComparer.Ordinal)];
}

[Trait("group", "data")]
public sealed class SqliteLabelIndexTests : LabelIndexTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresLabelIndexTests(PostgresServer server) : LabelIndexTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
