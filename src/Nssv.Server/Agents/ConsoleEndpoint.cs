using System.Net.WebSockets;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Server.Audit;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;
using Nssv.Services.Identity;

namespace Nssv.Server.Agents;

/// <summary>
/// GET /api/v1/virtual-machines/{id}/console: a WebSocket to the machine's serial console, passed on to the host that runs it.
/// The session comes in a header, which a foreign web page cannot set; when it ends, so does the console.
/// </summary>
internal sealed class ConsoleEndpoint(IStore store, AgentClient agents, Sessions sessions, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public const string Permission = "virtual-machine.console";
    private const int BufferSize = 16 * 1024;
    private static readonly TimeSpan SessionCheck = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet($"{ApiPaths.Root}/virtual-machines/{{id}}/console", Handle).Allow(Access.Permitted(Permission))
            .WithMetadata(new Audited("virtual-machine.console"), new Answers("The serial console, a WebSocket", ("101", null)));

    private async Task Handle(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        var machine = await store.Get<VirtualMachine>(http.RouteId()!.Value);
        if (machine.HostId is not { } hostId || machine.State is not (VmState.Running or VmState.Paused or VmState.Starting or VmState.Stopping))
            throw new Problem(409, "vm-not-running", "The virtual machine does not run.", $"{machine.Name} is {machine.State.ToString().ToLowerInvariant()}.", "Start it first.").AsException();
        // Looked at after the machine: who asks plainly hears of what is wrong with it.
        if (!http.WebSockets.IsWebSocketRequest)
            throw new Problem(426, "websocket-needed", "The console is a WebSocket.", "The request does not ask for an upgrade to one.", "Use './nssv vm console', or a WebSocket client.").AsException();

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        using var host = await Connect(hostId, machine.Id, cancel.Token);
        using var person = await http.WebSockets.AcceptWebSocketAsync();
        await Bridge(person, host, http, cancel);
    }

    private async Task<ClientWebSocket> Connect(Id hostId, Id machineId, CancellationToken cancel)
    {
        var socket = new ClientWebSocket();
        try
        {
            var url = await agents.Url(hostId, $"/agent/v1/console/{machineId}");
            await socket.ConnectAsync(new UriBuilder(url) { Scheme = Uri.UriSchemeWss }.Uri, agents.Of(hostId), cancel);
            return socket;
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or HostUnreachableException)
        {
            socket.Dispose();
            throw new ProblemException(new Problem(502, "console-unreachable", "The console cannot be reached.", "The host that runs the machine does not answer, or the machine has just stopped.", "See that the host is connected and the machine runs, then try again."), e);
        }
    }

    /// <summary>Until either side closes, the session ends or the manager stops; then both are closed.</summary>
    private async Task Bridge(WebSocket person, ClientWebSocket host, HttpContext http, CancellationTokenSource cancel)
    {
        var up = Pump(person, host, cancel.Token);
        var down = Pump(host, person, cancel.Token);
        var watch = SessionEnds(http, cancel.Token);
        await Task.WhenAny(up, down, watch);
        using var closing = new CancellationTokenSource(ClosingTime, time);
        await Close(person, closing.Token);
        await Close(host, closing.Token);
        await cancel.CancelAsync();
        await Task.WhenAll(up, down, watch);
    }

    private static async Task Pump(WebSocket from, WebSocket to, CancellationToken cancel)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer.AsMemory(), cancel);
                if (read.MessageType == WebSocketMessageType.Close)
                    return;
                await to.SendAsync(buffer.AsMemory(0, read.Count), WebSocketMessageType.Binary, read.EndOfMessage, cancel);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // One side is gone: the bridge ends.
        }
    }

    private async Task SessionEnds(HttpContext http, CancellationToken cancel)
    {
        var token = RequestHeaders.BearerToken(http.Request.Headers)!;
        try
        {
            while (await sessions.Find(token) is not null)
                await Task.Delay(SessionCheck, time, cancel);
        }
        catch (OperationCanceledException)
        {
            // The bridge has ended already.
        }
    }

    private static async Task Close(WebSocket socket, CancellationToken cancel)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancel);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It is gone, which is what was wanted.
        }
    }
}
