using System.CommandLine;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Commands.Image;

/// <summary>Images: templates of disks, and media.</summary>
internal static class ImageCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.Image, environment);
        return commands.Group(
            "Images: disks to make machines from, and installation media",
            new ImageAdd(environment).Build(),
            commands.Set(Field.NewName(), Field.Description(), Field.Labels(), Field.DeletionPolicy()),
            commands.Delete(canExpunge: true, canCascade: false));
    }
}
