using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Nssv.Tests.Client;
using Shouldly;

namespace Nssv.Tests.Cli;

/// <summary>Runs commands against a server that knows one resource of each kind and accepts everything; tells what was sent.</summary>
internal sealed class SentRequests : IDisposable
{
    private const string Done = """{"id":"op-1","kind":"schedule.create","state":"succeeded","progress":100,"target":{"type":"schedule","id":"s-1"},"steps":[]}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-sent-").FullName;
    private readonly X509Certificate2 _authority = TestCertificates.Make("CN=authority", null, "");

    /// <summary>What the last command asked for by GET.</summary>
    public IReadOnlyList<string> Reads { get; private set; } = [];

    /// <summary>"METHOD path body" of the only request that was no GET, and what the command wrote.</summary>
    public async Task<string> Of(params string[] arguments) => (await Run("""{"items":[{"id":"the-id","name":"it"}]}""", arguments)).Sent;

    /// <param name="read">What every GET answers.</param>
    public Task<(string Sent, string Out)> Run(string read, params string[] arguments) => Answered(read, null, arguments);

    /// <param name="plan">What every other request answers, at once.</param>
    public async Task<(string Sent, string Out)> Answered(string read, string? plan, params string[] arguments)
    {
        using var certificate = TestCertificates.Make("CN=localhost", _authority, "localhost");
        await using var manager = await TestManager.Start(context => context.Request.Method == "GET" ? context.Json(read) : plan is null ? context.Json(Done, 202) : context.Json(plan), certificate);
        var file = Path.Combine(_folder, "ca.crt");
        await File.WriteAllTextAsync(file, _authority.ExportCertificatePem());
        var run = await CliRun.With(
            new Dictionary<string, string> { ["NSSV_SERVER"] = manager.Address.ToString(), ["NSSV_TOKEN"] = "token-1", ["NSSV_CA"] = file, ["NSSV_HOME"] = _folder }, arguments);
        run.ExitCode.ShouldBe(0, run.Error);
        Reads = [.. manager.Seen.Where(request => request.Method == "GET").Select(request => request.Path)];
        var sent = manager.Seen.Where(request => request.Method != "GET").Select(request =>
            $"{request.Method} {request.Path}{(request.Body.Length > 0 ? " " + JsonNode.Parse(request.Body)!.ToJsonString() : "")}");
        return (string.Join('\n', sent), run.Out);
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
