using System.Runtime.InteropServices;
using Nssv.Server.Memory;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Memory;

/// <summary>On the OpenSSL that the runtime uses.</summary>
public sealed partial class TlsBuffersTests
{
    private const int ModeControl = 33; // SSL_CTRL_MODE
    private const long ReleaseBuffers = 0x10; // SSL_MODE_RELEASE_BUFFERS

    [Fact]
    public void A_context_that_is_made_later_gives_the_buffers_of_idle_connections_back()
    {
        TlsBuffers.ReleaseWhenIdle();
        TlsBuffers.ReleaseWhenIdle();

        var context = Make(Method());
        try
        {
            (Control(context, ModeControl, default, 0).Value & (nint)ReleaseBuffers).ShouldBe((nint)ReleaseBuffers);
        }
        finally
        {
            Free(context);
        }
    }

    [LibraryImport("libssl.so.3", EntryPoint = "TLS_method")]
    private static partial nint Method();

    [LibraryImport("libssl.so.3", EntryPoint = "SSL_CTX_new")]
    private static partial nint Make(nint method);

    [LibraryImport("libssl.so.3", EntryPoint = "SSL_CTX_ctrl")]
    private static partial CLong Control(nint context, int command, CLong number, nint pointer);

    [LibraryImport("libssl.so.3", EntryPoint = "SSL_CTX_free")]
    private static partial void Free(nint context);
}
