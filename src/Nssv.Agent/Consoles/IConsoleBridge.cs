using Nssv.Kernel;

namespace Nssv.Agent.Consoles;

/// <summary>The way to a guest's serial console.</summary>
internal interface IConsoleBridge
{
    /// <summary>Raw bytes both ways. One viewer at a time: a new one takes over, and the stream of the one before ends.</summary>
    Task<Stream> Open(Id virtualMachineId, CancellationToken cancel);
}
