using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public abstract class SchemaTests : DatabaseTest
{
    protected override bool WithSchema => false;

    private static Migration All(string extra = "") => new(1, "all", Schema.Ddl(Sample.Models, table => table.Name != "schema_migrations") + extra);

    [Fact]
    public void What_the_model_makes_agrees_with_the_model()
    {
        Schema.CreateFromModel(Database);
        SchemaCheck.Differences(Database).ShouldBeEmpty();
    }

    [Fact]
    public async Task Migrations_are_applied_once_and_agree_with_the_model()
    {
        var set = MigrationSet.Of("sample", [All()]);
        Migrator.Apply(Database, TimeProvider.System, set).ShouldBe(["sample 0001_all"]);
        Migrator.Apply(Database, TimeProvider.System, set).ShouldBeEmpty();
        SchemaCheck.Differences(Database).ShouldBeEmpty();
        var writer = NewWriter();
        await writer.Commit(new UnitOfWork().Insert(Sample.Rack()));
        var more = MigrationSet.Of("sample", [All(), new(2, "more", "ALTER TABLE racks ADD COLUMN colour {text};\nUPDATE racks SET colour = 'red'\n  WHERE name = 'rack';\n")]);
        Migrator.Apply(Database, TimeProvider.System, more).ShouldBe(["sample 0002_more"]);
        (await Store.Select("SELECT colour FROM racks", [], reader => reader.GetString(0))).ShouldBe(["red"]);
        SchemaCheck.Differences(Database).ShouldBe([$"racks: not declared column colour {Database.Dialect.Tokens["text"]}"]);
    }

    [Fact]
    public void A_database_of_a_newer_version_is_refused()
    {
        Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [All(), new(2, "from_the_future", "CREATE TABLE later (id {bigint} NOT NULL PRIMARY KEY){options};")]));
        var error = Should.Throw<SchemaVersionException>(() => Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [All()])));
        error.Message.ShouldContain("newer version");
        error.Message.ShouldContain("0002_from_the_future");
        Should.Throw<SchemaVersionException>(() => Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("other", []))).Message.ShouldContain("'sample'");
    }

    [Fact]
    public void An_altered_migration_is_refused()
    {
        Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [All()]));
        Should.Throw<SchemaVersionException>(() => Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [All("-- a word\n")]))).Message.ShouldContain("0001_all");
    }

    [Fact]
    public void A_failing_migration_leaves_nothing_behind()
    {
        var broken = MigrationSet.Of("sample", [All(), new(2, "broken", "CREATE TABLE later (id {bigint} NOT NULL PRIMARY KEY){options};\nINSERT INTO nowhere (id) VALUES (1);\n")]);
        Should.Throw<InvalidOperationException>(() => Migrator.Apply(Database, TimeProvider.System, broken)).Message.ShouldContain("nowhere");
        SchemaCheck.Differences(Database).Where(line => !line.EndsWith("the table is missing", StringComparison.Ordinal)).ShouldBeEmpty();
        Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [All()])).Count.ShouldBe(1);
    }

    [Fact]
    public void Every_difference_is_told()
    {
        var sql = Schema.Ddl(Sample.Models, table => table.Name != "schema_migrations")
            .Replace("\"units\" {bigint} NOT NULL", "\"units\" {real}", StringComparison.Ordinal)
            .Replace("CREATE UNIQUE INDEX \"ix_machines_serial\"", "CREATE INDEX \"ix_machines_serial\"", StringComparison.Ordinal)
            .Replace("PRIMARY KEY (\"machine_id\", \"number\")", "PRIMARY KEY (\"machine_id\")", StringComparison.Ordinal);
        sql = string.Join('\n', sql.Split('\n').Where(line => !line.Contains("fk_machines_spare_rack_id")));
        sql = sql.Replace("ON DELETE RESTRICT,\n)", "ON DELETE RESTRICT\n)", StringComparison.Ordinal);
        Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [new(1, "all", sql)]));
        var tokens = Database.Dialect.Tokens;
        SchemaCheck.Differences(Database).ShouldBe(
        [
            "machines: missing foreign key (spare_rack_id) to racks (id) ON DELETE RESTRICT",
            "machines: missing unique index ix_machines_serial (serial)",
            "machines: not declared index ix_machines_serial (serial)",
            "notes: missing primary key (machine_id, number)",
            "notes: not declared primary key (machine_id)",
            $"racks: missing column units {tokens["bigint"]} NOT NULL",
            $"racks: not declared column units {tokens["real"]}",
        ], ignoreOrder: true);
    }

    [Fact]
    public void Tables_may_refer_to_each_other_in_a_circle()
    {
        var models = ResourceModels.FromTypes(typeof(Chicken), typeof(Egg));
        var database = Opened(Place.Open(models));
        Schema.CreateFromModel(database);
        SchemaCheck.Differences(database).ShouldBeEmpty();
    }

    [Table("chickens")]
    public sealed record Chicken
    {
        [Key] public required Kernel.Id Id { get; init; }
        [Reference<Egg>] public Kernel.Id? EggId { get; init; }
        [Reference<Chicken>] public Kernel.Id? MotherId { get; init; }
    }

    [Table("eggs")]
    public sealed record Egg
    {
        [Key] public required Kernel.Id Id { get; init; }
        [Reference<Chicken>] public Kernel.Id? ChickenId { get; init; }
    }
}

[Trait("group", "data")]
public sealed class SqliteSchemaTests : SchemaTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());

    [Fact]
    public async Task A_migration_may_rebuild_a_table_but_not_break_references()
    {
        Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [new(1, "all", Schema.Ddl(Sample.Models, table => table.Name != "schema_migrations"))]));
        var rack = Sample.Rack();
        await using (var writer = new Writer(Database, MemberFence.Acquire(Database, Sample.Manager, TimeProvider.System)))
            await writer.Commit(new UnitOfWork().Insert(rack).Insert(Sample.Machine(rack)));
        Should.Throw<InvalidDataException>(() => Migrator.Apply(Database, TimeProvider.System, MigrationSet.Of("sample", [new(1, "all", Schema.Ddl(Sample.Models, table => table.Name != "schema_migrations")), new(2, "lose", "DELETE FROM racks;")])))
            .Message.ShouldContain("racks");
        (await Store.Count<Rack>()).ShouldBe(1);
    }
}

[Trait("group", "data")]
public sealed class PostgresSchemaTests(PostgresServer server) : SchemaTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
