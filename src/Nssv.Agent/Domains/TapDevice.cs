using System.Net.NetworkInformation;
using Nssv.Agent.Execution;
using Nssv.Kernel;

namespace Nssv.Agent.Domains;

/// <summary>
/// Keeps an isolated card's tap down. libvirt makes the tap and brings it up, and the host would then answer the guest (ARP for its other addresses,
/// IPv6 link-local); a tap that is down passes nothing either way, while the guest still sees a link.
/// </summary>
internal static class TapDevice
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static async Task TakeDown(string name, CancellationToken cancel)
    {
        var result = await ChildProcess.Run("/usr/sbin/ip", ["link", "set", "dev", name, "down"], Limit, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw new Problem(500, "network-isolation-failed", "The virtual machine's card could not be isolated.", $"{name}: {result.Complaint}", "Look at the host's network configuration; the machine was not started.").AsException();
    }

    public static bool Exists(string name) => NetworkInterface.GetAllNetworkInterfaces().Any(i => i.Name == name);
}
