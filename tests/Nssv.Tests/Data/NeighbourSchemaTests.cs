using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>A newer node has brought its schema to the database that an older one works on.</summary>
public abstract class NeighbourSchemaTests : DatabaseTest
{
    protected override bool WithSchema => false;

    private static readonly Migration First = new(1, "all", Schema.Ddl(Sample.Models, table => table.Name != "schema_migrations"));

    private const string Addition = """
        ALTER TABLE racks ADD COLUMN colour {text};
        ALTER TABLE racks ADD COLUMN depth {bigint} NOT NULL DEFAULT 7;
        ALTER TABLE notes ADD COLUMN tone {text};
        CREATE TABLE shelves (id {text} NOT NULL PRIMARY KEY, rack_id {text} NOT NULL REFERENCES racks (id) ON DELETE RESTRICT){options};
        CREATE INDEX ix_racks_colour ON racks (colour);

        """;

    private static MigrationSet Older => MigrationSet.Of("sample", [First]);

    private static MigrationSet Newer(string mark = "-- readable by level 1\n") => MigrationSet.Of("sample", [First, new(2, "more", mark + Addition)]);

    [Fact]
    public async Task An_older_model_reads_inserts_updates_and_deletes_on_a_newer_schema()
    {
        Migrator.Apply(Database, TimeProvider.System, Older);
        var writer = NewWriter();
        var before = Sample.Rack("before");
        await writer.Commit(new UnitOfWork().Insert(before));

        await using (var newer = Place.Open(Sample.Models))
            Migrator.Apply(newer, TimeProvider.System, Newer()).ShouldBe(["sample 0002_more"]);
        await writer.Commit(new UnitOfWork().Execute("racks", "UPDATE racks SET colour = 'red', depth = 9 WHERE id = @p0", 1, before.Id));

        // The running older node does not notice: the same connections, the statements that it has prepared.
        var found = await Store.Get<Rack>(before.Id);
        await writer.Commit(new UnitOfWork().Update(found, found with { Units = 3, Description = "changed by the older" }));
        (await Store.Get<Rack>(before.Id)).Units.ShouldBe(3);
        List<Rack> more = [.. Enumerable.Range(0, 40).Select(number => Sample.Rack($"after-{number}"))];
        var unit = new UnitOfWork();
        more.ForEach(rack => unit.Insert(rack));
        await writer.Commit(unit);
        var machine = Sample.Machine(more[0]);
        await writer.Commit(new UnitOfWork().Insert(machine).Insert(new Note { MachineId = machine.Id, Number = 1, Text = "a note" }));
        (await Store.List<Note>()).ShouldHaveSingleItem().Text.ShouldBe("a note");
        await writer.Commit(new UnitOfWork().Delete(await Store.Get<Rack>(more[1].Id)));
        (await Store.Count<Rack>()).ShouldBe(40);

        var columns = await Store.Select("SELECT name, colour, depth FROM racks ORDER BY name", [], row => (row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2)));
        columns.Where(row => row.Item1 == "before").ShouldHaveSingleItem().ShouldBe(("before", "red", 9));
        columns.Where(row => row.Item1 != "before").ShouldAllBe(row => row.Item2 == null && row.Item3 == 7);
    }

    [Fact]
    public async Task An_older_node_starts_again_on_a_schema_that_says_it_may()
    {
        Migrator.Apply(Database, TimeProvider.System, Newer());
        await using var older = Place.Open(Sample.Models);
        Migrator.Apply(older, TimeProvider.System, Older).ShouldBeEmpty();
        var writer = Opened(new Writer(older, MemberFence.Acquire(older, Sample.Manager, TimeProvider.System)));
        await writer.Commit(new UnitOfWork().Insert(Sample.Rack()));
        Migrator.Apply(Database, TimeProvider.System, Newer()).ShouldBeEmpty();
    }

    public static TheoryData<string> OfOthers() =>
        ["", $"-- readable by level {PlatformLevel.Current + 1}\n", $"-- made by somebody\n-- readable by level {PlatformLevel.Current}\n"];

    [Theory]
    [MemberData(nameof(OfOthers))]
    public void It_does_not_start_on_one_that_does_not_say_so(string mark)
    {
        Migrator.Apply(Database, TimeProvider.System, Newer(mark));
        Should.Throw<SchemaVersionException>(() => Migrator.Apply(Database, TimeProvider.System, Older)).Message.ShouldContain("newer version");
    }

    [Fact]
    public void A_database_from_before_migrations_said_who_may_read_them_is_brought_up()
    {
        Migrator.Apply(Database, TimeProvider.System, Older);
        Database.ExclusiveSchema(connection => Schema.Execute(connection, "ALTER TABLE schema_migrations DROP COLUMN readable_by"));
        Migrator.Apply(Database, TimeProvider.System, Newer()).ShouldBe(["sample 0002_more"]);
        SchemaCheck.Differences(Database).ShouldNotContain(line => line.StartsWith("schema_migrations", StringComparison.Ordinal));
        Migrator.Apply(Database, TimeProvider.System, Older).ShouldBeEmpty();
    }
}

[Trait("group", "data")]
public sealed class SqliteNeighbourSchemaTests : NeighbourSchemaTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresNeighbourSchemaTests(PostgresServer server) : NeighbourSchemaTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
