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
            "Space for the disks of virtual machines",
            commands.Create(
                Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center that it belongs to", required: true),
                Field.Text("--kind", "kind", "The driver; else local", helpName: "KIND"),
                Field.Text("--path", "path", "The folder on the hosts", required: true, helpName: "PATH"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Verb("attach", "Let the hosts of a cluster use it", "Attaching", Field.Reference("--cluster", "clusterId", "clusters", "The cluster", required: true)),
            commands.Detach("Take it from the hosts of a cluster", Field.Reference("--cluster", "clusterId", "clusters", "The cluster", required: true)),
            commands.Delete());
    }

    public static Command ImageStorage(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.ImageStorage, environment);
        return commands.Group(
            "Space for images",
            commands.Create(
                Field.Text("--kind", "kind", "The driver; else local", helpName: "KIND"),
                Field.Reference("--host", "hostId", "hosts", "The host that serves it (kind local)"),
                Field.Text("--path", "path", "The folder on that host", helpName: "PATH"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Verb("attach", "Let a data center use it", "Attaching", Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center", required: true)),
            commands.Detach("Take it from a data center", Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center", required: true)),
            commands.Delete());
    }

    public static Command PortGroup(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.PortGroup, environment);
        return commands.Group(
            "Groups of network ports with one configuration",
            commands.Create(
                Field.Reference("--datacenter", "dataCenterId", "data-centers", "The data center that it belongs to", required: true),
                Field.Text("--kind", "kind", "The driver; else isolated", helpName: "KIND"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            commands.Set(Common()),
            commands.Delete());
    }

    public static Command Account(CliEnvironment environment) =>
        new ResourceCommands(ResourceKinds.Account, environment).Group("Who may sign in");

    private static Field[] Common() => [Field.NewName(), Field.Description(), Field.Labels()];
}
