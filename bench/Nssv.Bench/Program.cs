using System.Globalization;
using Nssv.Bench;
using Nssv.Bench.Managers;

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

var folder = Directory.CreateTempSubdirectory("nssv-bench-").FullName;
// The manager's log goes where it goes in production: to a file.
var screen = Console.Out;
using var log = new StreamWriter(Path.Combine(folder, "manager.log")) { AutoFlush = true };
Console.SetOut(TextWriter.Synchronized(log));

var begun = System.Diagnostics.Stopwatch.StartNew();
screen.WriteLine($"This machine: {Machine.Describe(folder)}");
var figures = new Figures(screen);
try
{
    if (options.Wants("sqlite"))
        await new DatabaseFigures(options, figures, folder).Measure("SQLite", null, acceptAim: 4_000, readsHaveAim: true);
    if (options.Wants("postgresql"))
    {
        using var postgres = new PostgresServer(folder);
        await new DatabaseFigures(options, figures, folder).Measure("PostgreSQL", postgres.Url, acceptAim: 3_000, readsHaveAim: false);
    }
}
finally
{
    figures.WriteTable();
    screen.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Measured in {begun.Elapsed.TotalSeconds:0} s; load average now {Machine.Load}."));
    if (options.Json is { } file)
        figures.WriteJson(file);
    Console.SetOut(screen);
    log.Close();
    Directory.Delete(folder, recursive: true);
}
return 0;
