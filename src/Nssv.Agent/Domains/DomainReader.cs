using System.Globalization;
using System.Xml.Linq;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Libvirt;

namespace Nssv.Agent.Domains;

/// <summary>What a domain says of itself in its metadata.</summary>
internal sealed record DomainMark(Id PlatformId, Id VirtualMachineId, long RunGeneration, IReadOnlyList<(Id VolumeId, Id DataStorageId, Id LayerId)> Disks)
{
    /// <summary>Null when the element is not ours or not sound: then the domain is somebody else's.</summary>
    public static DomainMark? Parse(string? xml)
    {
        if (xml is null)
            return null;
        var element = XElement.Parse(xml);
        return Read(element, "platform") is { } platform && Read(element, "id") is { } id
            && long.TryParse((string?)element.Attribute("generation"), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            ? new DomainMark(platform, id, generation, [.. element.Elements().Where(e => e.Name.LocalName == "disk")
                .Select(d => (Read(d, "volume") ?? Id.None, Read(d, "storage") ?? Id.None, Read(d, "layer") ?? Id.None))])
            : null;
    }

    private static Id? Read(XElement element, string name) => Id.TryParse((string?)element.Attribute(name), null, out var id) ? id : null;
}

/// <summary>Reads domains as the platform sees them. Its methods block: they run inside <see cref="LibvirtLink.Call"/>.</summary>
internal sealed class DomainReader(Id platformId)
{
    public const string GuestShutdown = "guest-shutdown", Destroyed = "destroyed";

    /// <summary>The mark of what runs, or of the definition when nothing runs.</summary>
    public static DomainMark? Mark(LibvirtDomain domain, LibvirtState state) => DomainMark.Parse(
        state is LibvirtState.ShutOff ? domain.Metadata(DomainNames.Namespace, ofRunning: false)
        : domain.Metadata(DomainNames.Namespace, ofRunning: true) ?? domain.Metadata(DomainNames.Namespace, ofRunning: false));

    /// <summary>Null when it is not this platform's.</summary>
    public DomainStatus? Status(LibvirtDomain domain)
    {
        var (state, reason) = domain.State;
        return Mark(domain, state) is { } mark && mark.PlatformId == platformId && mark.VirtualMachineId.Value == domain.Uuid
            ? new DomainStatus(mark.VirtualMachineId, mark.RunGeneration, Of(state, reason), Reason(state, reason))
            : null;
    }

    public IReadOnlyList<DomainStatus> List(LibvirtConnection connection)
    {
        var statuses = new List<DomainStatus>();
        foreach (var domain in connection.ListDomains())
        {
            using (domain)
            {
                try
                {
                    if (domain.Name.StartsWith("nssv-", StringComparison.Ordinal) && Status(domain) is { } status)
                        statuses.Add(status);
                }
                catch (LibvirtException e) when (e.Code is LibvirtError.NoDomain)
                {
                    // Removed while the list was read.
                }
            }
        }

        return statuses;
    }

    /// <summary>Opens a domain of ours, null when there is none; one of somebody else with the same UUID is refused.</summary>
    public LibvirtDomain? Open(LibvirtConnection connection, Id virtualMachineId, out DomainMark? mark)
    {
        mark = null;
        var domain = connection.Find(virtualMachineId.Value);
        if (domain is null)
            return null;
        try
        {
            mark = Mark(domain, domain.State.State);
            return mark?.PlatformId == platformId ? domain : throw DomainProblems.Foreign(virtualMachineId, domain.Name).AsException();
        }
        catch (LibvirtException e) when (e.Code is LibvirtError.NoDomain)
        {
            domain.Dispose();
            return null;
        }
        catch
        {
            domain.Dispose();
            throw;
        }
    }

    /// <summary>A guest that is off is Defined, whatever ended it (the reason says that); Crashed is one that panicked and still holds its memory.</summary>
    private static DomainState Of(LibvirtState state, int reason) => state switch
    {
        LibvirtState.Running or LibvirtState.Blocked => DomainState.Running,
        LibvirtState.Paused when (PausedReason)reason is PausedReason.Crashed => DomainState.Crashed,
        LibvirtState.Paused or LibvirtState.PmSuspended => DomainState.Paused,
        LibvirtState.Shutdown => DomainState.ShuttingDown,
        LibvirtState.Crashed => DomainState.Crashed,
        _ => DomainState.Defined,
    };

    private static string? Reason(LibvirtState state, int reason) => state switch
    {
        LibvirtState.Paused => (PausedReason)reason switch
        {
            PausedReason.IoError => "io-error",
            PausedReason.Watchdog => "watchdog",
            PausedReason.Crashed => "crashed",
            PausedReason.StartingUp => "starting",
            PausedReason.ShuttingDown => "shutting-down",
            _ => null,
        },
        LibvirtState.PmSuspended => "guest-suspended",
        LibvirtState.ShutOff => (ShutOffReason)reason switch
        {
            ShutOffReason.Shutdown => GuestShutdown,
            ShutOffReason.Destroyed => Destroyed,
            ShutOffReason.Crashed => "crashed",
            ShutOffReason.Failed => "failed",
            ShutOffReason.Daemon => "ended-by-libvirt",
            _ => null,
        },
        _ => null,
    };
}
