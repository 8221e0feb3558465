using System.CommandLine;
using System.CommandLine.Help;
using Nssv.Cli.Commands.Api;
using Nssv.Cli.Commands.Audit;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Commands.Event;
using Nssv.Cli.Commands.Image;
using Nssv.Cli.Commands.Inventory;
using Nssv.Cli.Commands.Manager;
using Nssv.Cli.Commands.Operation;
using Nssv.Cli.Commands.Plugin;
using Nssv.Cli.Commands.RecycleBin;
using Nssv.Cli.Commands.Schedule;
using Nssv.Cli.Commands.Setting;
using Nssv.Cli.Commands.Tag;
using Nssv.Cli.Commands.Version;
using Nssv.Cli.Commands.Vm;
using Nssv.Cli.Commands.Volume;
using Nssv.Cli.Platform;

namespace Nssv.Cli;

/// <summary>All commands. Only the one that is called is built in full: building all of them takes longer than most of them run.</summary>
internal static class CommandTree
{
    private static readonly ParserConfiguration Parsing = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    private sealed record Entry(string Name, string Description, Func<CliEnvironment, Command> Build, string? Alias = null);

    private static IReadOnlyList<Entry> Entries =>
    [
        new("up", "Start the instance on this machine; safe to repeat", UpCommand.Build),
        new("down", "Stop the instance; its virtual machines keep running", DownCommand.Build),
        new("status", "Show how the instance on this machine is", StatusCommand.Build),
        new(SimulateCommand.Name, "Fill the platform with simulated hosts and virtual machines, until Ctrl-C", SimulateCommand.Build),
        new("vm", "Virtual machines", VmCommands.Build),
        new("image", "Templates from which disks are made, and media", ImageCommands.Build),
        new("volume", "Disks of virtual machines", VolumeCommands.Build),
        new("host", "Physical servers that run virtual machines", HostCommands.Build),
        new("cluster", "Clusters of hosts", InventoryCommands.Cluster),
        new("datacenter", "Data centers", InventoryCommands.DataCenter),
        new("datastorage", "Space for the disks of virtual machines", InventoryCommands.DataStorage),
        new("imagestorage", "Space for images", InventoryCommands.ImageStorage),
        new("portgroup", "Groups of network ports with one configuration", InventoryCommands.PortGroup),
        new("nic", "Virtual network cards", NicCommands.Build),
        new("account", "Who may sign in", InventoryCommands.Account),
        new("setting", "What may be changed about the platform while it runs", SettingCommands.Build),
        new("tag", "System tags that there are", TagCommands.Build),
        new("audit", "Who changed what, and who signed in", AuditCommands.Build),
        new("manager", "Managers: the management nodes of the platform", ManagerCommands.Build),
        new("plugin", "Plugins: what extends the platform", PluginCommands.Build),
        new("schedule", "Schedules: what the platform does again and again", ScheduleCommands.Build),
        new("recycle-bin", "What was deleted and can be recovered", RecycleBinCommands.Build),
        new("operation", "Operations: what the platform does and did", OperationCommands.Build, Alias: "task"),
        new("event", "What changed on the platform", EventCommands.Build),
        new("api", "Call the API with the session; JSON comes out", ApiCommand.Build),
        new("completion", "Print a completion script for bash, zsh or fish", CompletionCommand.Build),
        new("version", "Print the version", VersionCommand.Build),
    ];

    /// <summary>The tree for these arguments; with none, in full.</summary>
    public static Command Build(CliEnvironment environment, IReadOnlyList<string>? arguments = null)
    {
        var root = new Command("nssv", "Server virtualization: virtual machines on KVM servers, as one pool\n(in a clone of the source also: ./nssv test, bench and lab)") { new HelpOption() };
        foreach (var option in GlobalOptions.All)
        {
            root.Options.Add(option);
        }

        foreach (var entry in Entries)
        {
            var called = arguments is null || arguments.Contains(entry.Name) || (entry.Alias is not null && arguments.Contains(entry.Alias));
            root.Subcommands.Add(called ? entry.Build(environment) : Bare(entry));
        }

        return root;
    }

    public static ParseResult Parse(Command root, IReadOnlyList<string> arguments) => root.Parse(arguments, Parsing);

    public static ParseResult Parse(Command root, string line) => root.Parse(line, Parsing);

    private static Command Bare(Entry entry)
    {
        var command = new Command(entry.Name, entry.Description);
        if (entry.Alias is not null)
        {
            command.Aliases.Add(entry.Alias);
        }

        return command;
    }
}
