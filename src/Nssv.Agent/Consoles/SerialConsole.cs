using System.Net.Sockets;
using Nssv.Agent.Domains;
using Nssv.Kernel;

namespace Nssv.Agent.Consoles;

/// <summary>
/// Connects to the unix socket that QEMU listens on for the first serial port. QEMU serves one connection and leaves a second one waiting unheard;
/// so the newest viewer wins, as somebody who lost a session expects when connecting again.
/// </summary>
internal sealed class SerialConsole(Func<Id, string> socketOf) : IConsoleBridge
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<Id, Viewer> _viewers = [];

    public async Task<Stream> Open(Id virtualMachineId, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(ConnectLimit);
            Viewer? before;
            lock (_gate)
                _viewers.Remove(virtualMachineId, out before);
            if (before is not null)
                await before.DisposeAsync().ConfigureAwait(false);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketOf(virtualMachineId)), limit.Token).ConfigureAwait(false);
            var viewer = new Viewer(socket, this, virtualMachineId);
            Viewer? beside;
            lock (_gate)
            {
                _viewers.Remove(virtualMachineId, out beside);
                _viewers[virtualMachineId] = viewer;
            }

            if (beside is not null)
                await beside.DisposeAsync().ConfigureAwait(false);
            return viewer;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            socket.Dispose();
            throw new ProblemException(DomainProblems.NoConsole(virtualMachineId), e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A stream whose reader sees an end, and no exception, when another viewer takes over.</summary>
    private sealed class Viewer(Socket socket, SerialConsole owner, Id virtualMachineId) : NetworkStream(socket, ownsSocket: true)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return 0;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                lock (owner._gate)
                {
                    if (owner._viewers.GetValueOrDefault(virtualMachineId) == this)
                        owner._viewers.Remove(virtualMachineId);
                }
            }

            base.Dispose(disposing);
        }
    }
}
