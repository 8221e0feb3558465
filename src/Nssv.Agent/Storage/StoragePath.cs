using Nssv.Agent.Execution;

namespace Nssv.Agent.Storage;

/// <summary>Rules for a directory that an administrator names as a storage.</summary>
internal static class StoragePath
{
    private static readonly string[] System = ["/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var", "/home", "/tmp"];
    private static readonly string[] Never = ["/dev/", "/proc/", "/sys/", "/etc/", "/boot/", "/bin/", "/sbin/", "/usr/", "/lib/", "/lib64/"];

    public static void Check(string path)
    {
        if (path.Length is 0 or > 1000 || path[0] != '/' || path.Any(char.IsControl) || path.Split('/').Any(part => part is ".." or "."))
            throw StorageProblems.BadPath("It must be absolute, without '.' and '..' parts and control characters.").AsException();
        var whole = Path.TrimEndingDirectorySeparator(path);
        if (System.Contains(whole) || Never.Any(n => whole.StartsWith(n, StringComparison.Ordinal)))
            throw StorageProblems.BadPath($"{path} belongs to the operating system.").AsException();
    }

    /// <summary>Asks the kernel as the user that QEMU runs as: modes of parents, ACLs and mounts all count.</summary>
    public static async Task CheckReachable(string path, CancellationToken cancel)
    {
        if (HypervisorUser.Find() is not { } user)
            return;
        var result = await ChildProcess.Run("/usr/bin/setpriv",
            [$"--reuid={user.UserId}", $"--regid={user.GroupId}", "--clear-groups", "--", "/usr/bin/test", "-x", path], TimeSpan.FromSeconds(20), cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw StorageProblems.NotReachable(path, user.Name).AsException();
    }
}

/// <summary>The user as which libvirt runs QEMU (Debian libvirt-qemu, others qemu), from /etc/passwd.</summary>
internal sealed record HypervisorUser(string Name, uint UserId, uint GroupId)
{
    public static HypervisorUser? Find() => Named("libvirt-qemu") ?? Named("qemu");

    /// <summary>Who looks at files that nobody has checked: may own nothing, not even a running disk.</summary>
    public static HypervisorUser Nobody => Named("nobody") ?? new HypervisorUser("nobody", 65534, 65534);

    private static HypervisorUser? Named(string name)
    {
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var fields = line.Split(':');
            if (fields.Length > 3 && fields[0] == name && uint.TryParse(fields[2], out var user) && uint.TryParse(fields[3], out var group))
                return new HypervisorUser(name, user, group);
        }

        return null;
    }
}
