namespace Nssv.Cli.Platform.Start;

/// <summary>Makes the folders of an instance: secrets for root alone, disks reachable by QEMU's own user, who may pass but not look.</summary>
internal static class HomeFolders
{
    private const UnixFileMode RootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = RootOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes what a manager without a host needs.</summary>
    public static void MakeForManager(InstanceHome home)
    {
        foreach (var folder in new[] { home.Root, home.Manager, home.At("run"), home.At("log") })
        {
            Make(folder, RootOnly);
        }
    }

    /// <summary>Makes what is missing; gives the folders above that would keep QEMU out.</summary>
    public static IReadOnlyList<string> Make(InstanceHome home)
    {
        foreach (var folder in new[] { home.Root, home.Agent, home.At("storage"), home.Data, home.Images })
        {
            Make(folder, Passable);
        }

        foreach (var folder in new[] { home.Manager, home.At("run"), home.At("log"), home.Import })
        {
            Make(folder, RootOnly);
        }

        return [.. Above(home.Root).Where(folder => !File.GetUnixFileMode(folder).HasFlag(UnixFileMode.OtherExecute))];
    }

    /// <summary>A start that failed before there was an instance left these folders, and nothing in them that anybody could miss. Nothing else is in this one.</summary>
    public static bool AreAllThereIs(InstanceHome home)
    {
        string[] ours = [home.Agent, home.At("storage"), home.Manager, home.At("run"), home.At("log"), home.Import];
        string[] full = [home.Agent, home.At("storage"), home.Import];
        return File.Exists(home.At("run", "up.lock")) && Directory.EnumerateFileSystemEntries(home.Root).All(ours.Contains)
            && full.Where(Directory.Exists).All(folder => !Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any());
    }

    private static void Make(string folder, UnixFileMode mode)
    {
        try
        {
            Directory.CreateDirectory(folder, mode);

            // At least passable: an administrator may have opened a folder further.
            File.SetUnixFileMode(folder, mode == RootOnly ? mode : File.GetUnixFileMode(folder) | mode);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PlatformException($"The folder {folder} cannot be made: {fault.Message}", "Choose another place with NSSV_HOME, or mend its permissions or the disk.");
        }
    }

    private static IEnumerable<string> Above(string folder)
    {
        for (var parent = Path.GetDirectoryName(folder); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            yield return parent;
        }
    }
}
