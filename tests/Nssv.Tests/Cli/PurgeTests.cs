using Nssv.Cli;
using Nssv.Cli.Platform;
using Nssv.Cli.Platform.Processes;
using Nssv.Cli.Platform.Remove;
using Nssv.Cli.Platform.Start;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>A purge removes what carries the instance's id, whatever its name looks like.</summary>
public sealed class PurgeTests : IDisposable
{
    private const string Mine = "0a1b2c3d-0000-4000-8000-000000000000", Other = "0a1b2c3d-ffff-4000-8000-000000000000";

    private readonly InstanceHome _home = new(Directory.CreateTempSubdirectory("nssv-purge-").FullName);
    private readonly DirectoryInfo _logs = Directory.CreateTempSubdirectory("nssv-purge-logs-");

    /// <summary>What a machine's virsh knows: names with their XML; null where it cannot be read.</summary>
    private readonly Dictionary<string, string?> _domains = new()
    {
        ["nssv-0a1b2c3d-own"] = Marked(Mine),
        ["nssv-0a1b2c3d-twin"] = Marked(Other),
        ["nssv-0a1b2c3d-unmarked"] = "<domain/>",
        ["nssv-0a1b2c3d-unreadable"] = null,
        ["nssv-0a1b2c3d-broken"] = "<domain",
        ["somebody-else"] = Marked(Mine),
    };

    [Fact]
    public async Task What_does_not_carry_the_instance_s_id_stays_and_what_might_be_ours_is_named()
    {
        foreach (var log in new[] { "nssv-0a1b2c3d-own.log", "nssv-0a1b2c3d-own.log.0", "nssv-0a1b2c3d-twin.log", "nssv-0a1b2c3d-unreadable.log" })
            File.WriteAllText(Path.Combine(_logs.FullName, log), "");
        var said = new StringWriter();

        await Purge(said);

        _domains.Keys.Order().ShouldBe(["nssv-0a1b2c3d-broken", "nssv-0a1b2c3d-twin", "nssv-0a1b2c3d-unmarked", "nssv-0a1b2c3d-unreadable", "somebody-else"]);
        _logs.EnumerateFiles().Select(file => file.Name).Order().ShouldBe(["nssv-0a1b2c3d-twin.log", "nssv-0a1b2c3d-unreadable.log"]);
        var left = said.ToString().Split('\n').Where(line => line.Contains("was left", StringComparison.Ordinal)).ToList();
        left.Count.ShouldBe(3);
        left.ShouldNotContain(line => line.Contains("twin", StringComparison.Ordinal) || line.Contains("own ", StringComparison.Ordinal));
        said.ToString().ShouldContain("1 removed");
        Directory.Exists(_home.Root).ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_start_that_failed_has_left_is_removed_and_nothing_else_is()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("needs root");
        HomeFolders.Make(_home);
        StartLock.Take(_home).Dispose();
        (await Down()).ShouldBe((0, ""));
        Directory.Exists(_home.Root).ShouldBeTrue();
        foreach (var foreign in new[] { _home.At("letter.txt"), Path.Combine(_home.Data, "disk.qcow2") })
        {
            File.WriteAllText(foreign, "");
            (await Down("--purge", "--yes")).Code.ShouldBe(1, foreign);
            File.Delete(foreign);
        }

        (await Down("--purge", "--yes")).Code.ShouldBe(0);
        Directory.Exists(_home.Root).ShouldBeFalse();

        async Task<(int Code, string Error)> Down(params string[] more)
        {
            var run = await CliRun.With(new Dictionary<string, string> { ["NSSV_HOME"] = _home.Root }, ["down", .. more]);
            return (run.ExitCode, run.Error);
        }
    }

    [Fact]
    public async Task Nothing_is_deleted_while_libvirt_does_not_answer()
    {
        _domains.Clear();
        _domains.Add("", null);

        await Should.ThrowAsync<PlatformException>(() => Purge(new StringWriter()));

        File.Exists(_home.InstanceFile).ShouldBeTrue();
    }

    public void Dispose()
    {
        if (Directory.Exists(_home.Root))
            Directory.Delete(_home.Root, recursive: true);
        _logs.Delete(recursive: true);
    }

    private async Task Purge(StringWriter said)
    {
        new InstanceFile { PlatformId = Mine, Version = "0.1.0", Url = new Uri("https://localhost:8443"), Ports = new(8443, 20_001, 20_002) }.Save(_home);
        var environment = new CliEnvironment { Out = said, Error = said, Variable = _ => null };
        await new InstancePurge(_home, new Checklist(environment), instance => new LibvirtDomains(instance, Virsh, _logs.FullName)).Run(CancellationToken.None);
    }

    private Task<Tool.Outcome> Virsh(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var (verb, name) = (arguments[3], arguments[^1]);
        var domain = arguments.SkipWhile(argument => argument != "--domain").Skip(1).FirstOrDefault() ?? name;
        return Task.FromResult<Tool.Outcome>(verb switch
        {
            "list" => _domains.ContainsKey("") ? new(1, "", "failed to connect") : new(0, string.Join('\n', _domains.Keys) + "\n\n", ""),
            "dumpxml" => _domains[domain] is { } xml ? new(0, xml, "") : new(1, "", "internal error"),
            "undefine" => new(_domains.Remove(domain) ? 0 : 1, "", ""),
            _ => new(1, "", "domain is not running"),
        });
    }

    private static string Marked(string platform) =>
        $"<domain><metadata><nssv:vm xmlns:nssv='https://nssv.dev/domain/1' platform='{platform}' id='1' generation='1'/></metadata></domain>";
}
