using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nssv.Libvirt;

/// <summary>
/// One connection to libvirtd over its unix socket. Its methods block and may be called from several threads. It does not reopen itself: when
/// <see cref="Closed"/> has been raised (libvirtd went away, or answered no keep-alive), dispose it and open another.
/// </summary>
public sealed unsafe class LibvirtConnection : IDisposable
{
    private const int KeepAliveSeconds = 5;
    private const uint KeepAliveCount = 3;
    private const int LifecycleEvent = 0, RebootEvent = 1;

    private readonly Native.ConnectHandle _handle;
    private readonly List<int> _callbacks = [];
    private int _disposed;

    private LibvirtConnection(Native.ConnectHandle handle) => _handle = handle;

    /// <summary>A domain started, stopped, was paused, defined, … Raised on libvirt's event thread: hand over and return, call nothing of libvirt.</summary>
    public event Action<DomainEvent>? DomainEvent;

    /// <summary>The connection is of no more use. Raised on the event thread, once.</summary>
    public event Action<CloseReason>? Closed;

    /// <summary>Opens <paramref name="uri"/>, such as qemu:///system, and subscribes to events. Remote transports are refused: libvirt is never spoken to over a network.</summary>
    public static LibvirtConnection Open(string uri)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Host.Length > 0 || parsed.Scheme.Contains('+', StringComparison.Ordinal) && !parsed.Scheme.EndsWith("+unix", StringComparison.Ordinal))
            throw new ArgumentException($"'{uri}' is not a local libvirt URI.", nameof(uri));
        LibvirtEventLoop.Ensure();
        var handle = Native.virConnectOpen(uri);
        if (handle.IsInvalid)
            throw LibvirtException.Last("virConnectOpen");
        var connection = new LibvirtConnection(handle);
        try
        {
            connection.Subscribe();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public bool IsAlive => _disposed == 0 && Native.virConnectIsAlive(_handle) == 1;

    /// <summary>Version of libvirtd.</summary>
    public Version LibraryVersion => Native.virConnectGetLibVersion(_handle, out var v) < 0 ? throw LibvirtException.Last("virConnectGetLibVersion") : Decode(v);

    /// <summary>Version of QEMU.</summary>
    public Version HypervisorVersion => Native.virConnectGetVersion(_handle, out var v) < 0 ? throw LibvirtException.Last("virConnectGetVersion") : Decode(v);

    /// <summary>What a domain of this kind may have, host-model CPU included (XML). Null leaves the choice to libvirt.</summary>
    public string DomainCapabilities(string? emulator, string? architecture, string? machine, string? virtualizationType) =>
        Text(Native.virConnectGetDomainCapabilities(_handle, emulator, architecture, machine, virtualizationType, 0), "virConnectGetDomainCapabilities");

    /// <summary>Every domain, running or not. The caller disposes each.</summary>
    public IReadOnlyList<LibvirtDomain> ListDomains()
    {
        var count = Native.virConnectListAllDomains(_handle, out var pointers, 0);
        if (count < 0)
            throw LibvirtException.Last("virConnectListAllDomains");
        try
        {
            var domains = new LibvirtDomain[count];
            for (var i = 0; i < count; i++)
                domains[i] = new LibvirtDomain(Native.DomainHandle.Adopt(pointers[i]));
            return domains;
        }
        finally
        {
            Native.Free((nint)pointers);
        }
    }

    /// <summary>The domain with this UUID, or null. The caller disposes it.</summary>
    public LibvirtDomain? Find(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        fixed (byte* pointer = bytes)
        {
            var handle = Native.virDomainLookupByUUID(_handle, pointer);
            if (!handle.IsInvalid)
                return new LibvirtDomain(handle);
            var error = LibvirtException.Last("virDomainLookupByUUID");
            return error.Code is LibvirtError.NoDomain ? null : throw error;
        }
    }

    /// <summary>Defines or redefines a persistent domain; the XML is validated against libvirt's schema.</summary>
    public LibvirtDomain Define(string xml)
    {
        const uint validate = 1;
        var handle = Native.virDomainDefineXMLFlags(_handle, xml, validate);
        return handle.IsInvalid ? throw LibvirtException.Last("virDomainDefineXMLFlags") : new LibvirtDomain(handle);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        // Each subscription holds a reference of its own: without this the socket stays open.
        foreach (var id in _callbacks)
            _ = Native.virConnectDomainEventDeregisterAny(_handle, id);
        _ = Native.virConnectUnregisterCloseCallback(_handle, &OnClosed);
        _handle.Dispose();
    }

    private void Subscribe()
    {
        var closing = GCHandle.Alloc(this, GCHandleType.Weak);
        if (Native.virConnectRegisterCloseCallback(_handle, &OnClosed, GCHandle.ToIntPtr(closing), &FreeOpaque) < 0)
        {
            closing.Free();
            throw LibvirtException.Last("virConnectRegisterCloseCallback");
        }

        if (Native.virConnectSetKeepAlive(_handle, KeepAliveSeconds, KeepAliveCount) < 0)
            throw LibvirtException.Last("virConnectSetKeepAlive");
        delegate* unmanaged[Cdecl]<nint, nint, int, int, nint, int> lifecycle = &OnLifecycle;
        delegate* unmanaged[Cdecl]<nint, nint, nint, void> reboot = &OnReboot;
        Register(LifecycleEvent, (nint)lifecycle);
        Register(RebootEvent, (nint)reboot);
    }

    private void Register(int eventId, nint callback)
    {
        var self = GCHandle.Alloc(this, GCHandleType.Weak);
        var id = Native.virConnectDomainEventRegisterAny(_handle, 0, eventId, callback, GCHandle.ToIntPtr(self), &FreeOpaque);
        if (id < 0)
        {
            self.Free();
            throw LibvirtException.Last("virConnectDomainEventRegisterAny");
        }

        _callbacks.Add(id);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnLifecycle(nint connection, nint domain, int type, int detail, nint opaque)
    {
        Raise(opaque, domain, (DomainEventType)type, detail);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnReboot(nint connection, nint domain, nint opaque) => Raise(opaque, domain, DomainEventType.Rebooted, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnClosed(nint connection, int reason, nint opaque)
    {
        if (GCHandle.FromIntPtr(opaque).Target is LibvirtConnection self)
            self.Closed?.Invoke((CloseReason)reason);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FreeOpaque(nint opaque) => GCHandle.FromIntPtr(opaque).Free();

    private static void Raise(nint opaque, nint domain, DomainEventType type, int detail)
    {
        if (GCHandle.FromIntPtr(opaque).Target is not LibvirtConnection self)
            return;
        var uuid = stackalloc byte[16];
        if (Native.virDomainGetUUID(domain, uuid) == 0)
            self.DomainEvent?.Invoke(new DomainEvent(new Guid(new ReadOnlySpan<byte>(uuid, 16), bigEndian: true), type, detail));
    }

    private static string Text(nint pointer, string call) => pointer == 0 ? throw LibvirtException.Last(call) : Native.Take(pointer);

    /// <summary>libvirt packs versions as major * 1,000,000 + minor * 1,000 + release.</summary>
    private static Version Decode(ulong version) => new((int)(version / 1_000_000), (int)(version / 1_000 % 1_000), (int)(version % 1_000));
}
