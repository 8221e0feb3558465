using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Nssv.Kernel;
using Nssv.Plugins;
using Nssv.Plugins.Runner;
using Nssv.Server.Plugins;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

/// <summary>Real plugins in real processes: whatever one does, its calls end, and the other goes on.</summary>
public sealed class HostedPluginTests : IAsyncLifetime, ILogger
{
    /// <summary>Filling its memory may take a while.</summary>
    private TimeSpan _deadline = TimeSpan.FromSeconds(2);

    private readonly string _home = Directory.CreateTempSubdirectory("nssv-plugins-").FullName;
    private readonly List<string> _log = [];
    private PluginSet _plugins = PluginSet.None;

    private HostedPlugin Unruly => _plugins.All.Single(plugin => plugin.Name == PluginFolder.Unruly);

    private HostedPlugin LegalHold => _plugins.All.Single(plugin => plugin.Name == PluginFolder.LegalHold);

    public ValueTask InitializeAsync()
    {
        PluginFolder.Install(_home, PluginFolder.Unruly, PluginFolder.LegalHold);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _plugins.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task They_say_what_they_are_and_answer()
    {
        await Open();
        _plugins.All.ShouldAllBe(plugin => plugin.IsWell && plugin.Starts == 1);
        LegalHold.Description!.Extensions.Select(extension => $"{extension.Type} {extension.Name}")
            .ShouldBe(["tag until", "tag case", "deletion-guard hold", "step sealed-start", "placement-rule vault", "observer ledger"]);
        (await Hindered("held")).ShouldBe("the doorman holds it");
        (await Hindered("free")).ShouldBeNull();
    }

    [Theory]
    [InlineData("throws", "InvalidOperationException: it throws")]
    [InlineData("waits", "did not end within 2 s")]
    [InlineData("hangs", "its process was ended")]
    [InlineData("leaks", "memory", "OutOfMemory")]
    [InlineData("exits", "process ended")]
    [InlineData("overflows", "process ended")]
    public async Task Whatever_it_does_the_call_ends_the_reason_is_named_and_the_other_goes_on(string mode, params string[] reasons)
    {
        await Open();
        PluginFolder.Behaves(_home, mode);
        if (mode is not ("waits" or "hangs"))
            _deadline = TimeSpan.FromSeconds(30);
        var failure = await Should.ThrowAsync<PluginFailure>(() => Hindered("free"));
        reasons.ShouldContain(reason => failure.Message.Contains(reason, StringComparison.Ordinal), failure.Message);
        (failure.InCall, Unruly.Failures, Unruly.IsWell).ShouldBe((true, 1, false));
        Unruly.Check().ShouldSatisfyAllConditions(check => check.Ok.ShouldBeFalse(), check => check.Detail.ShouldNotBeNull(), check => check.Detail!.ShouldNotContain("Exception"));

        await OtherGoesOn();

        // The next call finds it well again, in a new process where the old one had to go.
        PluginFolder.Behaves(_home, "well");
        _deadline = TimeSpan.FromSeconds(30);
        (await Hindered("held")).ShouldBe("the doorman holds it");
        (Unruly.IsWell, Unruly.Starts).ShouldBe((true, mode is "throws" or "waits" ? 1 : 2));
    }

    [Fact]
    public async Task A_child_that_outlives_it_and_holds_its_pipes_holds_nobody_up()
    {
        await Open();
        PluginFolder.Behaves(_home, "orphans");
        try
        {
            (await Should.ThrowAsync<PluginFailure>(() => Hindered("free"))).Message.ShouldContain("its process was ended");
            PluginFolder.Behaves(_home, "well");
            _deadline = TimeSpan.FromSeconds(30);
            (await Hindered("held").WaitAsync(TimeSpan.FromSeconds(60))).ShouldBe("the doorman holds it");
            Unruly.IsWell.ShouldBeTrue();
        }
        finally
        {
            if (PluginFolder.Lines(_home, "orphan") is [var orphan, ..])
                System.Diagnostics.Process.GetProcessById(int.Parse(orphan, System.Globalization.CultureInfo.InvariantCulture)).Kill();
        }
    }

    [Theory]
    [InlineData("twin-tags", "there is another tag 'unruly.aB'")]
    [InlineData("odd-tag", "NonBacktracking")]
    [InlineData("narrow-tag", "the tag unruly.narrow: its minimum is greater than its maximum")]
    [InlineData("null-choice", "the tag unruly.blank: each choice is printable text")]
    public async Task One_whose_tags_make_no_sense_is_refused_and_nothing_else(string mode, string reason)
    {
        PluginFolder.Behaves(_home, mode);
        await Open();
        PluginTags.Declared(_plugins, Nssv.Server.Composition.DataServices.Models, []).Select(tag => tag.Name).ShouldBe(["legalHold.until", "legalHold.case"]);
        (Unruly.State, Unruly.Check().Ok, LegalHold.IsWell).ShouldBe((PluginState.Refused, false, true));
        Unruly.Reason!.ShouldContain(reason);
        PluginTags.Declared(_plugins, Nssv.Server.Composition.DataServices.Models, ["legalHold.until"]).ShouldBeEmpty();
        LegalHold.State.ShouldBe(PluginState.Refused);
    }

    [Fact]
    public async Task One_that_hangs_with_many_calls_is_ended_and_all_calls_end()
    {
        await Open();
        PluginFolder.Behaves(_home, "hangs");
        var process = Unruly.ProcessId;
        var calls = Enumerable.Range(0, 40).Select(_ => Should.ThrowAsync<PluginFailure>(() => Hindered("free"))).ToList();
        await OtherGoesOn();
        await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(60));
        await Poll.Until("the end of the process", () => Task.FromResult(!Directory.Exists($"/proc/{process}")));
    }

