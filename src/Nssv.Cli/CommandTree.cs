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

    private sealed record Entry(string Name, string Description, Func<CliEnvironment, Command> Build, string? Collection = null, string? Alias = null);

    private static IReadOnlyList<Entry> Entries =>
    [
        new("up", "Install and start the instance on this machine, or mend it; safe to repeat", UpCommand.Build),
        new("down", "Stop the instance; its virtual machines keep running", DownCommand.Build),
        new("status", "Show how the instance on this machine is; exit code 3 when it does not run", StatusCommand.Build),
        new(SimulateCommand.Name, "Fill the platform with simulated hosts and virtual machines, until Ctrl-C", SimulateCommand.Build),
        new("vm", "Virtual machines", VmCommands.Build, "virtual-machines"),
        new("image", "Images: disks to make machines from, and installation media", ImageCommands.Build, "images"),
        new("volume", "Volumes: the disks of virtual machines", VolumeCommands.Build, "volumes"),
        new("host", "Hosts: the servers that virtual machines run on", HostCommands.Build, "hosts"),
        new("cluster", "Clusters of hosts", InventoryCommands.Cluster, "clusters"),
        new("datacenter", "Data centers", InventoryCommands.DataCenter, "data-centers"),
        new("datastorage", "Data storages: where the disks of virtual machines are kept", InventoryCommands.DataStorage, "data-storages"),
        new("imagestorage", "Image storages: where images are kept", InventoryCommands.ImageStorage, "image-storages"),
        new("portgroup", "Port groups: the networks that network cards are plugged into", InventoryCommands.PortGroup, "port-groups"),
        new("nic", "Virtual network cards", NicCommands.Build, "network-interfaces"),
        new("account", "Accounts: who may sign in", InventoryCommands.Account, "accounts"),
        new("setting", "Settings of the platform; a change holds at once", SettingCommands.Build, "settings"),
        new("tag", "System tags: which there are, and what they do", TagCommands.Build, "tag-types"),
        new("audit", "The audit: who changed what, and who signed in", AuditCommands.Build, "audit-entries"),
        new("manager", "Managers: the management nodes of the platform", ManagerCommands.Build, "management-nodes"),
        new("plugin", "Plugins: what extends the platform", PluginCommands.Build, "plugins"),
        new("schedule", "Schedules: what the platform does again and again", ScheduleCommands.Build, "schedules"),
        new("recycle-bin", "What was deleted and can be recovered", RecycleBinCommands.Build, "recycle-bin"),
        new("operation", "Operations (tasks): what the platform does and did", OperationCommands.Build, "operations", Alias: "task"),
        new("event", "Events: what changed on the platform", EventCommands.Build, "events"),
        new("api", "Call the API with your session; JSON comes out", ApiCommand.Build),
        new("completion", "Print a completion script for bash, zsh or fish", CompletionCommand.Build),
        new("version", "Print the version", VersionCommand.Build),
    ];

    /// <summary>The tree for these arguments; with none, in full.</summary>
    public static Command Build(CliEnvironment environment, IReadOnlyList<string>? arguments = null)
    {
        var root = new Command("nssv", "Server virtualization: virtual machines on KVM servers, as one pool\n(in a clone of the source also: ./nssv test, bench and lab)") { new HelpOption("--help", "-h", "-?") };
        foreach (var option in GlobalOptions.All)
        {
            root.Options.Add(option);
        }

        foreach (var entry in Entries)
        {
            string[] otherWords = [.. (arguments ?? []).Where(word => word != entry.Name && word != entry.Alias && MeansResource(entry, word)).Distinct(StringComparer.Ordinal)];
            var called = arguments is null || otherWords.Length > 0 || arguments.Contains(entry.Name) || (entry.Alias is not null && arguments.Contains(entry.Alias));
            var command = called ? entry.Build(environment) : Bare(entry);
            foreach (var word in otherWords)
            {
                command.Aliases.Add(word);
            }

            root.Subcommands.Add(command);
        }

        return root;
    }

    /// <summary>A resource is meant by its noun and by its collection's name, in the singular or the plural, with hyphens or without. Help and completion offer the noun alone.</summary>
    private static bool MeansResource(Entry entry, string word) =>
        entry.Collection is not null && !word.StartsWith('-') && Plain(word) is var plain && new[] { entry.Name, entry.Collection, entry.Alias }.Any(known => known is not null && plain == Plain(known));

    private static string Plain(string word)
    {
        var joined = word.Replace("-", "", StringComparison.Ordinal);
        return joined.EndsWith("ies", StringComparison.Ordinal) ? $"{joined[..^3]}y" : joined.TrimEnd('s');
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
