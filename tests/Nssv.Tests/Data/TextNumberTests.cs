using System.Data.Common;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Postgres;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Query;
using Nssv.Kernel.Tags;
using Nssv.Tests.Data.Querying;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>The number of a text is the same in memory and in the database, and tags are found by an index of it.</summary>
public abstract class TextNumberTests : DatabaseTest
{
    protected override bool WithSchema => false;

    private protected abstract Dialect Dialect { get; }

    /// <summary>What the database says of how it runs a statement.</summary>
    private protected abstract List<string> Plan(DbConnection connection, SqlBuilder sql);

    [Theory]
    [InlineData("7", 7L)]
    [InlineData("-7", -7L)]
    [InlineData("007", 7L)]
    [InlineData("999999999999999999", TextNumber.Greatest)]
    [InlineData("-999999999999999999", -TextNumber.Greatest)]
    [InlineData("0B", 0L)]
    [InlineData("10GiB", 10L << 30)]
    [InlineData("888PiB", 888L << 50)]
    [InlineData("1d12h", 129_600L)]
    [InlineData("1m1s", 61L)]
    [InlineData("36500d23h59m59s", 3_153_686_399L)]
    [InlineData("99999999999999d", 8_639_999_999_999_913_600L)]
    [InlineData("1000000000000000000", null)]
    [InlineData("9999PiB", null)]
    [InlineData("", null)]
    [InlineData("-", null)]
    [InlineData("--7", null)]
    [InlineData("+7", null)]
    [InlineData("1.5", null)]
    [InlineData("-1GiB", null)]
    [InlineData("1GB", null)]
    [InlineData("1KiBKiB", null)]
    [InlineData("12h1d", null)]
    [InlineData("1dh", null)]
    [InlineData("1d2", null)]
    [InlineData("1h1h", null)]
    [InlineData("7 ", null)]
    [InlineData("7\n", null)]
    [InlineData("٧", null)]
    [InlineData("d", null)]
    [InlineData("prod", null)]
    public void A_text_says_a_number_or_none(string text, long? number) => Ask([text]).ShouldBe([number]);

    [Fact]
    public void Whatever_the_text_is()
    {
        var chance = new Random(5);
        List<string> texts = [.. Enumerable.Range(0, 4000).Select(_ => string.Concat(Enumerable.Range(0, chance.Next(1, 9)).Select(_ => "0123456789012345678901234567899999ddhhmmssBBiKMGTP-"[chance.Next(51)])))];
        texts.AddRange(from unit in new[] { "", "B", "KiB", "MiB", "GiB", "TiB", "PiB", "d", "h", "m", "s", "d1s", "h2m" } from digits in Enumerable.Range(1, 20) from digit in "19" select new string(digit, digits) + unit);
        var said = Ask(texts);
        said.Count(number => number is not null).ShouldBeGreaterThan(300);
        said.Count(number => number is null).ShouldBeGreaterThan(300);
    }

    /// <summary>The migrated schema's, which is written down there once and for all.</summary>
    [Theory]
    [InlineData("tags.sample.rank > 10")]
    [InlineData("tags.sample.rank = 10")]
    [InlineData("tags.sample.rank IN (10, 11)")]
    public void A_number_of_a_tag_is_found_by_an_index(string filter)
    {
        var models = ProductSchemaTests.Manager;
        var database = Opened(Place.Open(models));
        Migrator.Apply(database, TimeProvider.System, MigrationSet.Kernel, MigrationSet.Embedded("nssv", typeof(Nssv.Contracts.Compute.VirtualMachine).Assembly));
        var node = FilterBinder.Read(models, World.Tags, models.Table<Nssv.Contracts.Compute.VirtualMachine>(), filter, DateTimeOffset.UnixEpoch)!;
        var sql = new SqlBuilder().Text("SELECT 1");
        new LabelSql(sql, database.Dialect).AppendRows(node, LabelSql.Covers(node)!);
        var plan = database.Exclusive(connection => Plan(connection, sql));
        plan.ShouldContain(line => line.Contains("ix_label_index_by_number", StringComparison.Ordinal), string.Join("\n", plan));
    }

    /// <summary>As the database says, and as it is in memory.</summary>
    private List<long?> Ask(IReadOnlyList<string> texts)
    {
        var said = Opened(Place.Open(World.Models)).Exclusive(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Dialect.NumberOf("t.v")} FROM (SELECT {(Dialect is PostgresDialect ? "CAST(@p0 AS text) COLLATE \"C\"" : "@p0")} AS v) AS t";
            var parameter = command.CreateParameter();
            parameter.ParameterName = "p0";
            command.Parameters.Add(parameter);
            return texts.Select(text =>
            {
                parameter.Value = text;
                return command.ExecuteScalar() is long number ? number : (long?)null;
            }).ToList();
        });
        said.ShouldBe(texts.Select(TextNumber.Of));
        return said;
    }

    private protected static List<string> Lines(DbConnection connection, string explain, SqlBuilder sql, int column)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"{explain} {sql}";
        for (var i = 0; i < sql.Arguments.Length; i++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"p{i}", sql.Arguments[i]);
            command.Parameters.Add(parameter);
        }
        using var reader = command.ExecuteReader();
        List<string> lines = [];
        while (reader.Read())
            lines.Add(reader.GetString(column));
        return lines;
    }
}

[Trait("group", "data")]
public sealed class SqliteTextNumberTests : TextNumberTests
{
    private protected override Dialect Dialect => SqliteDialect.Instance;

    private protected override List<string> Plan(DbConnection connection, SqlBuilder sql) => Lines(connection, "EXPLAIN QUERY PLAN", sql, 3);

    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresTextNumberTests(PostgresServer server) : TextNumberTests
{
    private protected override Dialect Dialect => PostgresDialect.Instance;

    /// <summary>Of many rows: few are read as a whole.</summary>
    private protected override List<string> Plan(DbConnection connection, SqlBuilder sql)
    {
        Schema.Execute(connection, "INSERT INTO label_index (source, name, value, resource_id) SELECT 'virtual_machines.tags', 'sample.rank', n::text, 'id ' || n FROM generate_series(1, 5000) AS n");
        Schema.Execute(connection, "ANALYZE label_index");
        return Lines(connection, "EXPLAIN", sql, 0);
    }

    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
