using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Nssv.Bench.Managers;
using Nssv.Bench.Queries;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Server.Composition;
using Nssv.Services;

namespace Nssv.Bench.Cascades;

/// <summary>
/// What it takes to say what goes with a data center, from its row to the ordered plan; baseline: the ids of the same rows, each table asked by hand for what refers
/// to the rows of the one before it.
/// </summary>
internal sealed class CascadeFigures(Options options, Figures figures, string folder)
{
    private const double PlanAim = 1_000;

    private const string Clusters = "SELECT id FROM clusters WHERE data_center_id = '{0}'";
    private const string Storages = "SELECT id FROM data_storages WHERE data_center_id = '{0}'";
    private const string Machines = $"SELECT id FROM virtual_machines WHERE cluster_id IN ({Clusters})";
    private const string Volumes = $"SELECT id FROM volumes WHERE virtual_machine_id IN ({Machines})";

    private static readonly string[] ByHand =
    [
        Clusters, Storages, "SELECT id FROM port_groups WHERE data_center_id = '{0}'",
        $"SELECT id FROM hosts WHERE cluster_id IN ({Clusters})",
        Machines, Volumes,
        $"SELECT id FROM volume_layers WHERE volume_id IN ({Volumes})",
        $"SELECT id FROM network_interfaces WHERE virtual_machine_id IN ({Machines})",
    ];

    private readonly int _machines = options.Quick ? 2_000 : 10_000;
    private readonly int _rounds = options.Quick ? 5 : 15;

    /// <param name="postgres">Null: SQLite.</param>
    public async Task Measure(string name, PostgresServer? postgres)
    {
        var home = await BenchHome.Prepare(Path.Combine(folder, $"cascade-{name}"), postgres?.Url);
        await using var app = ServerHost.Build(home.Settings, TimeProvider.System, services => services.AddPlatformServices());
        await using DbConnection plain = postgres is null
            ? new SqliteConnection($"Data Source={home.Settings.DatabaseFile}")
            : new Npgsql.NpgsqlConnection($"Host=127.0.0.1;Port={new Uri(postgres.Url).Port};Username=postgres;Database=postgres;SSL Mode=Disable");
        await plain.OpenAsync();
        new QuerySeed(app.Services.GetRequiredService<Database>(), plain, postgres is not null).Make(_machines, layers: true);

        var target = await app.Services.GetRequiredService<IStore>().Get<DataCenter>(QuerySeed.DataCenterId);
        var (cascades, table) = (app.Services.GetRequiredService<Nssv.Kernel.Cascade.Cascades>(), DataServices.Models.Table<DataCenter>());
        var rows = 0;
        var planned = await Times(async () => rows = Rows(await cascades.Plan(table, target)));
        var plainly = 0;
        var byHand = await Times(async () => plainly = await Ids(plain));
        if (rows != plainly)
            throw new InvalidOperationException($"The plan has {rows} rows; by hand there are {plainly}.");
        figures.Add(Figure.AtMost($"cascade: plan for a data center with {Text($"{_machines:#,0}")} VMs, {name}", planned.Longest, "ms", PlanAim, byHand.Longest, Text(
            $"longest of {_rounds}, median {planned.Median:0} ms, by hand {byHand.Median:0} ms; {rows:#,0} resources, each with its references and in its place")));
        figures.Add(new($"cascade: memory of a plan, {name}", planned.Megabytes, "MB", byHand.Megabytes, Note: "allocated, not kept"));
    }

    /// <summary>Without the target.</summary>
    private static int Rows(CascadePlan plan) => plan.Refused
        ? throw new InvalidOperationException($"The plan is refused: {plan.Hindrances[0].Because}")
        : plan.Steps.Sum(step => step.Rows.Count);

    private static async Task<int> Ids(DbConnection connection)
    {
        var count = 0;
        foreach (var sql in ByHand)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = string.Format(CultureInfo.InvariantCulture, sql, QuerySeed.DataCenterId);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                _ = reader.GetString(0);
                count++;
            }
        }
        return count;
    }

    private async Task<(double Median, double Longest, double Megabytes)> Times(Func<Task> ask)
    {
        for (var i = 0; i < 3; i++)
            await ask();
        var times = new double[_rounds];
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < times.Length; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            await ask();
            times[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }
        return (Machine.Median(times), times.Max(), (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)_rounds / (1 << 20));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
