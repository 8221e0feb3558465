using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Schedules;
using Nssv.Services.Platform.Schedules;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Schedules;

/// <summary>A schedule runs once for each time at which it is due, whatever crashes and whatever the clock does.</summary>
public abstract class ScheduleTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);
    private readonly ManualTime _time = new(Noon.AddMinutes(-30));
    private readonly List<ServiceBed> _beds = [];
    private ITestDatabase _place = null!;
    private Task _wait = Task.CompletedTask;

    protected abstract Task<ITestDatabase> Make();

    private ServiceBed Bed => _beds[^1];

    public async ValueTask InitializeAsync()
    {
        _place = await Make();
        await using (var database = _place.Open(ServiceBed.Models))
            Schema.CreateFromModel(database);
        AddBed();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var bed in _beds)
            await bed.DisposeAsync();
        await _place.DisposeAsync();
    }

    [Fact]
    public async Task It_runs_when_it_is_due_and_not_before_and_is_due_again_later()
    {
        var id = await Schedule();
        (await Schedule(id)).NextRunAt.ShouldBe(Noon);
        (await Clock().Look()).ShouldBe(0);

        _time.Advance(TimeSpan.FromMinutes(30));
        (await Clock().Look()).ShouldBe(1);
        (await Clock().Look()).ShouldBe(0);

        var after = await Schedule(id);
        (after.NextRunAt, after.LastRunAt, after.Version).ShouldBe((Noon.AddHours(1), Noon, 1));
        var run = await Bed.Ended(after.LastOperationId!.Value);
        (run.State, run.Kind, run.TargetId).ShouldBe((OperationState.Succeeded, "schedule.run", id));
        (await Made()).ShouldBe(1);
        (await Bed.Store.First<Operation>(Condition.Equal(nameof(Operation.ParentId), run.Id)))!.Kind.ShouldBe("data-center.create");
    }

    [Fact]
    public async Task Many_that_look_at_once_run_it_once()
    {
        await Schedule();
        _time.Advance(TimeSpan.FromMinutes(30));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Clock().Look()));
        (await Runs()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_crash_before_the_commit_leaves_it_due_and_the_next_owner_runs_it()
    {
        var id = await Schedule();
        _time.Advance(TimeSpan.FromMinutes(30));
        Bed.BeforeCommit = _ => throw Problems.Unavailable("crash").AsException();
        (await Clock().Look()).ShouldBe(0);
        (await Schedule(id)).NextRunAt.ShouldBe(Noon);

        AddBed();
        (await Clock().Look()).ShouldBe(1);
        await EndOfRuns();
        (await Made()).ShouldBe(1);
    }

    [Fact]
    public async Task A_crash_after_the_commit_leaves_the_run_and_the_next_time_together_and_the_next_owner_finishes_it()
    {
        var id = await Schedule();
        _time.Advance(TimeSpan.FromMinutes(30));
        Bed.AfterCommit = _ => new TaskCompletionSource().Task;
        _ = Clock().Look();
        await Poll.Until("the run is accepted", async () => (await Runs()).Count == 1);

        AddBed();
        (await Schedule(id)).NextRunAt.ShouldBe(Noon.AddHours(1));
        await Bed.Services.GetRequiredService<OperationEngine>().Gained(ShardSet.All);
        (await Clock().Look()).ShouldBe(0);
        await EndOfRuns();
        (await Made()).ShouldBe(1);
    }

    [Fact]
    public async Task Who_lost_its_place_at_the_due_minute_writes_nothing_any_more()
    {
        await Schedule();
        _time.Advance(TimeSpan.FromMinutes(30));
        var reached = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        Bed.BeforeCommit = async _ =>
        {
            reached.TrySetResult();
            await goOn.Task;
        };
        var late = Clock().Look();
        await reached.Task;

        AddBed();
        (await Clock().Look()).ShouldBe(1);
        goOn.SetResult();
        // Where one writes the fence refuses it; where several do, the key finds the run that is there.
        await Fenced(late);
        await EndOfRuns();
        (await Runs()).Count.ShouldBe(1);
        (await Made()).ShouldBe(1);
    }

    [Fact]
    public async Task A_clock_that_goes_back_makes_nothing_run_again()
    {
        var id = await Schedule();
        _time.Advance(TimeSpan.FromMinutes(30));
        await Clock().Look();
        await EndOfRuns();

        _time.Advance(TimeSpan.FromMinutes(-90));
        for (var minutes = 0; minutes < 140; minutes += 5, _time.Advance(TimeSpan.FromMinutes(5)))
            (await Clock().Look()).ShouldBe(0);
        // Not even when its times are reckoned anew.
        _time.Advance(TimeSpan.FromMinutes(-120));
        await Patch(id, "enabled", false);
        await Patch(id, "enabled", true);
        (await Schedule(id)).NextRunAt.ShouldBe(Noon.AddHours(1));
        (await Runs()).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(MissedRunRule.Skip, 0)]
    [InlineData(MissedRunRule.RunOnce, 1)]
    public async Task A_clock_that_leaps_forward_or_a_long_absence_is_as_the_rule_for_missed_runs_says(MissedRunRule rule, int runs)
    {
        var id = await Schedule(rule);
        _time.Advance(TimeSpan.FromHours(5) + TimeSpan.FromMinutes(45));
        (await Clock().Look()).ShouldBe(runs);
        (await Clock().Look()).ShouldBe(0);
        (await Schedule(id)).NextRunAt.ShouldBe(Noon.AddHours(6));
        (await Runs()).Count.ShouldBe(runs);
    }

    [Fact]
    public async Task A_run_that_begins_a_little_late_is_not_missed()
    {
        await Schedule(MissedRunRule.Skip);
        _time.Advance(TimeSpan.FromMinutes(34));
        (await Clock().Look()).ShouldBe(1);
    }

    [Fact]
    public async Task A_run_that_is_due_while_the_last_one_goes_on_is_passed_over()
    {
        var id = await Schedule();
        var goOn = new TaskCompletionSource();
        _wait = goOn.Task;
        _time.Advance(TimeSpan.FromMinutes(30));
        await Clock().Look();
        _time.Advance(TimeSpan.FromHours(1));
        (await Clock().Look()).ShouldBe(0);
        (await Schedule(id)).NextRunAt.ShouldBe(Noon.AddHours(2));
        (await Bed.Refused(new RunSchedule(id))).Status.ShouldBe(409);
        goOn.SetResult();
        await EndOfRuns();
        _time.Advance(TimeSpan.FromHours(1));
        (await Clock().Look()).ShouldBe(1);
    }

    [Fact]
    public async Task Disabled_it_is_never_due_and_can_be_run_by_hand()
    {
        var id = await Schedule();
        await Patch(id, "enabled", false);
        (await Schedule(id)).NextRunAt.ShouldBeNull();
        _time.Advance(TimeSpan.FromDays(1));
        (await Clock().Look()).ShouldBe(0);
        await Bed.Do(new RunSchedule(id));
        (await Made()).ShouldBe(1);
        (await Schedule(id)).NextRunAt.ShouldBeNull();
    }

    [Fact]
    public async Task Another_time_is_another_next_run_and_a_wrong_one_changes_nothing()
    {
        var id = await Schedule();
        await Patch(id, "cron", "15 3 * * *");
        (await Schedule(id)).NextRunAt.ShouldBe(Noon.Date.AddDays(1).AddHours(3).AddMinutes(15));
        await Patch(id, "timeZone", "Asia/Tokyo");
        (await Schedule(id)).NextRunAt.ShouldBe(Noon.Date.AddHours(18).AddMinutes(15));
        (await Bed.Refused(Patched(id, "cron", "61 * * * *"))).Code.ShouldBe("cron");
        (await Bed.Refused(Patched(id, "timeZone", "Mars/Olympus"))).Code.ShouldBe("time-zone");
        (await Bed.Refused(Patched(id, "parameters", new System.Text.Json.Nodes.JsonObject { ["colour"] = "red" }))).Code.ShouldBe("unknown-parameter");
        (await Bed.Refused(Create("no.such-action"))).Code.ShouldBe("schedule-action-unknown");
        (await Schedule(id)).Version.ShouldBe(3);
        await Bed.Do(new DeleteSchedule(id));
        (await Bed.Store.Count<Schedule>()).ShouldBe(0);
    }

    [Fact]
    public async Task The_platform_s_own_is_made_once_and_cannot_be_deleted()
    {
        (await Clock(withBuiltIn: true).MakeBuiltIn()).ShouldBeTrue();
        AddBed(withBuiltIn: true);
        (await Clock().MakeBuiltIn()).ShouldBeTrue();
        var own = (await Bed.Store.List<Schedule>()).Single(schedule => schedule.Action == MakeDataCenter.Action);
        (own.Cron, own.TimeZone, own.MissedRun, own.Enabled).ShouldBe(("5 * * * *", "UTC", MissedRunRule.RunOnce, true));
        (await Bed.Refused(new DeleteSchedule(own.Id))).Code.ShouldBe("schedule-built-in");
        await Patch(own.Id, "enabled", false);
    }

    private void AddBed(bool withBuiltIn = false) =>
        _beds.Add(new ServiceBed(_place.Open(ServiceBed.Models), _time, services => services.AddSingleton<IScheduleAction>(new MakeDataCenter(withBuiltIn, () => _wait))));

    private ScheduleClock Clock(bool withBuiltIn = false)
    {
        if (withBuiltIn)
            AddBed(withBuiltIn: true);
        return Bed.Services.GetRequiredService<ScheduleClock>();
    }

    private static CreateSchedule Create(string action, MissedRunRule rule = MissedRunRule.Skip) =>
        new() { Id = ServiceBed.NewId(), Name = "hourly", Cron = "0 * * * *", Action = action, MissedRun = rule };

    private async Task<Id> Schedule(MissedRunRule rule = MissedRunRule.Skip)
    {
        var create = Create(MakeDataCenter.Action, rule);
        await Bed.Do(create);
        return create.Id;
    }

    private Task<Schedule> Schedule(Id id) => Bed.Store.Get<Schedule>(id).AsTask();

    private Task<Operation> Patch(Id id, string field, System.Text.Json.Nodes.JsonNode value) => Bed.Do(Patched(id, field, value));

    private static PatchResource<Schedule> Patched(Id id, string field, System.Text.Json.Nodes.JsonNode value) => new(id, new() { [field] = value }, "schedule.update");

    private async Task<IReadOnlyList<Operation>> Runs() => await Bed.Store.List<Operation>(Condition.Equal(nameof(Operation.Kind), "schedule.run"));

    private static async Task Fenced(Task look)
    {
        try
        {
            await look;
        }
        catch (FencedException)
        {
            // Its place is another's.
        }
    }

    private async Task EndOfRuns()
    {
        foreach (var run in await Runs())
            (await Bed.Ended(run.Id)).State.ShouldBe(OperationState.Succeeded);
    }

    private async Task<long> Made() => await Bed.Store.Count<DataCenter>();

    /// <summary>Makes a data center each time.</summary>
    private sealed class MakeDataCenter(bool builtIn, Func<Task> wait) : IScheduleAction
    {
        public const string Action = "test.make-data-center";

        public string Name => Action;

        public BuiltInSchedule? BuiltIn => builtIn ? new("own", "The platform's", "5 * * * *") : null;

        public IEnumerable<FieldError> Check(IReadOnlyDictionary<string, string> parameters) =>
            parameters.Keys.Select(key => new FieldError($"parameters.{key}", "unknown-parameter", $"There is no parameter '{key}'."));

        public async ValueTask<IReadOnlyList<ScheduleTarget>> Targets(IReadOnlyDictionary<string, string> parameters, IStore store, DateTimeOffset now)
        {
            await wait();
            return [new("data-center", Id.None)];
        }

        public Request For(ScheduleTarget target, IReadOnlyDictionary<string, string> parameters, Id newId) => new CreateDataCenter { Id = newId, Name = "made" };
    }
}

[Trait("group", "data")]
public sealed class SqliteScheduleTests : ScheduleTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresScheduleTests(PostgresServer server) : ScheduleTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
