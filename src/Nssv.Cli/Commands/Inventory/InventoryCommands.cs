using System.CommandLine;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Commands.Inventory;

/// <summary>Data centers, clusters, storages and networks: everything that needs nothing but the common commands.</summary>
internal static class InventoryCommands
{
    public static Command DataCenter(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.DataCenter, environment);
        return commands.Group("Data centers", commands.Create(Field.Description(), Field.Labels(), Field.Tags()), commands.Set(Common()), commands.Delete());
    }

    public static Command Cluster(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.Cluster, environment);
        return commands.Group(
            "Clusters of hosts",
            commands.Create(
                Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center that it belongs to", required: true),
                Field.Choice("--arch", "architecture", "The architecture of all its hosts", "x86_64", "aarch64"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Delete());
    }

    public static Command DataStorage(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.DataStorage, environment);
        return commands.Group(
            "Data storages: where the disks of virtual machines are kept",
            commands.Create(
                Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center that it belongs to", required: true),
                Field.Text("--kind", "kind", "The driver; else local", helpName: "KIND"),
                Field.Text("--path", "path", "The folder on the hosts", required: true, helpName: "PATH"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Verb("attach", "Attach a data storage to a cluster, whose hosts then use it", "Attaching", Field.Reference("--cluster", "clusterId", "clusters", "The cluster", required: true)),
            commands.Detach("Detach a data storage from a cluster", Field.Reference("--cluster", "clusterId", "clusters", "The cluster", required: true)),
            commands.Delete());
    }

    public static Command ImageStorage(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.ImageStorage, environment);
        return commands.Group(
            "Image storages: where images are kept",
            commands.Create(
                Field.Text("--kind", "kind", "The driver; else local", helpName: "KIND"),
                Field.Reference("--host", "hostId", "hosts", "The host that serves it (kind local)"),
                Field.Text("--path", "path", "The folder on that host", helpName: "PATH"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Verb("attach", "Attach an image storage to a data center, whose machines are then made from its images", "Attaching", Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center", required: true)),
            commands.Detach("Detach an image storage from a data center", Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center", required: true)),
            commands.Delete());
    }

    public static Command PortGroup(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.PortGroup, environment);
        return commands.Group(
            "Port groups: the networks that network cards are plugged into",
            commands.Create(
                Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center that it belongs to", required: true),
                Field.Text("--kind", "kind", "The driver; else isolated", helpName: "KIND"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Delete(canCascade: false));
    }

    public static Command Account(CliEnvironment environment) =>
        new ResourceCommands(ResourceKinds.Account, environment).Group("Accounts: who may sign in");

    private static Field[] Common() => [Field.NewName(), Field.Description(), Field.Labels()];
}
