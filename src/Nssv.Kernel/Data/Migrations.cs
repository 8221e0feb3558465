using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data;

/// <summary>One numbered, forward-only SQL file with type tokens (see <see cref="Schema"/>).</summary>
public sealed partial record Migration(int Number, string Name, string Sql)
{
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>From its first line, <c>-- readable by level N</c>: builds of this level work on although they do not know it. Null without such a line: each must know it.</summary>
    public long? ReadableBy { get; } = ReadableByMark().Match(Sql) is { Success: true } match ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^-- readable by level (\d+)\n")]
    private static partial Regex ReadableByMark();
}

/// <summary>The migrations of one assembly, numbered from 1 without gaps.</summary>
public sealed partial record MigrationSet(string Name, IReadOnlyList<Migration> Migrations)
{
    /// <summary>The kernel's own, for a manager's database; goes before all others.</summary>
    public static MigrationSet Kernel { get; } = Embedded("kernel", typeof(MigrationSet).Assembly);

    /// <summary>Embedded resources whose names end in <c>0001_what_it_does.sql</c>.</summary>
    /// <exception cref="InvalidDataException">A number is missing or there twice.</exception>
    public static MigrationSet Embedded(string name, Assembly assembly)
    {
        List<Migration> migrations = [];
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (FileName().Match(resource) is not { Success: true } match)
                continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            migrations.Add(new(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value, reader.ReadToEnd().ReplaceLineEndings("\n")));
        }
        return Of(name, migrations);
    }

    public static MigrationSet Of(string name, IEnumerable<Migration> migrations)
    {
        List<Migration> ordered = [.. migrations.OrderBy(migration => migration.Number)];
        for (var i = 0; i < ordered.Count; i++)
        {
            if (ordered[i].Number != i + 1)
                throw new InvalidDataException($"migrations of {name}: expected number {i + 1}, found {ordered[i].Number:0000}_{ordered[i].Name}");
        }
        return new(name, ordered);
    }

    [GeneratedRegex(@"(?:^|[./])(\d{4})_([a-z0-9_]+)\.sql$")]
    private static partial Regex FileName();
}

/// <summary>Brings a database to this version's schema, or refuses to touch it.</summary>
public static class Migrator
{
    /// <summary>Applies what is missing, all in one transaction: afterwards everything is applied, or nothing.</summary>
    /// <param name="sets">In this order: a table must be there before another refers to it.</param>
    /// <returns>Names of the migrations applied just now.</returns>
    /// <exception cref="SchemaVersionException">The database was made by a newer version that this one is no neighbour of, or a migration was altered after it was applied.</exception>
    public static IReadOnlyList<string> Apply(Database database, TimeProvider time, params IEnumerable<MigrationSet> sets) => database.ExclusiveSchema(connection =>
    {
        var own = database.Models.Table<SchemaMigration>();
        foreach (var statement in Schema.Statements(Schema.Ddl(database.Models, table => table == own), database.Dialect))
            Schema.Execute(connection, statement.Replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", StringComparison.Ordinal));
        if (database.Dialect.LockTable is { } lockTable)
            Schema.Execute(connection, string.Format(CultureInfo.InvariantCulture, lockTable, own.Name));
        // This table cannot have migrations of its own: what was added to it since is added here.
        if (!database.Dialect.Describe(connection)[own.Name].Exists(line => line.StartsWith("column readable_by ", StringComparison.Ordinal)))
            Schema.Execute(connection, $"ALTER TABLE {Sql.Quote(own.Name)} ADD COLUMN readable_by {database.Dialect.Tokens["bigint"]}");

        var applied = Read(connection);
        List<MigrationSet> all = [.. sets];
        Refuse(applied, all);
        List<string> now = [];
        foreach (var set in all)
        {
            foreach (var migration in set.Migrations.Where(migration => !applied.ContainsKey((set.Name, migration.Number))))
            {
                foreach (var statement in Schema.Statements(migration.Sql, database.Dialect))
                    Schema.Execute(connection, statement);
                Record(connection, set.Name, migration, time.GetUtcNow());
                now.Add($"{set.Name} {migration.Number:0000}_{migration.Name}");
            }
        }
        return now;
    });

    private static void Refuse(Dictionary<(string, int), (string Name, string Hash, long? ReadableBy)> applied, List<MigrationSet> sets)
    {
        foreach (var ((set, number), (name, hash, readableBy)) in applied.OrderBy(pair => pair.Key))
        {
            var known = sets.Find(known => known.Name == set)?.Migrations;
            if (known is null || number > known.Count)
            {
                // A neighbour's that only adds: an older node must be able to come back in the middle of an upgrade.
                if (readableBy <= PlatformLevel.Current)
                    continue;
                throw new SchemaVersionException($"The database is of a newer version: it has been through migration {number:0000}_{name} of '{set}', and this version knows {(known is null ? "none of these" : $"{known.Count}")}. Start the newer version, or restore a backup that this one made.");
            }

            if (known[number - 1].Hash != hash)
                throw new SchemaVersionException($"Migration {number:0000}_{name} of '{set}' is not the one that this database has been through. Migrations are never altered: add another one.");
        }
    }

    private static Dictionary<(string Set, int Number), (string Name, string Hash, long? ReadableBy)> Read(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT \"set\", number, name, hash, readable_by FROM schema_migrations";
        using var reader = command.ExecuteReader();
        Dictionary<(string, int), (string, string, long?)> rows = [];
        while (reader.Read())
            rows.Add((reader.GetString(0), (int)reader.GetInt64(1)), (reader.GetString(2), reader.GetString(3), reader.IsDBNull(4) ? null : reader.GetInt64(4)));
        return rows;
    }

    private static void Record(DbConnection connection, string set, Migration migration, DateTimeOffset now)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO schema_migrations (\"set\", number, name, hash, applied_at, readable_by) VALUES (@p0, @p1, @p2, @p3, @p4, @p5)";
        object[] values = [set, (long)migration.Number, migration.Name, migration.Hash, Sql.Micros(now), migration.ReadableBy is { } level ? level : DBNull.Value];
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"p{i}";
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }
        command.ExecuteNonQuery();
    }
}

/// <summary>This version must not touch the database.</summary>
public sealed class SchemaVersionException(string message) : Exception(message);
