using System.Globalization;
using Nssv.Bench;
using Nssv.Bench.Audit;
using Nssv.Bench.Cascades;
using Nssv.Bench.Fleet;
using Nssv.Bench.Managers;
using Nssv.Bench.Platform;
using Nssv.Bench.Queries;
using Nssv.Bench.Watchers;

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{Options.Usage}");
    return 2;
}

// QEMU's user must be able to pass through it.
var folder = Directory.CreateTempSubdirectory("nssv-bench-").FullName;
File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
// The manager's log goes where it goes in production: to a file.
var screen = Console.Out;
using var log = new StreamWriter(Path.Combine(folder, "manager.log")) { AutoFlush = true };
Console.SetOut(TextWriter.Synchronized(log));

var begun = System.Diagnostics.Stopwatch.StartNew();
screen.WriteLine($"This machine: {Machine.Describe(folder)}");
var figures = new Figures(screen);
List<string> broken = [];
var underLoad = options.WantsAny("flows", "reads", "accepts");
try
{
    if (options.WantsAny("create", "power-off", "idle"))
        await Measured("platform", () => new PlatformFigures(options, figures, folder).Measure());
    if (underLoad && options.Wants("sqlite"))
        await Measured("SQLite", () => new DatabaseFigures(options, figures, folder).Measure("SQLite", null, acceptAim: 4_000, readsHaveAim: true));
    if (underLoad && options.Wants("postgresql"))
    {
        await Measured("PostgreSQL", async () =>
        {
            using var postgres = new PostgresServer(folder);
            await new DatabaseFigures(options, figures, folder).Measure("PostgreSQL", postgres, acceptAim: 3_000, readsHaveAim: false);
        });
    }
    if (options.WantsAny("queries") && options.Wants("sqlite"))
        await Measured("queries on SQLite", () => new QueryFigures(options, figures, folder).Measure("SQLite", null));
    if (options.WantsAny("queries") && options.Wants("postgresql"))
    {
        await Measured("queries on PostgreSQL", async () =>
        {
            using var postgres = new PostgresServer(Directory.CreateDirectory(Path.Combine(folder, "queries")).FullName);
            await new QueryFigures(options, figures, folder).Measure("PostgreSQL", postgres);
        });
    }
    if (options.WantsAny("cascade") && options.Wants("sqlite"))
        await Measured("cascade on SQLite", () => new CascadeFigures(options, figures, folder).Measure("SQLite", null));
    if (options.WantsAny("cascade") && options.Wants("postgresql"))
    {
        await Measured("cascade on PostgreSQL", async () =>
        {
            using var postgres = new PostgresServer(Directory.CreateDirectory(Path.Combine(folder, "cascade")).FullName);
            await new CascadeFigures(options, figures, folder).Measure("PostgreSQL", postgres);
        });
    }
    if (options.WantsAny("audit") && options.Wants("sqlite"))
        await Measured("audit on SQLite", () => new AuditFigures(options, figures, folder).Measure("SQLite", null));
    if (options.WantsAny("audit") && options.Wants("postgresql"))
    {
        await Measured("audit on PostgreSQL", async () =>
        {
            using var postgres = new PostgresServer(Directory.CreateDirectory(Path.Combine(folder, "audit")).FullName);
            await new AuditFigures(options, figures, folder).Measure("PostgreSQL", postgres);
        });
    }
    if (options.WantsAny("watchers") && options.Wants("sqlite"))
        await Measured("watchers on SQLite", () => new WatcherFigures(options, figures, folder).Measure("SQLite", null));
    if (options.WantsAny("watchers") && options.Wants("postgresql"))
    {
        await Measured("watchers on PostgreSQL", async () =>
        {
            using var postgres = new PostgresServer(Directory.CreateDirectory(Path.Combine(folder, "watchers")).FullName);
            await new WatcherFigures(options, figures, folder).Measure("PostgreSQL", postgres);
        });
    }
    var fleet = new FleetFigures(options, figures, folder);
    if (options.Wants("fleet") && options.Wants("sqlite"))
        await Measured("fleet on SQLite", () => fleet.Creations("SQLite", null));
    if (options.Wants("fleet") && options.Wants("postgresql"))
    {
        await Measured("fleet on PostgreSQL", async () =>
        {
            using var postgres = new PostgresServer(Directory.CreateDirectory(Path.Combine(folder, "fleet")).FullName);
            await fleet.Creations("PostgreSQL", postgres.Url);
        });
    }
    if (options.WantsAny("heartbeats"))
        await Measured("heartbeats", fleet.Heartbeats);
    if (options.WantsAny("start"))
        await Measured("start", fleet.Starts);
    if (options.WantsAny("in-flight"))
        await Measured("in flight", fleet.InFlight);
    if (options.WantsAny("managers"))
    {
        await Measured("several managers", async () =>
        {
            using var postgres = new PostgresServer(Directory.CreateDirectory(Path.Combine(folder, "peers")).FullName);
            await new PeerFigures(options, figures, folder).Measure(postgres);
        });
    }
    figures.WriteTable();
    screen.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Measured in {begun.Elapsed.TotalSeconds:0} s; now {Machine.Now}."));
    if (options.Json is { } file)
        figures.WriteJson(file);
}
finally
{
    Console.SetOut(screen);
    log.Close();
    Directory.Delete(folder, recursive: true);
}
foreach (var group in broken)
    Console.Error.WriteLine($"Not measured: {group}");
return broken.Count == 0 ? 0 : 1;

// What cannot be measured takes no other figure with it. A missed aim is a figure, not an error: the exit code stays 0.
async Task Measured(string group, Func<Task> measure)
{
    try
    {
        await measure();
    }
    catch (Exception error)
    {
        broken.Add($"{group}: {error}");
    }
}
