using System.Runtime.InteropServices;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;

namespace Nssv.Agent.Domains;

/// <summary>
/// Whether QEMU, as the user that libvirt runs it as, gets a guest to run under KVM. A device that is there, opens and makes virtual machines proves
/// nothing: under some hypervisors the first real instruction fails. So the firmware is run with nothing to boot, until it asks for a reset.
/// </summary>
internal static class KvmDevice
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static async Task<bool> IsUsable(CancellationToken cancel)
    {
        if (!File.Exists("/dev/kvm"))
            return false;
        string[] guest = RuntimeInformation.OSArchitecture is Architecture.X64 && File.Exists("/usr/bin/qemu-system-x86_64")
            ? ["/usr/bin/qemu-system-x86_64", "-accel", "kvm", "-no-user-config", "-nodefaults", "-display", "none", "-m", "32", "-boot", "reboot-timeout=1", "-no-reboot"]
            : ["/bin/sh", "-c", ": <>/dev/kvm"];
        // The kernel decides, with the groups that libvirt gives QEMU: modes and ACLs all count.
        string[] asUser = HypervisorUser.Find() is { } user
            ? [$"--reuid={user.UserId}", $"--regid={user.GroupId}", "--init-groups", "--"]
            : ["--no-new-privs", "--"];
        try
        {
            return (await ChildProcess.Run("/usr/bin/setpriv", [.. asUser, .. guest], Limit, cancel).ConfigureAwait(false)).ExitCode == 0;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
