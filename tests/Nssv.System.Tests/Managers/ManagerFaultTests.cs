using System.Diagnostics;
using System.Text.Json.Nodes;
using Nssv.Client.Problems;
using Nssv.System.Tests.Platform;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Managers;

/// <summary>
/// What happens to a management node, to its network and to the database while machines are created and deleted through both nodes. Each time nothing that was
/// accepted is lost or done twice, no host keeps what no row knows, and the shards are served again.
/// </summary>
public sealed class ManagerFaultTests(TwoManagers platform) : IClassFixture<TwoManagers>
{
    [Fact]
    public async Task A_manager_that_is_killed_is_taken_over()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        var since = Stopwatch.GetTimestamp();
        // It owns the hosts, which were made through it: they find their way to the other.
        await platform.First.Kill();
        await platform.ServesAll(platform.Second, since, "kill -9 of a manager");
        await load.Ends(8, "after the other was killed");

        platform.First.Start();
        await platform.First.Ready();
        await platform.BothServe();
        await load.Ends(8, "the killed one has come back");
        await platform.Adds(load, before);
    }

    [Fact]
    public async Task A_manager_that_stands_still_for_longer_than_its_lease_is_fenced_and_comes_back_by_itself()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        var (pid, takenOver) = (platform.Second.Pid, TakenOver());
        var since = Stopwatch.GetTimestamp();
        platform.Second.Signal(Shell.Stop);
        try
        {
            await platform.ServesAll(platform.First, since, "SIGSTOP of a manager");
            await load.Ends(8, "while the other stands still");
        }
        finally
        {
            platform.Second.Signal(Shell.Continue);
        }

        await Instance.Until(() => Task.FromResult(TakenOver() > takenOver), "the manager notices that it was taken over", () => Task.FromResult(platform.Logs()));
        await platform.BothServe();
        platform.Second.Pid.ShouldBe(pid);
        await load.Ends(8, "it has come back");
        await platform.Adds(load, before);
    }

    [Fact]
    public async Task A_manager_that_is_cut_off_from_database_and_peer_is_taken_over()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        var takenOver = TakenOver();
        var since = Stopwatch.GetTimestamp();
        using (new NetworkCut(platform.Second, platform.First, platform.Postgres.Port))
        {
            await platform.ServesAll(platform.First, since, "a manager cut off from database and peer");
            await load.Ends(8, "while the other is cut off");
        }

        await Instance.Until(() => Task.FromResult(TakenOver() > takenOver), "the manager notices that it was taken over", () => Task.FromResult(platform.Logs()));
        await platform.BothServe();
        await load.Ends(8, "the network is whole again");
        await platform.Adds(load, before);
    }

    /// <summary>Both hold their leases, so nobody can take over: one stands aside by itself.</summary>
    [Fact]
    public async Task Of_managers_that_reach_the_database_but_not_each_other_one_serves_all()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        var takenOver = TakenOver();
        var since = Stopwatch.GetTimestamp();
        using (new NetworkCut(platform.Second, platform.First, databasePort: null))
        {
            var (serving, aside) = await platform.OneServesAll(since, "two managers do not hear each other");
            (await aside.Api.IsReady()).ShouldBeFalse("whoever shares requests out sends it none");
            (await serving.Api.IsReady()).ShouldBeTrue();
            foreach (var manager in (ManagerProcess[])[serving, aside])
                (await manager.Nodes()).ShouldAllBe(node => node["standsAside"]!.GetValue<bool>() == (node["id"]!.GetValue<string>() == aside.Id));
            // What was under way, and what is asked now: nothing waits for the two to meet again.
            await load.Ends(24, "while they are apart");
        }

        await platform.BothServe();
        await load.Ends(8, "the network is whole again");
        TakenOver().ShouldBe(takenOver);
        await platform.Adds(load, before);
    }

    /// <summary>Its own door is closed: it stands aside, hears what the other does, and passes on what it is asked for.</summary>
    [Fact]
    public async Task A_manager_that_another_does_not_reach_stands_aside_although_it_reaches_that_one()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        var takenOver = TakenOver();
        var since = Stopwatch.GetTimestamp();
        using (new NetworkCut(platform.First, platform.Second, databasePort: null, bothWays: false))
        {
            await platform.ServesAll(platform.First, since, "one manager does not reach the other");
            (await platform.Second.Api.IsReady()).ShouldBeFalse();
            (await platform.Second.Nodes()).ShouldAllBe(node => node["standsAside"]!.GetValue<bool>() == (node["id"]!.GetValue<string>() == platform.Second.Id));
            (await platform.First.Nodes()).Single(node => node["id"]!.GetValue<string>() == platform.Second.Id)["peer"]!["state"]!.GetValue<string>().ShouldBe("silent");
            (await platform.Second.Nodes()).Single(node => node["id"]!.GetValue<string>() == platform.First.Id)["peer"]!["state"]!.GetValue<string>().ShouldBe("answers");
            await Instance.Until(PassesOn, "the one aside to pass a request on: until it has read whose the shards are now, it answers 503");
            await load.Ends(24, "while one does not reach the other");
        }

        await platform.BothServe();
        await load.Ends(8, "the network is whole again");
        TakenOver().ShouldBe(takenOver);
        await platform.Adds(load, before);

        async Task<bool> PassesOn()
        {
            try
            {
                var passedOn = await platform.Second.Api.Mutate(Instance.Post("data-centers", new JsonObject { ["name"] = "passed-on" }));
                return (await platform.First.Api.WaitForOperation(passedOn.Id)).Succeeded;
            }
            catch (ApiProblemException refused) when (refused.Problem.Status == 503)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_manager_that_ends_in_order_gives_its_shards_away_at_once()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        var since = Stopwatch.GetTimestamp();
        platform.Second.Signal(Shell.Terminate);
        await platform.ServesAll(platform.First, since, "SIGTERM of a manager");
        await Instance.Until(() => Task.FromResult(!Shell.Runs(platform.Second.Pid)), "the manager ends", () => Task.FromResult(platform.Logs()));
        await load.Ends(8, "after the other has left");

        platform.Second.Start();
        await platform.Second.Ready();
        await platform.BothServe();
        await load.Ends(8, "it has come back");
        await platform.Adds(load, before);
    }

    [Fact]
    public async Task A_database_that_loses_its_power_takes_nothing_along()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        platform.Postgres.Crash();
        var refused = load.Refusals;
        await Instance.Until(() => Task.FromResult(load.Refusals > refused), "somebody is told that the database is away");
        platform.Postgres.Start();
        await platform.BothServe();
        await load.Ends(8, "the database is back");
        await platform.Adds(load, before);
    }

    [Fact]
    public async Task A_database_without_room_refuses_and_goes_on_when_there_is_some()
    {
        var before = platform.Operations();
        await using var load = platform.Load();
        await load.Ends(8, "both managers serve");
        platform.Postgres.Fill();
        try
        {
            await Instance.Until(platform.RefusesForWantOfRoom, "somebody is told that the database is full", () => Task.FromResult(platform.Logs()));
        }
        finally
        {
            platform.Postgres.MakeRoom();
        }

        await platform.BothServe();
        await load.Ends(8, "there is room again");
        await platform.Adds(load, before);
    }

    /// <summary>How often the second manager has begun again since somebody had taken over from it.</summary>
    private int TakenOver() => platform.Second.Log.Split("This management node was taken over").Length - 1;
}
