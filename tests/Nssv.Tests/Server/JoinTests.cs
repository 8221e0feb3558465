using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

[Trait("group", "data")]
public sealed class JoinTests(PostgresServer postgres) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-join-").FullName;

    [Fact]
    public async Task A_further_manager_has_an_identity_of_its_own_from_the_platforms_authority()
    {
        var first = await First("first", await postgres.CreateDatabase());
        await Join("second", first);
        await Join("second", first);

        var (mine, its) = (Settings("second"), Settings("first"));
        mine["platformId"]!.GetValue<string>().ShouldBe(its["platformId"]!.GetValue<string>());
        mine["database"]!.GetValue<string>().ShouldBe(its["database"]!.GetValue<string>());
        mine["managerId"]!.GetValue<string>().ShouldNotBe(its["managerId"]!.GetValue<string>());
        foreach (var file in new[] { "manager/ca.pfx", "manager/manager.pfx", "manager/server.pfx", "manager/manager.json", "admin-password" })
            File.GetUnixFileMode(Home("second", file)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        using var certificate = CertificateFiles.Open(Home("second", "manager/manager.pfx"), null);
        using var authority = new CertificateFiles(Home("first", "manager")).OpenAuthority(Nssv.Kernel.Id.Parse(its["platformId"]!.GetValue<string>()), TimeProvider.System);
        authority.Verify(certificate, asClient: true)!.Id.ToString().ShouldBe(mine["managerId"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_cannot_be_joined_is_refused_and_leaves_nothing()
    {
        var first = await First("first", await postgres.CreateDatabase());
        (await Refused("first", first)).ShouldContain("is the home of the manager that is to be joined");
        var alone = await First("alone", null);
        (await Refused("second", alone)).ShouldContain("SQLite");
        (await Refused("second", Home("nowhere"))).ShouldContain("is no manager's home");

        var other = await First("other", await postgres.CreateDatabase());
        Change(other, "database", Settings("first")["database"]!.GetValue<string>());
        (await Refused("second", other)).ShouldContain("holds the platform");
        Change(other, "database", await postgres.CreateDatabase());
        (await Refused("second", other)).ShouldContain("holds no platform");
        Directory.Exists(Home("second")).ShouldBeFalse();

        // A home that was copied is the same manager twice.
        Directory.CreateDirectory(Home("copy", "manager"));
        File.Copy(Home("first", "manager/manager.json"), Home("copy", "manager/manager.json"));
        (await Refused("copy", first)).ShouldContain("copy");
    }

    [Fact]
    public async Task A_platform_is_not_begun_in_the_database_of_another()
    {
        var database = await postgres.CreateDatabase();
        await First("first", database);
        (await Should.ThrowAsync<ConfigurationException>(() => First("second", database))).Message.ShouldContain("holds the platform");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> First(string name, string? database)
    {
        Directory.CreateDirectory(Home(name, "manager"));
        if (database is not null)
            File.WriteAllText(Home(name, "manager/manager.json"), new JsonObject { ["database"] = database }.ToJsonString());
        (await InitCommand.Run(CommandLine.Parse(["init", "--home", Home(name)]), TimeProvider.System)).ShouldBe(0);
        return Home(name);
    }

    private Task<int> Join(string name, string from) => JoinCommand.Run(CommandLine.Parse(["join", "--home", Home(name), "--from", from]), TimeProvider.System);

    private async Task<string> Refused(string name, string from) => (await Should.ThrowAsync<ConfigurationException>(() => Join(name, from))).Message;

    private JsonObject Settings(string name) => JsonNode.Parse(File.ReadAllText(Home(name, "manager/manager.json")))!.AsObject();

    private static void Change(string home, string key, string value)
    {
        var path = Path.Combine(home, "manager/manager.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json[key] = value;
        File.WriteAllText(path, json.ToJsonString());
    }

    private string Home(params string[] parts) => Path.Combine([_folder, .. parts]);
}
