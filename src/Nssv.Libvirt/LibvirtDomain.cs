using System.Runtime.InteropServices;

namespace Nssv.Libvirt;

/// <summary>A domain of one connection. Its methods block; a domain that vanished meanwhile throws <see cref="LibvirtError.NoDomain"/>.</summary>
public sealed unsafe class LibvirtDomain : IDisposable
{
    private const int MetadataElement = 2;
    private const uint ActiveOnly = 1, PersistentOnly = 2;
    private const uint StartPaused = 1;
    private const uint XmlInactive = 2;
    private const uint AcpiPowerButton = 1;
    private const uint ManagedSave = 1, SnapshotsMetadata = 2, Nvram = 4, CheckpointsMetadata = 16;

    private readonly Native.DomainHandle _handle;

    internal LibvirtDomain(Native.DomainHandle handle)
    {
        _handle = handle;
        var uuid = stackalloc byte[16];
        _ = Native.virDomainGetUUID(handle.DangerousGetHandle(), uuid);
        Uuid = new Guid(new ReadOnlySpan<byte>(uuid, 16), bigEndian: true);
        Name = Marshal.PtrToStringUTF8(Native.virDomainGetName(handle)) ?? "";
    }

    public Guid Uuid { get; }

    public string Name { get; }

    /// <summary>State and why it is in it; the reason's meaning depends on the state (virDomain…Reason).</summary>
    public (LibvirtState State, int Reason) State =>
        Native.virDomainGetState(_handle, out var state, out var reason, 0) < 0 ? throw LibvirtException.Last("virDomainGetState") : ((LibvirtState)state, reason);

    public bool IsPersistent => Native.virDomainIsPersistent(_handle) is var answer && answer < 0 ? throw LibvirtException.Last("virDomainIsPersistent") : answer == 1;

    /// <summary>The definition for the next start when <paramref name="inactive"/>, else what runs (what is defined, when nothing runs).</summary>
    public string Xml(bool inactive)
    {
        var text = Native.virDomainGetXMLDesc(_handle, inactive ? XmlInactive : 0);
        return text == 0 ? throw LibvirtException.Last("virDomainGetXMLDesc") : Native.Take(text);
    }

    /// <summary>The metadata element of this namespace, of what runs or of the definition; null when there is none.</summary>
    public string? Metadata(string namespaceUri, bool ofRunning)
    {
        var text = Native.virDomainGetMetadata(_handle, MetadataElement, namespaceUri, ofRunning ? ActiveOnly : PersistentOnly);
        if (text != 0)
            return Native.Take(text);
        var error = LibvirtException.Last("virDomainGetMetadata");
        return error.Code is LibvirtError.NoMetadata || (error.Code is LibvirtError.OperationInvalid or LibvirtError.InvalidArgument) ? null : throw error;
    }

    /// <summary>Starts it; <paramref name="paused"/> leaves the guest's CPUs stopped.</summary>
    public void Start(bool paused) => Check(Native.virDomainCreateWithFlags(_handle, paused ? StartPaused : 0), "virDomainCreateWithFlags");

    /// <summary>Presses the power button (ACPI); returns at once.</summary>
    public void Shutdown() => Check(Native.virDomainShutdownFlags(_handle, AcpiPowerButton), "virDomainShutdownFlags");

    /// <summary>Asks the guest to reboot (ACPI); returns at once.</summary>
    public void Reboot() => Check(Native.virDomainReboot(_handle, AcpiPowerButton), "virDomainReboot");

    /// <summary>Presses the reset button.</summary>
    public void Reset() => Check(Native.virDomainReset(_handle, 0), "virDomainReset");

    /// <summary>Pulls the plug: QEMU is ended, killed if it must be.</summary>
    public void Destroy() => Check(Native.virDomainDestroyFlags(_handle, 0), "virDomainDestroyFlags");

    public void Suspend() => Check(Native.virDomainSuspend(_handle), "virDomainSuspend");

    public void Resume() => Check(Native.virDomainResume(_handle), "virDomainResume");

    /// <summary>Removes the definition with its NVRAM, managed save image and what libvirt noted of snapshots and checkpoints.</summary>
    public void Undefine() => Check(Native.virDomainUndefineFlags(_handle, ManagedSave | SnapshotsMetadata | Nvram | CheckpointsMetadata), "virDomainUndefineFlags");

    public void Dispose() => _handle.Dispose();

    private static void Check(int result, string call)
    {
        if (result < 0)
            throw LibvirtException.Last(call);
    }
}
