using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Nssv.Cli.Platform.Processes;
using Nssv.Cli.Platform.Start;

namespace Nssv.Cli.Platform;

/// <summary>Fills a platform with simulated hosts and machines; the work is the simulator's own program, which speaks to people by itself.</summary>
internal static class SimulateCommand
{
    public const string Name = "simulate";

    public static Command Build(CliEnvironment environment)
    {
        var hosts = new Option<int?>("--hosts") { Description = "Simulated hosts; else as many as the scenario has, or as there are already (100)", HelpName = "COUNT" };
        var machines = new Option<int?>("--vms") { Description = "Virtual machines to have running on them (0)", HelpName = "COUNT" };
        var scenario = new Option<FileInfo>("--scenario") { Description = "How the hosts behave (YAML); see samples/scenarios", HelpName = "FILE" };
        var seed = new Option<int?>("--seed") { Description = "Seed of the chance by which hosts are slow, fail and crash (1)", HelpName = "NUMBER" };
        var perCluster = new Option<int?>("--hosts-per-cluster") { Description = "Hosts in one cluster (100)", HelpName = "COUNT" };
        var together = new Option<int?>("--together") { Description = "Virtual machines that are created at once (64)", HelpName = "COUNT" };
        var keep = new Option<bool>("--keep") { Description = "Leave what was made at the end; the next run goes on with it" };
        return new Command(Name, "Fill the platform with simulated hosts and virtual machines, until Ctrl-C") { hosts, machines, scenario, seed, perCluster, together, keep }
            .Runs(environment, async (invocation, cancellation) =>
            {
                if (invocation.Value(GlobalOptions.Server) is not null)
                {
                    throw new UsageException("The manager reaches simulated hosts on this machine alone; --server does not apply.");
                }

                List<string> arguments = ["--home", invocation.Home.Root];
                Add("--hosts", invocation.Value(hosts));
                Add("--vms", invocation.Value(machines));
                Add("--seed", invocation.Value(seed));
                Add("--hosts-per-cluster", invocation.Value(perCluster));
                Add("--together", invocation.Value(together));
                if (invocation.Value(scenario) is { } file)
                {
                    arguments.AddRange(["--scenario", file.FullName]);
                }

                if (invocation.Value(keep))
                {
                    arguments.Add("--keep");
                }

                if (File.Exists(invocation.Home.InstanceFile))
                {
                    return await RunSimulator(arguments);
                }

                using var local = new Invocation(invocation.Parse, environment with { Variable = name => name is "NSSV_SERVER" or "NSSV_TOKEN" or "NSSV_CA" ? null : environment.Variable(name) });
                return await OnPlatformOfItsOwn(local, arguments, invocation.Value(keep), cancellation);

                void Add(string name, int? value)
                {
                    if (value is { } number)
                    {
                        arguments.AddRange([name, number.ToString(CultureInfo.InvariantCulture)]);
                    }
                }
            });
    }

    /// <summary>There is no platform in the home: a manager is started there for this run, and goes with its folder unless it is to be kept.</summary>
    private static async Task<int> OnPlatformOfItsOwn(Invocation invocation, List<string> arguments, bool keep, CancellationToken cancellation)
    {
        var home = invocation.Home;
        if (!invocation.Given(GlobalOptions.Home))
        {
            throw new PlatformException($"There is no platform in {home.Root}.", "Start it with './nssv up', or name a new folder with --home: a manager is started there for the simulation.");
        }

        if (Directory.Exists(home.Root) && Directory.EnumerateFileSystemEntries(home.Root).Any())
        {
            throw new PlatformException($"{home.Root} is not empty, and no platform's home.", "Name a folder that does not exist yet.");
        }

        var steps = new Checklist(invocation.Environment);
        await new InstanceStart(invocation, steps).RunManagerAlone(cancellation);
        try
        {
            return await RunSimulator(arguments);
        }
        finally
        {
            if (!keep)
            {
                await steps.Step("Manager", async () => await new Programs(home).Manager.Stop(CancellationToken.None) ? "stopped" : "was not running");
                Directory.Delete(home.Root, recursive: true);
            }
        }
    }

    /// <summary>With this terminal. Its Ctrl-C reaches the program by itself; a signal to this process is passed on.</summary>
    private static async Task<int> RunSimulator(IEnumerable<string> arguments)
    {
        if (!File.Exists(Programs.Simulator))
        {
            throw new PlatformException($"{Programs.Simulator} is missing.", "Build it first: './nssv up' does.");
        }

        using var process = Process.Start(new ProcessStartInfo(Dotnet.Path, [Programs.Simulator, .. arguments]))!;
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            Signals.Send(process.Id, Signals.Terminate);
        });
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
