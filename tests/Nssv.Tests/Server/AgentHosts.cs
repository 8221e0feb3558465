using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
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
        using var client = server.SignedIn();
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

    public static string Request(ECDsa key) => new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();

    public static Heartbeat Beat(Id hostId) => new(hostId, "boot", 1, 1, new HostCapacity(1, 1, "", "kvm", "", "", "", "x86_64"), []);

    private static Id NewId() => new(Guid.CreateVersion7());
}
