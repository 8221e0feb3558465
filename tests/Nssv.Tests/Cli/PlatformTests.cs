using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nssv.Cli;
using Nssv.Cli.Platform;
using Nssv.Cli.Platform.Processes;
using Nssv.Cli.Platform.Start;
using Nssv.Cli.Sessions;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class PlatformTests : IDisposable
{
    private readonly InstanceHome home = new(Directory.CreateTempSubdirectory("nssv-home-").FullName);

    [Fact]
    public void An_instance_is_read_as_it_was_written()
    {
        InstanceFile.Load(home).ShouldBeNull();
        var written = Instance() with { First = new Dictionary<string, string> { ["hosts"] = "1" }, Complete = true };

        written.Save(home);

        var read = InstanceFile.Load(home).ShouldNotBeNull();
        (read with { First = written.First }).ShouldBe(written);
        read.First.ShouldBe(written.First);
        read.DomainPrefix.ShouldBe("nssv-0a1b2c3d-");
    }

    [Fact]
    public void A_broken_instance_file_is_never_taken_for_a_fresh_start()
    {
        File.WriteAllText(home.InstanceFile, "{");
        Should.Throw<PlatformException>(() => InstanceFile.Load(home)).Advice.ShouldNotBeNull();
    }

    [Fact]
    public void A_session_is_kept_for_its_owner_and_until_it_ends()
    {
        var server = new Uri("https://localhost:8443");
        var cache = new SessionCache(home.Session, TimeProvider.System);
        cache.Read(server).ShouldBeNull();

        cache.Write(server, "token", DateTimeOffset.UtcNow.AddHours(1).ToString("O"));
        cache.Read(server).ShouldBe("token");
        cache.Read(new Uri("https://localhost:9443")).ShouldBeNull();
        File.GetUnixFileMode(home.Session).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        cache.Write(server, "token", DateTimeOffset.UtcNow.AddSeconds(20).ToString("O"));
        cache.Read(server).ShouldBeNull();
    }

    [Fact]
    public void Folders_are_closed_where_secrets_live_and_passable_where_disks_live()
    {
        HomeFolders.Make(home);
        HomeFolders.Make(home);

        Mode(home.Manager).ShouldBe("700");
        Mode(home.Import).ShouldBe("700");
        Mode(home.Root).ShouldBe("711");
        Mode(home.Agent).ShouldBe("711");
        Mode(home.Data).ShouldBe("711");
        Mode(home.Images).ShouldBe("711");
    }

    [Fact]
    public void A_folder_above_that_keeps_QEMU_out_is_named()
    {
        File.SetUnixFileMode(home.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        HomeFolders.Make(new InstanceHome(Path.Combine(home.Root, "inner"))).ShouldBe([home.Root]);
    }

    [Fact]
    public void A_lock_that_is_held_and_a_home_that_cannot_be_written_are_told_apart()
    {
        HomeFolders.MakeForManager(home);
        using (StartLock.Take(home))
            Should.Throw<PlatformException>(() => StartLock.Take(home)).Message.ShouldContain("is at work");
        StartLock.Take(home).Dispose();
        File.Delete(home.At("run", "up.lock"));
        Directory.CreateDirectory(home.At("run", "up.lock"));
        Should.Throw<PlatformException>(() => StartLock.Take(home)).Message.ShouldContain("cannot be written");
    }

    [Fact]
    public void A_busy_port_is_seen_and_named()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = ((IPEndPoint)busy.LocalEndpoint).Port;

        PortChoice.IsFree(port).ShouldBeFalse();
        var fault = Should.Throw<PlatformException>(() => PortChoice.Choose(port, Guid.NewGuid()));

        fault.Message.ShouldContain(port.ToString(CultureInfo.InvariantCulture));
        fault.Advice.ShouldNotBeNull().ShouldContain("NSSV_PORT");
        busy.Stop();
        PortChoice.IsFree(port).ShouldBeTrue();
    }

    [Fact]
    public void Ports_of_a_new_instance_differ_and_stay_clear_of_outgoing_connections()
    {
        var ports = PortChoice.Choose(20_000, Guid.Empty);
        new[] { ports.Https, ports.AgentApi, ports.Agent }.Distinct().Count().ShouldBe(3);
        ports.AgentApi.ShouldBeInRange(20_000, 29_999);
        ports.Agent.ShouldBeInRange(20_000, 29_999);
    }

    [Theory]
    [InlineData(null, 443)]
    [InlineData("8443", 8443)]
    public void The_port_is_the_standard_one_unless_asked(string? given, int port) => PortChoice.AskedFor(given).ShouldBe(port);

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("https")]
    [InlineData("-1")]
    public void What_is_no_port_is_refused(string given) => Should.Throw<UsageException>(() => PortChoice.AskedFor(given));

    [Fact]
    public async Task A_detached_process_has_a_session_and_a_log_of_its_own_and_is_found_and_stopped()
    {
        // A program that behaves as a daemon does: named by its file and its folder, it says what it is and waits to be ended.
        var script = home.At("nssv-server.dll");
        File.WriteAllText(script, "echo session $(cut -d' ' -f6 /proc/$$/stat) token ${NSSV_TOKEN:-none}\nexec 0<>\"$3/fifo\"\nread line\n");
        Directory.CreateDirectory(home.At("run"));
        using (System.Diagnostics.Process.Start("mkfifo", [home.At("fifo")]))
        {
        }

        var pid = DetachedStart.Start("/bin/sh", [script, "serve", "--home", home.Root], home.At("log.txt"), new HashSet<string> { "NSSV_TOKEN" });
        try
        {
            File.WriteAllText(home.ManagerPid, "1\n");
            var daemon = new Daemon("manager", script, [], home.Root, home.ManagerPid, home.At("log.txt"));

            await Said(daemon, $"session {pid} token none");
            daemon.Find().ShouldNotBeNull("a stale record does not hide it").Pid.ShouldBe(pid);
            new Daemon("manager", script, [], home.Root + "-other", home.ManagerPid, home.At("log.txt")).Find().ShouldBeNull("another home is another instance");
            new Daemon("agent", home.At("nssv-agent.dll"), [], home.Root, home.ManagerPid, home.At("log.txt")).Find().ShouldBeNull();
            (await daemon.Stop(CancellationToken.None)).ShouldBeTrue();
            daemon.Find().ShouldBeNull();
            (await daemon.Stop(CancellationToken.None)).ShouldBeFalse();
        }
        finally
        {
            Signals.Send(pid, Signals.Kill);
        }
    }

    [Fact]
    public async Task Down_leaves_a_folder_alone_that_is_no_instance()
    {
        File.WriteAllText(home.At("precious"), "");

        var run = await CliRun.Of("down", "--purge", "--yes", "--home", home.Root);

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("is not the home of an instance");
        File.Exists(home.At("precious")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_purge_without_a_person_needs_a_yes()
    {
        Instance().Save(home);

        var run = await CliRun.Of("down", "--purge", "--home", home.Root);

        run.ExitCode.ShouldBe(Environment.IsPrivilegedProcess ? 2 : 1);
        File.Exists(home.InstanceFile).ShouldBeTrue();
    }

    [Fact]
    public async Task Status_of_a_stopped_instance_has_its_exact_shape()
    {
        Instance().Save(home);

        var run = await CliRun.Of("status", "--output", "json", "--home", home.Root);

        (run.ExitCode, run.Error).ShouldBe((3, ""), "as systemctl says of what does not run");
        System.Text.Json.Nodes.JsonNode.Parse(run.Out)!.ToJsonString().ShouldBe(
            $$"""{"manager":{"pid":null,"url":"https://localhost:8443","healthy":false,"reasons":[]},"agent":{"pid":null,"healthy":false},"managers":[],"platformId":"0a1b2c3d-0000-4000-8000-000000000000","home":"{{home.Root}}"}""");
    }

    [Fact]
    public async Task Status_in_words_fails_alike_and_without_an_instance_as_any_command()
    {
        Instance().Save(home);
        var run = await CliRun.Of("status", "--home", home.Root);
        (run.ExitCode, run.Error).ShouldBe((3, ""));
        run.Out.ShouldStartWith("Manager   not running");
        (await CliRun.Of("status", "--home", home.At("none"))).ExitCode.ShouldBe(3);
    }

    public void Dispose() => Directory.Delete(home.Root, recursive: true);

    private static InstanceFile Instance() => new()
    {
        PlatformId = "0a1b2c3d-0000-4000-8000-000000000000",
        Version = "0.1.0",
        Url = new Uri("https://localhost:8443"),
        Ports = new(8443, 20_001, 20_002),
    };

    private static string Mode(string path) => Convert.ToString((int)File.GetUnixFileMode(path), 8);

    private static async Task Said(Daemon daemon, string line)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!daemon.LastLogLines().Contains(line))
        {
            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(10), $"waited for \"{line}\" in the log, which has: {string.Join(" / ", daemon.LastLogLines())}");
            await Task.Yield();
        }
    }
}
