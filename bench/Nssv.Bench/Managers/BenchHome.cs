using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Nssv.Bench.Load;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Nssv.Services.Identity;

namespace Nssv.Bench.Managers;

/// <summary>The folder of a platform of the bench's own, as 'nssv-server init' makes it: certificates, database, first account.</summary>
internal sealed record BenchHome(ServerSettings Settings, string Password)
{
    public X509Certificate2 Authority => X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(Settings.Folder, "ca.crt")));

    /// <summary>Trusts this platform's authority alone.</summary>
    public X509ChainPolicy ChainPolicy => new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { Authority } };

    /// <param name="database">PostgreSQL's URL; null: SQLite.</param>
    public static async Task<BenchHome> Prepare(string folder, string? database)
    {
        var time = TimeProvider.System;
        var settings = new ServerSettings
        {
            Home = folder,
            PlatformId = new(Guid.CreateVersion7()),
            ManagerId = new(Guid.CreateVersion7()),
            Listen = IPAddress.Loopback,
            HttpsPort = FreePort.Next(),
            AgentApiPort = FreePort.Next(),
            AgentApiHost = "localhost",
            Database = database,
        };
        Directory.CreateDirectory(settings.Folder);
        new CertificateFiles(settings.Folder).Create(settings.PlatformId, settings.ManagerId, ["localhost", "127.0.0.1"], time);
        var password = "";
        await using var prepared = DataServices.Open(settings, DataServices.Models);
        Migrator.Apply(prepared, time, Server.Composition.Migrations.All);
        await using var writer = new Writer(prepared, MemberFence.Acquire(prepared, settings.ManagerId, time), new WriterOptions { Time = time });
        await FirstAccount.Create(new Store(prepared), writer, new RandomIds(time), time, new RandomSecrets(), settings.PlatformId, made => password = made);
        return new(settings, password);
    }

    /// <summary>Opens a session at the manager that runs on it.</summary>
    public async Task<(string Token, Caller Admin)> SignIn()
    {
        using var connection = await TlsConnection.Open(Settings.HttpsPort, Authority);
        var body = new JsonObject { ["accountName"] = FirstAccount.Name, ["password"] = Password }.ToJsonString();
        var status = await connection.Exchange(TlsConnection.Request("POST", "/api/v1/sessions", null, body));
        var session = JsonNode.Parse(connection.Body.Span)!;
        return status == StatusCodes.Status201Created
            ? (session["token"]!.GetValue<string>(), new Caller(Id.Parse(session["accountId"]!.GetValue<string>()), Settings.PlatformId, FirstAccount.Name, CallerRole.Admin))
            : throw new InvalidOperationException($"Signing in was answered with {status}: {session}");
    }
}
