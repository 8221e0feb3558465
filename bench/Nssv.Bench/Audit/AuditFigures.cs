using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Nssv.Bench.Managers;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Data;
using Nssv.Server.Composition;
using Nssv.Services;

namespace Nssv.Bench.Audit;

/// <summary>How long it takes to verify a long audit, from its first entry to its last; baseline: the same rows in the same order, read by the database's own driver and not looked at.</summary>
internal sealed class AuditFigures(Options options, Figures figures, string folder)
{
    private const double VerifyAim = 60;
    private const int Together = 1_000, UnderWay = 4;

    private readonly int _entries = options.Quick ? 50_000 : 1_000_000;

    /// <param name="postgres">Null: SQLite.</param>
    public async Task Measure(string name, PostgresServer? postgres)
    {
        var home = await BenchHome.Prepare(Path.Combine(folder, $"audit-{name}"), postgres?.Url);
        await using var app = ServerHost.Build(home.Settings, TimeProvider.System, services => services.AddPlatformServices());
        await using DbConnection plain = postgres is null
            ? new SqliteConnection($"Data Source={home.Settings.DatabaseFile}")
            : new Npgsql.NpgsqlConnection($"Host=127.0.0.1;Port={new Uri(postgres.Url).Port};Username=postgres;Database=postgres;SSL Mode=Disable");
        await plain.OpenAsync();
        var clock = Stopwatch.StartNew();
        await Fill(app.Services.GetRequiredService<IWriter>(), home.Settings.PlatformId);
        // As its own housekeeping does in time.
        await Plainly(plain, postgres is null ? "ANALYZE" : "VACUUM ANALYZE audit_entries");
        var made = clock.Elapsed;

        clock.Restart();
        var report = await app.Services.GetRequiredService<AuditVerification>().Run(default);
        var verified = clock.Elapsed;
        if (!report.Valid || report.Entries != _entries)
            throw new InvalidOperationException($"{report.Entries} entries were verified: {report.FirstBad}");
        clock.Restart();
        await Plainly(plain, "SELECT * FROM audit_entries ORDER BY sequence");
        figures.Add(Figure.AtMost(Text($"audit: {_entries:#,0} entries verified, {name}"), verified.TotalSeconds, "s", VerifyAim, clock.Elapsed.TotalSeconds, Text(
            $"{_entries / verified.TotalSeconds:#,0} entries/s; made in {made.TotalSeconds:0} s")));
    }

    private async Task Fill(IWriter writer, Id project)
    {
        var (account, start) = (NewId(), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var head = AuditHead.Start(start);
        var commits = new Queue<Task>();
        for (var first = 0; first < _entries; first += Together)
        {
            (var chained, head) = AuditChain.Append(head, Enumerable.Range(first, Together).Select(Entry));
            var unit = new UnitOfWork();
            foreach (var entry in chained)
                unit.Insert(entry);
            commits.Enqueue(writer.Commit(unit));
            if (commits.Count == UnderWay)
                await commits.Dequeue();
        }
        await Task.WhenAll(commits);
        await writer.Commit(new UnitOfWork().Insert(head));

        AuditEntry Entry(int number)
        {
            var at = start.AddSeconds(number);
            return new()
            {
                Id = NewId(),
                ProjectId = project,
                CreatedBy = account,
                CreatedAt = at,
                UpdatedAt = at,
                Version = 1,
                Sequence = 0,
                Action = "virtual-machine.update",
                AccountId = account,
                AccountName = "admin",
                ClientAddress = "192.0.2.7",
                TargetType = "virtual-machine",
                TargetId = NewId(),
                TargetName = Text($"vm-{number}"),
                BegunAt = at,
                EndedAt = at.AddMilliseconds(40),
                Result = AuditResult.Succeeded,
                OperationId = NewId(),
                Details = new JsonObject { ["changes"] = new JsonObject { ["cpuCount"] = new JsonArray(1, 1 + number % 8), ["description"] = new JsonArray(null, Text($"change {number}")) } },
                PreviousHash = "",
                Hash = "",
            };
        }
    }

    private static async Task Plainly(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = (sql, 600);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            for (var i = 0; i < reader.FieldCount; i++)
                _ = reader.GetValue(i);
        }
    }

    private static Id NewId() => new(Guid.CreateVersion7());

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
