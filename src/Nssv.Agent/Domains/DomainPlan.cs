using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Agent.Domains;

/// <summary>A domain's specification with what this host adds: where its disks and sockets are.</summary>
internal sealed record DomainPlan(
    Id PlatformId, DomainSpec Spec, HostProfile Host, IReadOnlyDictionary<Id, LayerAttachment> Disks, string ConsoleSocket, string VncSocket, string NvramFile);

/// <summary>The names by which what is ours on a host is known, and proved gone.</summary>
internal static class DomainNames
{
    /// <summary>Metadata of every domain of ours: platform, machine, generation, and the volumes it writes.</summary>
    public const string Namespace = "https://nssv.dev/domain/1";

    public static string Domain(Id platformId, Id virtualMachineId) => $"nssv-{platformId.ToString()[..8]}-{virtualMachineId}";

    /// <summary>At most 15 characters (IFNAMSIZ): four of the platform, eight of the card's random part.</summary>
    public static string Tap(Id platformId, Id networkInterfaceId) => $"nv{platformId.Short[^4..]}{networkInterfaceId.Short}";

    public static string Disk(int index)
    {
        // vda … vdz, vdaa …: the kernel's own scheme.
        var name = "";
        for (var n = index; n >= 0; n = n / 26 - 1)
            name = (char)('a' + n % 26) + name;
        return $"vd{name}";
    }
}
