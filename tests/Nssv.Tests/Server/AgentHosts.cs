using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Services.Identity;
using Shouldly;

namespace Nssv.Tests.Server;

/// <summary>Hosts of a running server, and what their agents do to be let in.</summary>
internal static class AgentHosts
{
    public static async Task<Host> AddHost(this RunningServer server)
    {
        var (now, center) = (Clock.Now(server.Time), await server.AddDataCenter("agents"));
        var cluster = new Cluster { Id = NewId(), ProjectId = server.PlatformId, CreatedBy = server.PlatformId, CreatedAt = now, UpdatedAt = now, Version = 1, Name = "c", DataCenterId = center.Id, Architecture = Architecture.X86_64 };
        var host = new Host
        {
            Id = NewId(),
            ProjectId = server.PlatformId,
            CreatedBy = server.PlatformId,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Name = "h",
            ClusterId = cluster.Id,
            Address = "localhost",
            ReservedMemoryBytes = 0,
            CpuOvercommitRatio = 1,
            State = HostState.Enrolling,
        };
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(cluster).Insert(host));
        return host;
    }

    public static async Task<string> TakeToken(this RunningServer server, Id hostId)
    {
        // Another test may have moved the clock beyond the first session.
        using var client = server.SignedIn(await server.SignIn(FirstAccount.Name, server.Password));
        using var answer = await client.PostAsync($"/api/v1/hosts/{hostId}:enroll", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["token"]!.GetValue<string>();
    }

    public static async Task<X509Certificate2> Enrol(HttpClient client, string token, string agentUrl)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var answer = await client.PostAsJsonAsync("/enroll", new EnrolRequest(token, Request(key), agentUrl), KernelJson.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        var reply = (await answer.Content.ReadFromJsonAsync<EnrolReply>(KernelJson.Options))!;
        using var certificate = X509Certificate2.CreateFromPem(reply.CertificatePem);
        using var whole = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A port that answers commands with what it saw of them, with the certificate that it is given for its address.</summary>
    public static async Task<(WebApplication App, string Url)> StartAgent(Func<string, Task<X509Certificate2>> enrol, Action? closed = null, Action<HttpContext>? woken = null)
    {
        var certificate = new X509Certificate2?[1];
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => async connection =>
            {
                await next(connection);
                closed?.Invoke();
            });
            listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificateSelector = (_, _) => certificate[0], ClientCertificateMode = ClientCertificateMode.RequireCertificate, ClientCertificateValidation = (_, _, _) => true });
        }));
        var app = builder.Build();
        app.MapPost("/agent/v1/commands", async (HttpContext http) =>
        {
            var batch = (await JsonSerializer.DeserializeAsync<CommandBatch>(http.Request.Body, KernelJson.Options))!;
            await http.Response.WriteAsJsonAsync(new CommandReceipt([http.Request.Protocol, http.Request.Headers["X-Callback-Url"].ToString(), batch.Commands[0].Id], []), KernelJson.Options);
        });
        app.MapPost("/agent/v1/heartbeat", (HttpContext http) =>
        {
            woken?.Invoke(http);
            return Results.NoContent();
        });
        await app.StartAsync();
        var url = app.Urls.Single();
        certificate[0] = await enrol(url);
        return (app, url);
    }

    public static string Request(ECDsa key) => new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public static Heartbeat Beat(Id hostId) => new(hostId, "boot", 1, 1, new HostCapacity(1, 1, "", "kvm", "", "", "", "x86_64"), []);

    private static Id NewId() => new(Guid.CreateVersion7());
}
