using System.CommandLine;
using Nssv.Cli.Platform.Remove;
using Nssv.Cli.Platform.Start;

namespace Nssv.Cli.Platform;

/// <summary>Stops the instance; with --purge, removes it.</summary>
internal static class DownCommand
{
    public static Command Build(CliEnvironment environment)
    {
        var purge = new Option<bool>("--purge") { Description = "Also delete its virtual machines, disks, images, database: everything" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask" };
        return new Command("down", "Stop the instance on this machine; its virtual machines keep running") { purge, yes }.Runs(environment, async (invocation, cancellation) =>
        {
            var home = invocation.Home;
            if (!Directory.Exists(home.Root))
            {
                invocation.Results.Say($"There is no instance in {home.Root}; nothing to do.");
                return;
            }

            // The mark that a folder is ours to empty.
            var begun = !File.Exists(home.InstanceFile) && HomeFolders.AreAllThereIs(home);
            if (begun && !invocation.Value(purge))
            {
                invocation.Results.Say($"There is no instance in {home.Root}, only what a start that failed has left. 'nssv down --purge' removes it; 'nssv up' goes on with it.");
                return;
            }

            if (!begun && !File.Exists(home.InstanceFile))
            {
                throw new PlatformException($"{home.Root} is not the home of an instance: it has no nssv.json.", "Check NSSV_HOME and --home.");
            }

            if (!Environment.IsPrivilegedProcess)
            {
                throw new PlatformException("This needs root.", "Run it with sudo.");
            }

            var joined = InstanceFile.Load(home) is { Joined: true };
            if (invocation.Value(purge) && !invocation.Value(yes) && !joined)
            {
                await Confirm(environment, home, cancellation);
            }

            var steps = new Checklist(environment);
            var programs = new Programs(home);
            Directory.CreateDirectory(home.At("run"));
            using (StartLock.Take(home))
            {
                if (!joined)
                {
                    await steps.Step("Agent", async () => await programs.Agent.Stop(cancellation) ? "stopped" : "was not running");
                }

                await steps.Step("Manager", async () => await programs.Manager.Stop(cancellation) ? "stopped" : "was not running");
                if (invocation.Value(purge))
                {
                    await new InstancePurge(home, steps, instance => new LibvirtDomains(instance)).Run(cancellation);
                }
            }

            invocation.Results.Say((joined, invocation.Value(purge)) switch
            {
                (true, false) => "This manager is down; the platform goes on with the others. './nssv up' brings it back.",
                (true, true) => "This manager is gone; the platform goes on with the others.",
                (false, false) => "nSSV is down; its virtual machines keep running. './nssv up' takes them over again.",
                (false, true) => "Everything of this instance is gone.",
            });
        });
    }

    private static async Task Confirm(CliEnvironment environment, InstanceHome home, CancellationToken cancellation)
    {
        if (!environment.InIsTerminal)
        {
            throw new UsageException("--purge deletes everything and nobody is here to confirm it.", "Give --yes as well.");
        }

        environment.Error.Write($"This deletes the instance in {home.Root} with all its virtual machines, disks and images. Type 'yes' to go on: ");
        // The terminal's line cannot be given up: Ctrl-C leaves it behind, and the process ends with it.
        var answer = await Task.Factory.StartNew(Console.ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(cancellation);
        if (!string.Equals(answer?.Trim(), "yes", StringComparison.OrdinalIgnoreCase))
        {
            throw new PlatformException("Only 'yes' deletes it.") { Title = "Nothing was deleted" };
        }
    }
}
