using System.Text.RegularExpressions;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>Every migration after the first of its set only adds, so that an older node works on while a newer one is there (docs/mechanisms/rolling-upgrade.md).</summary>
[Trait("group", "data")]
public sealed partial class MigrationRuleTests
{
    private static IEnumerable<MigrationSet> Sets =>
        [MigrationSet.Kernel, MigrationSet.Embedded("nssv", typeof(VirtualMachine).Assembly), JournalDatabase.Migrations];

    [Fact]
    public void What_ships_only_adds()
    {
        Sets.Select(set => set.Migrations.Count).ShouldAllBe(count => count > 1);
        Sets.SelectMany(set => set.Migrations.Skip(1).SelectMany(migration => Faults(migration.Sql).Select(fault => $"{set.Name} {migration.Number:0000}_{migration.Name}: {fault}"))).ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_is_told_to_read_what_is_not_there_yet() =>
        Sets.SelectMany(set => set.Migrations).Where(migration => migration.ReadableBy >= PlatformLevel.Current).ShouldBeEmpty("a migration is readable by the level before its own");

    [Theory]
    [InlineData("ALTER TABLE \"hosts\" ADD COLUMN \"rack\" {text};")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text} NOT NULL DEFAULT '';")]
    [InlineData("CREATE TABLE racks (id {text} NOT NULL PRIMARY KEY){options};\nCREATE UNIQUE INDEX ix_racks_id ON racks (id);\nINSERT INTO racks (id) VALUES ('a');")]
    [InlineData("CREATE INDEX ix_hosts_rack ON hosts (rack);")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text};\nUPDATE hosts SET rack = 'none'\n  WHERE name = 'a';")]
    public void These_may_be(string sql) => Faults(sql).ShouldBeEmpty();

    [Theory]
    [InlineData("DROP TABLE hosts;")]
    [InlineData("DROP INDEX ix_hosts_name;")]
    [InlineData("ALTER TABLE hosts DROP COLUMN name;")]
    [InlineData("ALTER TABLE hosts RENAME TO machines;")]
    [InlineData("ALTER TABLE hosts RENAME COLUMN name TO title;")]
    [InlineData("ALTER TABLE hosts ALTER COLUMN name SET NOT NULL;")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text} NOT NULL;")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text} UNIQUE;")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text} CHECK (rack <> '');")]
    [InlineData("ALTER TABLE hosts ADD CONSTRAINT one UNIQUE (name);")]
    [InlineData("CREATE UNIQUE INDEX ix_hosts_address ON hosts (address);")]
    [InlineData("UPDATE hosts SET name = 'x';")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text};\nUPDATE hosts SET rack = 'x', name = 'y';")]
    [InlineData("DELETE FROM hosts;")]
    [InlineData("INSERT INTO hosts (id) VALUES ('a');")]
    [InlineData("ALTER TABLE hosts ADD COLUMN rack {text}; -- only sqlite\nDROP TABLE hosts; -- only postgresql")]
    public void These_may_not(string sql) => Faults(sql).ShouldHaveSingleItem();

    /// <summary>Statements that do anything but add. Unknown ones count: whoever needs another kind thinks about the neighbour, and adds it here.</summary>
    private static List<string> Faults(string sql)
    {
        List<string> faults = [];
        var (tables, columns) = (new HashSet<string>(), new HashSet<string>());
        // With every line, whichever database it is for.
        foreach (var statement in Schema.Statements(Mark().Replace(sql, ""), Anything).Select(text => Space().Replace(text.Replace("\"", "", StringComparison.Ordinal), " ")))
        {
            if (CreateTable().Match(statement) is { Success: true } table)
                tables.Add(table.Groups[1].Value);
            else if (AddColumn().Match(statement) is { Success: true } column && MayFollowColumn(column.Groups[3].Value))
                columns.Add($"{column.Groups[1].Value}.{column.Groups[2].Value}");
            else if (CreateIndex().IsMatch(statement) || OwnTable().Match(statement) is { Success: true } own && tables.Contains(own.Groups[1].Value))
                continue;
            else if (statement.StartsWith("INSERT INTO label_index ", StringComparison.Ordinal))
                // Rows that follow from others.
                continue;
            else if (Update().Match(statement) is { Success: true } update && columns.Contains($"{update.Groups[1].Value}.{update.Groups[2].Value}"))
                continue;
            else
                faults.Add(statement);
        }

        return faults;
    }

    private static bool MayFollowColumn(string rest) =>
        !Restricts().IsMatch(rest) && (!rest.Contains("NOT NULL", StringComparison.OrdinalIgnoreCase) || rest.Contains("DEFAULT", StringComparison.OrdinalIgnoreCase));

    private static Dialect Anything { get; } = SqliteDatabase.InMemory(Sample.Models).Dialect;

    [GeneratedRegex(@"\s*-- only (sqlite|postgresql)")]
    private static partial Regex Mark();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^CREATE TABLE (\w+) \(", RegexOptions.IgnoreCase)]
    private static partial Regex CreateTable();

    [GeneratedRegex(@"^ALTER TABLE (\w+) ADD COLUMN (\w+) (.*)$", RegexOptions.IgnoreCase)]
    private static partial Regex AddColumn();

    [GeneratedRegex(@"\b(UNIQUE|CHECK|PRIMARY|GENERATED)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Restricts();

    [GeneratedRegex(@"^CREATE INDEX \w+ ON ", RegexOptions.IgnoreCase)]
    private static partial Regex CreateIndex();

    [GeneratedRegex(@"^(?:CREATE UNIQUE INDEX \w+ ON|INSERT INTO) (\w+) ", RegexOptions.IgnoreCase)]
    private static partial Regex OwnTable();

    /// <summary>One column, of a row that others may be changing too.</summary>
    [GeneratedRegex(@"^UPDATE (\w+) SET (\w+) = [^,]*$", RegexOptions.IgnoreCase)]
    private static partial Regex Update();
}
