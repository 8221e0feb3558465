using System.CommandLine;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Commands.Volume;

/// <summary>Disks of virtual machines.</summary>
internal static class VolumeCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.Volume, environment);
        return commands.Group(
            "Volumes: the disks of virtual machines",
            commands.Create(
                "Create a data disk",
                Field.Size("--size", "sizeBytes", "What the guest sees, for example 10GiB", required: true),
                Field.Reference("--datastorage", "dataStorageId", "data-storages", "The data storage that holds it; else the only one"),
                Field.Reference("--host", "hostId", "hosts", "The host that holds it, where the storage is not shared"),
                Field.Description(),
                Field.Labels(),
                Field.Tags(),
                Field.DeletionPolicy()),
            commands.Set(Field.NewName(), Field.Description(), Field.Labels(), Field.DeletionPolicy()),
            commands.Verb("attach", "Attach a volume to a vm", "Attaching", Field.Reference("--vm", "virtualMachineId", "virtual-machines", "The vm", required: true)),
            commands.Detach("Detach a volume from its vm"),
            commands.Delete(canExpunge: true, canCascade: false));
    }
}