    [Fact]
    public async Task What_it_prints_is_no_answer_and_does_not_flood_the_log()
    {
        await Open();
        PluginFolder.Behaves(_home, "shouts");
        (await Hindered("held")).ShouldBe("the doorman holds it");
        await Poll.Until("what it says", () => Task.FromResult(Said() > 0));
        Said().ShouldBeLessThanOrEqualTo(100);
    }

    [Fact]
    public async Task After_failures_in_a_row_it_is_left_alone_and_tried_again_later()
    {
        await Open();
        PluginFolder.Behaves(_home, "throws");
        for (var i = 0; i < PluginFolder.Limits.Failures; i++)
            await Should.ThrowAsync<PluginFailure>(() => Hindered("free"));
        Unruly.State.ShouldBe(PluginState.Resting);
        (await Should.ThrowAsync<PluginFailure>(() => Hindered("free"))).Message.ShouldContain("not asked at present");
        Unruly.Failures.ShouldBe(PluginFolder.Limits.Failures);

        PluginFolder.Behaves(_home, "well");
        await Poll.Until("the end of its rest", () => Task.FromResult(Unruly.State == PluginState.Running));
        (await Hindered("held")).ShouldBe("the doorman holds it");
        Unruly.IsWell.ShouldBeTrue();
    }

    [Fact]
    public async Task One_that_cannot_begin_is_named_and_the_others_are_there()
    {
        PluginFolder.Behaves(_home, "no-begin");
        Directory.CreateDirectory(Path.Combine(_home, "plugins", "empty"));
        var broken = Directory.CreateDirectory(Path.Combine(_home, "plugins", "broken")).FullName;
        await File.WriteAllTextAsync(Path.Combine(broken, "broken.dll"), "this is no assembly");
        await Open();
        _plugins.All.ToDictionary(plugin => plugin.Name, plugin => plugin.State).ShouldBe(new Dictionary<string, PluginState>
        {
            ["broken"] = PluginState.Refused,
            ["empty"] = PluginState.Refused,
            ["legal-hold"] = PluginState.Running,
            ["unruly"] = PluginState.Refused,
        }, ignoreOrder: true);
        Unruly.Reason!.ShouldContain("it does not want to begin");
        await OtherGoesOn();
    }

    [Fact]
    public async Task One_that_hangs_while_it_begins_is_ended_and_named_and_the_start_goes_on()
    {
        PluginFolder.Behaves(_home, "hangs-at-begin");
        // However slow this machine is, the other has nothing to do with it.
        Directory.Delete(Path.Combine(_home, "plugins", PluginFolder.LegalHold), recursive: true);
        _plugins = await PluginSet.Open(_home, PluginFolder.Limits with { Begin = TimeSpan.FromSeconds(3) }, TimeProvider.System, this);
        (Unruly.State, Unruly.Description, Unruly.IsWell).ShouldBe((PluginState.Refused, null, false));
        var check = Unruly.Check();
        (check.Name, check.Ok).ShouldBe(("plugin unruly", false));
        check.Detail.ShouldNotBeNullOrEmpty();
        PluginFolder.Lines(_home, "begun").ShouldAllBe(process => !Directory.Exists($"/proc/{process}"));
        (await Should.ThrowAsync<PluginFailure>(() => Hindered("held"))).Message.ShouldContain("not asked at present");
    }

    [Fact]
    public async Task It_sees_nothing_of_the_managers_environment_and_ends_with_it()
    {
        Environment.SetEnvironmentVariable("NSSV_DATABASE", "postgres://someone:hidden@somewhere/db");
        try
        {
            await Open();
        }
        finally
        {
            Environment.SetEnvironmentVariable("NSSV_DATABASE", null);
        }

        var process = Unruly.ProcessId!.Value;
        (await File.ReadAllTextAsync($"/proc/{process}/environ")).ShouldNotContain("hidden");
        await _plugins.DisposeAsync();
        _plugins = PluginSet.None;
        Directory.Exists($"/proc/{process}").ShouldBeFalse();
    }

    private async Task Open() => _plugins = await PluginFolder.Open(_home, this);

    /// <summary>Why the doorman does not let a data center of this name go; null when it does.</summary>
    private async Task<string?> Hindered(string name)
    {
        JsonArray resources = [new JsonObject { ["id"] = "1", ["name"] = name }];
        var answer = await Unruly.Call(Calls.Hindrances, "doorman", resources, _deadline, CancellationToken.None);
        return answer.Deserialize<IReadOnlyList<Hindrance>>(Messages.Json)! is [var first, ..] ? first.Because : null;
    }

    private async Task OtherGoesOn()
    {
        var call = new FlowCall("1/0", "1", "virtual-machine.start", "virtual-machine", "2", [], new JsonObject { ["tags"] = new JsonObject { ["legalHold.until"] = "9999-12-31" } });
        var refused = await Should.ThrowAsync<ProblemException>(() => LegalHold.Call(Calls.Run, "sealed-start", JsonSerializer.SerializeToNode(call, Messages.Json), TimeSpan.FromSeconds(20), CancellationToken.None));
        refused.Problem.ShouldSatisfyAllConditions(
            problem => problem.Code.ShouldBe("refused-by-plugin"),
            problem => problem.Detail.ShouldBe("Plugin legal-hold: The virtual machine is on legal hold until 9999-12-31."));
        LegalHold.IsWell.ShouldBeTrue();
    }

    private int Said()
    {
        lock (_log)
            return _log.Count(line => line.Contains("noise", StringComparison.Ordinal));
    }

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_log)
            _log.Add(formatter(state, exception));
    }

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;
}
