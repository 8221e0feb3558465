using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Simulator.Fleet;
using Nssv.Simulator.Scenarios;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Simulator;

public sealed class ScenarioTests
{
    private static readonly Id Any = new(Guid.CreateVersion7());
    private static readonly StartDomain Start = new(Any, 1);
    private static readonly CreateLayer Layer = new(Any, Any, VolumeFormat.Qcow2, 1, null, null);

    [Fact]
    public void A_group_is_read_with_everything_it_has()
    {
        var group = ScenarioReader.Read("""
            groups:
              - name: old
                count: 7
                cpus: 32
                memory: 128GiB
                storage: 2TiB
                latency:
                  "*": 10ms
                  domain.*: {uniform: [20ms, 30ms]}
                  domain.start: {logNormal: {median: 1s, sigma: 0}}
                failures:
                  - {command: layer.create, rate: 1, code: storage-full, status: 507}
                crashes: {kind: power, meanTime: 5m, restartAfter: 30s, losesJournal: true}
                silences: {meanTime: 1h, duration: 70s}
            """).Groups.ShouldHaveSingleItem();

        (group.Name, group.Count, group.Cpus, group.MemoryBytes, group.StorageBytes).ShouldBe(("old", 7, 32, 128L << 30, 2L << 40));
        group.Crashes.ShouldBe(new(CrashKind.Power, TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30), true));
        group.Silences.ShouldBe(new(TimeSpan.FromHours(1), TimeSpan.FromSeconds(70)));
        var behaviour = group.Behaviour(SeededChance.Of(1, "host"));
        behaviour.Latency(Start).ShouldBe(TimeSpan.FromSeconds(1));
        behaviour.Latency(new KillDomain(Any)).ShouldBeInRange(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(30));
        behaviour.Latency(Layer).ShouldBe(TimeSpan.FromMilliseconds(10));
        behaviour.Refuse(Layer, new(Any, "c")).ShouldNotBeNull().Code.ShouldBe("storage-full");
        behaviour.Refuse(Start, new(Any, "c")).ShouldBeNull();
        behaviour.Capacity.CpuCount.ShouldBe(32);
    }

    [Theory]
    [InlineData("groups: []", "line 1: 'groups' needs at least one group of hosts.")]
    [InlineData("- a", "line 1: a scenario is one mapping that begins with 'groups:'.")]
    [InlineData("groups:\n- {name: a}", "line 2: 'count' is missing.")]
    [InlineData("groups:\n- {name: a, count: 0}", "line 2: 'count' is a number from 1 to 100000, not '0'.")]
    [InlineData("groups:\n- {name: a b, count: 1}", "line 2: 'name' is at most 40 letters, digits and hyphens.")]
    [InlineData("groups:\n- name: a\n  count: 1\n  memory: lots", "line 4: 'memory' is a size such as 512GiB, not 'lots'.")]
    [InlineData("groups:\n- name: a\n  count: 1\n  latency:\n    domain.stort: 1s", "line 5: 'domain.stort' is no command;")]
    [InlineData("groups:\n- name: a\n  count: 1\n  latency:\n    '*': {uniform: [9s, 1s]}", "line 5: 'uniform' is the shortest and the longest time,")]
    [InlineData("groups:\n- name: a\n  count: 1\n  latency:\n    '*': soon", "line 5: '*' is a time such as 200ms, 5s or 30m, not 'soon'.")]
    [InlineData("groups:\n- name: a\n  count: 1\n  failures: [{command: domain.start, rate: 2, code: x}]", "line 4: 'rate' is a number from 0 to 1, not '2'.")]
    [InlineData("groups:\n- name: a\n  count: 1\n  crashes: {kind: flood, meanTime: 5m}", "line 4: 'kind' is agent or power, not 'flood'.")]
    [InlineData("groups:\n- name: a\n  count: 1\n  cupus: 5", "line 4: 'cupus' is not known here; there are count, cpus,")]
    [InlineData("groups:\n- {name: a, count: 1}\n- {name: a, count: 1}", "line 2: 'groups' has two groups named 'a'.")]
    [InlineData("groups: [", "line 2: While parsing a node,")]
    public void What_is_wrong_is_told_with_its_line(string text, string message) =>
        Should.Throw<ScenarioException>(() => ScenarioReader.Read(text)).Message.ShouldStartWith(message);

    [Fact]
    public void The_samples_are_scenarios()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Nssv.slnx")))
            root = root.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        var samples = Directory.GetFiles(Path.Combine(root.FullName, "samples", "scenarios"), "*.yaml");

        samples.Length.ShouldBeGreaterThanOrEqualTo(3);
        samples.ShouldAllBe(file => ScenarioReader.ReadFile(file).HostCount == 100);
    }

    [Theory]
    [InlineData(10, 3, 7)]
    [InlineData(1_000, 300, 700)]
    [InlineData(1, 0, 1)]
    [InlineData(5, 2, 3)]
    public void Each_group_has_its_share_of_the_hosts(int hosts, int first, int second)
    {
        var scenario = new Scenario([new() { Name = "a", Count = 30 }, new() { Name = "b", Count = 70 }]).For(hosts);

        scenario.Groups.Select(group => group.Count).ShouldBe([first, second]);
    }

    [Fact]
    public void Chance_is_the_same_for_a_seed_and_a_host_and_another_for_others()
    {
        Draws(7, "a").ShouldBe(Draws(7, "a"));
        Draws(7, "a").ShouldNotBe(Draws(8, "a"));
        Draws(7, "a").ShouldNotBe(Draws(7, "b"));
        Draws(7, "a").ShouldAllBe(draw => draw >= 0 && draw < 1);
        Draws(7, "a").Average().ShouldBeInRange(0.45, 0.55);

        static List<double> Draws(int seed, string name)
        {
            var chance = SeededChance.Of(seed, name);
            return [.. Enumerable.Range(0, 1_000).Select(_ => chance.Next())];
        }
    }

    [Fact]
    public void Half_of_log_normal_times_are_below_the_median()
    {
        var chance = SeededChance.Of(1, "host");
        var time = new Duration.LogNormal(TimeSpan.FromMilliseconds(100), 0.5);
        var draws = Enumerable.Range(0, 10_000).Select(_ => time.Draw(chance).TotalMilliseconds).Order().ToList();

        draws[5_000].ShouldBeInRange(95, 105);
        draws[8_413].ShouldBeInRange(155, 175); // one deviation up: 100 × e^0.5
    }

    [Fact]
    public void Too_many_hosts_for_the_open_files_are_refused_with_the_number_that_fits()
    {
        OpenFiles.Refusal(9_750, 20_000, "This process").ShouldBeNull();
        OpenFiles.Refusal(9_751, 20_000, "This process").ShouldNotBeNull()
            .ShouldBe("9,751 hosts need 20,002 open files, two a host. This process may open 20,000: enough for 9,750 hosts. Ask for fewer, or raise the limit (ulimit -Hn, LimitNOFILE).");
    }

    [Fact]
    public void Every_host_has_an_address_of_its_own()
    {
        var addresses = Enumerable.Range(0, 100_000).Select(HostIdentity.AddressOf).ToList();

        addresses[0].ToString().ShouldBe("127.64.0.1");
        addresses.Distinct().Count().ShouldBe(addresses.Count);
        addresses.ShouldAllBe(address => System.Net.IPAddress.IsLoopback(address));
    }
}
