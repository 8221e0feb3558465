using System.Runtime.InteropServices;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;

namespace Nssv.Agent.Domains;

/// <summary>
/// Whether guests can run under KVM: the processor must offer hardware virtualisation, and QEMU, as the user that libvirt runs it as, must be able to
/// open the device. A device that is there proves neither: under some hypervisors it makes virtual machines, and even runs a firmware, until the first
/// instruction that it cannot emulate.
/// </summary>
internal static class KvmDevice
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static async Task<bool> IsUsable(CancellationToken cancel)
    {
        if (!File.Exists("/dev/kvm") || !HasHardware())
            return false;
        if (HypervisorUser.Find() is not { } user)
            return true;
        // The kernel decides, with the groups that libvirt gives QEMU: modes and ACLs all count.
        var result = await ChildProcess.Run("/usr/bin/setpriv",
            [$"--reuid={user.UserId}", $"--regid={user.GroupId}", "--init-groups", "--", "/bin/sh", "-c", ": <>/dev/kvm"], Limit, cancel).ConfigureAwait(false);
        return result.ExitCode == 0;
    }

    /// <summary>Intel VT-x or AMD-V among the processor's flags; ARM's kernel makes the device only where the hardware can.</summary>
    private static bool HasHardware() => RuntimeInformation.OSArchitecture is not Architecture.X64
        || File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal))?.Split(' ').Any(f => f is "vmx" or "svm") == true;
}
