using Nssv.Agent.Execution;
using Nssv.Agent.Storage;

namespace Nssv.Agent.Domains;

/// <summary>Whether QEMU, as the user that libvirt runs it as, may open /dev/kvm.</summary>
internal static class KvmDevice
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static async Task<bool> IsUsable(CancellationToken cancel)
    {
        if (!File.Exists("/dev/kvm"))
            return false;
        if (HypervisorUser.Find() is not { } user)
            return true;
        // The kernel decides, with the groups that libvirt gives QEMU: modes and ACLs all count.
        var result = await ChildProcess.Run("/usr/bin/setpriv",
            [$"--reuid={user.UserId}", $"--regid={user.GroupId}", "--init-groups", "--", "/bin/sh", "-c", ": <>/dev/kvm"], Limit, cancel).ConfigureAwait(false);
        return result.ExitCode == 0;
    }
}
