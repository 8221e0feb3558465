using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nssv.Libvirt;

/// <summary>libvirt.so.0 as its headers declare it (libvirt.org/html). Every call may block; errors are per thread.</summary>
internal static unsafe partial class Native
{
    private const string Library = "libvirt.so.0";

    internal sealed class ConnectHandle() : SafeHandleZeroOrMinusOneIsInvalid(true)
    {
        protected override bool ReleaseHandle() => virConnectClose(handle) >= 0;
    }

    internal sealed class DomainHandle() : SafeHandleZeroOrMinusOneIsInvalid(true)
    {
        protected override bool ReleaseHandle() => virDomainFree(handle) == 0;

        /// <summary>Takes over a reference that libvirt handed out in an array.</summary>
        internal static DomainHandle Adopt(nint pointer)
        {
            var handle = new DomainHandle();
            handle.SetHandle(pointer);
            return handle;
        }
    }

    /// <summary>The head of struct _virError; the rest is never read.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Error
    {
        public int Code;
        public int Domain;
        public nint Message;
        public int Level;
    }

    [LibraryImport(Library)] internal static partial int virInitialize();
    [LibraryImport(Library)] internal static partial Error* virGetLastError();
    [LibraryImport(Library)] internal static partial void virSetErrorFunc(nint userData, delegate* unmanaged[Cdecl]<nint, Error*, void> handler);

    [LibraryImport(Library)] internal static partial int virEventRegisterDefaultImpl();
    [LibraryImport(Library)] internal static partial int virEventRunDefaultImpl();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial ConnectHandle virConnectOpen(string name);
    [LibraryImport(Library)] internal static partial int virConnectClose(nint connection);
    [LibraryImport(Library)] internal static partial int virConnectIsAlive(ConnectHandle connection);
    [LibraryImport(Library)] internal static partial int virConnectSetKeepAlive(ConnectHandle connection, int intervalSeconds, uint count);
    [LibraryImport(Library)] internal static partial int virConnectGetLibVersion(ConnectHandle connection, out ulong version);
    [LibraryImport(Library)] internal static partial int virConnectGetVersion(ConnectHandle connection, out ulong version);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint virConnectGetDomainCapabilities(ConnectHandle connection, string? emulator, string? architecture, string? machine, string? virtualizationType, uint flags);
    [LibraryImport(Library)]
    internal static partial int virConnectRegisterCloseCallback(ConnectHandle connection, delegate* unmanaged[Cdecl]<nint, int, nint, void> callback, nint opaque, delegate* unmanaged[Cdecl]<nint, void> free);
    [LibraryImport(Library)]
    internal static partial int virConnectUnregisterCloseCallback(ConnectHandle connection, delegate* unmanaged[Cdecl]<nint, int, nint, void> callback);
    [LibraryImport(Library)]
    internal static partial int virConnectDomainEventRegisterAny(ConnectHandle connection, nint domain, int eventId, nint callback, nint opaque, delegate* unmanaged[Cdecl]<nint, void> free);
    [LibraryImport(Library)] internal static partial int virConnectDomainEventDeregisterAny(ConnectHandle connection, int callbackId);
    [LibraryImport(Library)] internal static partial int virConnectListAllDomains(ConnectHandle connection, out nint* domains, uint flags);

    [LibraryImport(Library)] internal static partial DomainHandle virDomainLookupByUUID(ConnectHandle connection, byte* uuid);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial DomainHandle virDomainDefineXMLFlags(ConnectHandle connection, string xml, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainFree(nint domain);
    [LibraryImport(Library)] internal static partial int virDomainGetUUID(nint domain, byte* uuid);
    [LibraryImport(Library)] internal static partial nint virDomainGetName(DomainHandle domain);
    [LibraryImport(Library)] internal static partial int virDomainCreateWithFlags(DomainHandle domain, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainShutdownFlags(DomainHandle domain, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainReboot(DomainHandle domain, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainReset(DomainHandle domain, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainDestroyFlags(DomainHandle domain, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainSuspend(DomainHandle domain);
    [LibraryImport(Library)] internal static partial int virDomainResume(DomainHandle domain);
    [LibraryImport(Library)] internal static partial int virDomainUndefineFlags(DomainHandle domain, uint flags);
    [LibraryImport(Library)] internal static partial int virDomainIsPersistent(DomainHandle domain);
    [LibraryImport(Library)] internal static partial int virDomainGetState(DomainHandle domain, out int state, out int reason, uint flags);
    [LibraryImport(Library)] internal static partial nint virDomainGetXMLDesc(DomainHandle domain, uint flags);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint virDomainGetMetadata(DomainHandle domain, int type, string? uri, uint flags);

    /// <summary>libvirt's strings and arrays come from malloc.</summary>
    [LibraryImport("libc", EntryPoint = "free")] internal static partial void Free(nint pointer);

    /// <summary>Copies a string that the caller owns, and frees it.</summary>
    internal static string Take(nint pointer)
    {
        try
        {
            return Marshal.PtrToStringUTF8(pointer) ?? "";
        }
        finally
        {
            Free(pointer);
        }
    }
}
