using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nssv.Server.Memory;

/// <summary>
/// OpenSSL keeps two buffers of 16 KiB with each connection unless a context says that idle ones are given back (SSL_CTX_set_mode(3)): a third of what a host
/// that only sends heartbeats costs the manager. SslStream makes the contexts and has no setting for it, so OpenSSL is asked to tell of each new one
/// (CRYPTO_get_ex_new_index(3)).
/// </summary>
internal static unsafe partial class TlsBuffers
{
    // The runtime's first choice. Where it has taken another, that one goes on keeping its buffers.
    private const string Ssl = "libssl.so.3", Crypto = "libcrypto.so.3";
    private const int ContextIndex = 1; // CRYPTO_EX_INDEX_SSL_CTX
    private const int ModeControl = 33; // SSL_CTRL_MODE: adds to the modes that are set
    private const long ReleaseBuffers = 0x10; // SSL_MODE_RELEASE_BUFFERS

    private static readonly Lock Once = new();
    private static bool _asked;

    /// <summary>For all connections of this process whose context is made from now on. OpenSSL must be in use already: the runtime begins with its own settings.</summary>
    public static void ReleaseWhenIdle()
    {
        lock (Once)
        {
            if (_asked || !NativeLibrary.TryLoad(Ssl, out _) || !NativeLibrary.TryLoad(Crypto, out _))
                return;
            _asked = true;
            _ = NewIndex(ContextIndex, default, 0, &Made, 0, 0);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Made(nint context, nint value, nint data, int index, CLong number, nint pointer) => Control(context, ModeControl, new CLong((nint)ReleaseBuffers), 0);

    [LibraryImport(Crypto, EntryPoint = "CRYPTO_get_ex_new_index")]
    private static partial int NewIndex(int kind, CLong number, nint pointer, delegate* unmanaged[Cdecl]<nint, nint, nint, int, CLong, nint, void> made, nint copied, nint freed);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_ctrl")]
    private static partial CLong Control(nint context, int command, CLong number, nint pointer);
}
