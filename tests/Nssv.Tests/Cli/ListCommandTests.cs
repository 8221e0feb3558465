using System.Security.Cryptography.X509Certificates;
using Nssv.Tests.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>What list commands ask for and show.</summary>
public sealed class ListCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nssv-list-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Make("CN=authority", null, "");

    private const string Machines = """{"items":[{"name":"web-1","host":{"name":"h-1"},"volumes":[{"sizeBytes":1073741824},{"sizeBytes":2147483648}]},{"name":"web-2","host":null,"volumes":[]}]}""";

    [Fact]
    public async Task Fields_are_asked_for_and_are_the_columns()
    {
        await using var manager = await Manager(Machines);
        var run = await Run(manager, "--fields", "name,host.name,volumes.sizeBytes", "--filter", "host.cluster.name = c");

        run.ExitCode.ShouldBe(0, run.Error);
        manager.Seen.ShouldHaveSingleItem().Path.ShouldBe("/api/v1/virtual-machines?limit=500&filter=host.cluster.name%20%3D%20c&sort=name&fields=name%2Chost.name%2Cvolumes.sizeBytes");
        run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            .Skip(1).ShouldBe(["web-1 h-1 1 GiB, 2 GiB", "web-2 - -"]);
    }

    [Fact]
    public async Task What_is_expanded_is_in_the_data()
    {
        await using var manager = await Manager(Machines);
        var run = await Run(manager, "--expand", "host,volumes", "--output", "json");

        run.ExitCode.ShouldBe(0, run.Error);
        manager.Seen.ShouldHaveSingleItem().Path.ShouldContain("expand=host%2Cvolumes");
        run.Out.ShouldContain("1073741824");
    }

    [Fact]
    public async Task Groups_have_their_own_columns_with_units()
    {
        await using var manager = await Manager("""{"items":[],"groups":[{"host.name":"h-1","count":2,"sum(memoryBytes)":1073741824}]}""");
        var run = await Run(manager, "--group-by", "host.name", "--aggregate", "count,sum(memoryBytes)");

        run.ExitCode.ShouldBe(0, run.Error);
        manager.Seen.ShouldHaveSingleItem().Path.ShouldBe("/api/v1/virtual-machines?aggregate=count%2Csum%28memoryBytes%29&groupBy=host.name");
        run.Out.ShouldContain("sum(memoryBytes)");
        run.Out.ShouldContain("1 GiB");
        (await Run(manager, "--group-by", "state", "--sort", "name")).Error.ShouldContain("--sort does not go with groups");
    }

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private Task<TestManager> Manager(string answer) =>
        TestManager.Start(context => context.Json(answer), TestCertificates.Make("CN=localhost", authority, "localhost"));

    private Task<CliRun> Run(TestManager manager, params string[] arguments)
    {
        var file = Path.Combine(folder, "ca.crt");
        File.WriteAllText(file, authority.ExportCertificatePem());
        var variables = new Dictionary<string, string> { ["NSSV_SERVER"] = manager.Address.ToString(), ["NSSV_TOKEN"] = "token-1", ["NSSV_CA"] = file, ["NSSV_HOME"] = folder };
        return CliRun.With(variables, ["vm", "list", .. arguments]);
    }
}
