using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nssv.Libvirt;

/// <summary>libvirt's event loop on one thread of its own, for the life of the process: events, keep-alive and close callbacks come from it.</summary>
internal static unsafe class LibvirtEventLoop
{
    private static readonly Lock Gate = new();
    private static bool _running;

    /// <summary>Must have been called before the first connection is opened (virEventRegisterDefaultImpl). Repeats do nothing.</summary>
    internal static void Ensure()
    {
        lock (Gate)
        {
            if (_running)
                return;
            if (Native.virInitialize() < 0)
                throw LibvirtException.Last("virInitialize");
            Native.virSetErrorFunc(0, &Silent);
            if (Native.virEventRegisterDefaultImpl() < 0)
                throw LibvirtException.Last("virEventRegisterDefaultImpl");
            new Thread(Run) { IsBackground = true, Name = "libvirt events" }.Start();
            _running = true;
        }
    }

    private static void Run()
    {
        while (true)
        {
            // An iteration that fails (EINTR, a handle closed under it) is simply tried again; the pause keeps a lasting fault from spinning.
            if (Native.virEventRunDefaultImpl() < 0)
                Thread.Sleep(50);
        }
    }

    /// <summary>Otherwise libvirt prints each error to standard error; they are in the exceptions.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Silent(nint userData, Native.Error* error)
    {
    }
}
