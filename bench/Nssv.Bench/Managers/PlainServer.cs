using System.Net;
using System.Security.Authentication;
using Nssv.Bench.Load;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;

namespace Nssv.Bench.Managers;

/// <summary>What the framework itself does: a minimal API that answers with an object from memory, behind the same TLS.</summary>
internal sealed class PlainServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PlainServer(WebApplication app, int port) => (_app, Port) = (app, port);

    public int Port { get; }

    public static byte[] Request { get; } = TlsConnection.Request("GET", "/machines/7", null);

    public static async Task<PlainServer> Start(ServerSettings settings)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = CertificateFiles.Open(new CertificateFiles(settings.Folder).Server, null);
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        })));
        var app = builder.Build();
        var machines = Enumerable.Range(0, 1_000).Select(i => new Machine(Guid.CreateVersion7(), $"machine {i}", "running", 1, 256L << 20, DateTimeOffset.UtcNow)).ToArray();
        // Made whole before it is sent, as every answer of the manager is.
        app.MapGet("/machines/{number:int}", (int number) => Results.Bytes(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(machines[number % machines.Length]), "application/json"));
        await app.StartAsync();
        return new(app, port);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed record Machine(Guid Id, string Name, string State, int CpuCount, long MemoryBytes, DateTimeOffset CreatedAt);
}
