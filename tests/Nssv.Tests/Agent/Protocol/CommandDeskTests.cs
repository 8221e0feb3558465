using System.Text.Json;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class CommandDeskTests
{
    [Fact]
    public async Task A_command_runs_once_however_often_it_comes_and_each_repeat_gets_the_recorded_result()
    {
        await using var bed = await DeskBed.Started();
        var layer = bed.NewId();
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(layer));

        await bed.Send(envelope, envelope);
        await bed.UntilResults(1);
        (await bed.Send(envelope)).Accepted.ShouldBe([envelope.Id]);
        await bed.Until("the result again", b => b.Results.Count >= 2);

        bed.EffectsOf(layer).ShouldBe(1);
        bed.Results.Select(result => (result.CommandId, result.Attempt, result.Succeeded)).Distinct().ShouldBe([(envelope.Id, 1, true)]);
    }

    [Fact]
    public async Task A_repeat_after_a_crash_gets_the_result_from_the_journal()
    {
        var runs = 0;
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, _) => { Interlocked.Increment(ref runs); return Task.CompletedTask; } });
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()));
        await bed.Send(envelope);
        await bed.UntilResults(1);

        bed.Host.Kill();
        await bed.Host.Start();
        var before = bed.Results.Count;
        await bed.Send(envelope);
        await bed.UntilResults(before + 1);

        runs.ShouldBe(1);
        bed.Results[^1].Result!.Value.GetProperty("sizeBytes").GetInt64().ShouldBe(1 << 20);
    }

    [Fact]
    public async Task A_newer_attempt_of_a_failed_command_runs_again()
    {
        var fail = true;
        await using var bed = await DeskBed.Started(new() { Refuse = (_, _) => fail ? new Problem(507, "storage-full", "Full.") : null });
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()));
        await bed.Send(envelope);
        await bed.UntilResults(1);
        bed.Results[0].Problem!.Code.ShouldBe("storage-full");

        fail = false;
        await bed.Send(envelope);
        await bed.UntilResults(2);
        bed.Results[1].Succeeded.ShouldBeFalse("the same attempt is not run again");
        await bed.Send(envelope with { Attempt = 2 });
        await bed.Until("success of attempt 2", b => b.Results.Any(result => result is { Attempt: 2, Succeeded: true }));

        (await bed.Send(envelope)).Refused.Single().Code.ShouldBe("stale-attempt");
        (await bed.Ask(envelope.OperationId, 1)).Commands.Single().Attempt.ShouldBe(2);
    }

    [Fact]
    public async Task A_newer_attempt_takes_the_place_of_one_that_still_runs()
    {
        var hold = new Hold();
        var first = true;
        await using var bed = await DeskBed.Started(new()
        {
            BeforeEffect = (_, _) =>
            {
                var wait = first;
                first = false;
                return wait ? hold.Wait() : Task.CompletedTask;
            },
        });
        var layer = bed.NewId();
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(layer));
        await bed.Send(envelope);
        await hold.Reached;

        await bed.Send(envelope with { Attempt = 2 });
        await bed.UntilResults(1);

        bed.Results.Single().ShouldSatisfyAllConditions(result => result.Attempt.ShouldBe(2), result => result.Succeeded.ShouldBeTrue());
        bed.EffectsOf(layer).ShouldBe(1);
    }

    [Fact]
    public async Task Results_are_sent_again_until_they_are_acknowledged_also_over_a_restart()
    {
        await using var bed = await DeskBed.Started();
        bed.Acknowledges = _ => false;
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()));
        await bed.Send(envelope);
        await bed.UntilResults(3);

        bed.Host.Kill();
        var before = bed.Results.Count;
        await bed.Host.Start();
        await bed.UntilResults(before + 2);
        bed.Acknowledges = _ => true;
        var other = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()));
        await bed.Until("one acknowledged", b => b.Results.Count > before + 2);
        await bed.Send(other);
        await bed.Until("the other result", b => b.Results.Any(result => result.CommandId == other.Id));

        bed.Host.Kill();
        await bed.Host.Start();
        before = bed.Results.Count;
        var third = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()));
        await bed.Send(third);
        await bed.Until("the third result", b => b.Results.Any(result => result.CommandId == third.Id));
        bed.Results.Skip(before).ShouldNotContain(result => result.CommandId == envelope.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_command_without_a_result_runs_again_after_a_crash_and_changes_nothing_twice(bool crashAfterEffect)
    {
        var hold = new Hold();
        var life = 1;
        Task Wait() => life == 1 ? hold.Wait() : Task.CompletedTask;
        await using var bed = await DeskBed.Started(new()
        {
            BeforeEffect = (_, _) => crashAfterEffect ? Task.CompletedTask : Wait(),
            AfterEffect = (_, _) => crashAfterEffect ? Wait() : Task.CompletedTask,
        });
        var layer = bed.NewId();
        await bed.Send(DeskBed.Envelope(bed.NewId(), DeskBed.Layer(layer)));
        await hold.Reached;

        bed.Host.Kill();
        life = 2;
        await bed.Host.Start();
        await bed.UntilResults(1);

        bed.EffectsOf(layer).ShouldBe(1);
        bed.Results.Single().Succeeded.ShouldBeTrue();
        hold.Open();
    }

    [Fact]
    public async Task Commands_on_one_resource_run_in_order_one_at_a_time_and_others_beside_them()
    {
        var hold = new Hold();
        Id held = default;
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (command, _) => command is CreateLayer create && create.LayerId == held ? hold.Wait() : Task.CompletedTask });
        held = bed.NewId();
        var free = bed.NewId();
        var operation = bed.NewId();
        await bed.Send(
            DeskBed.Envelope(operation, DeskBed.Layer(held), n: 0),
            DeskBed.Envelope(operation, new DeleteLayer(DeskBed.Storage, held), n: 1),
            DeskBed.Envelope(operation, DeskBed.Layer(free), n: 2));

        await bed.UntilResults(1);
        bed.Results.Single().CommandId.ShouldEndWith("/2");
        (await bed.Ask(operation, 1)).Commands.Select(fate => fate.State).ShouldBe([CommandState.Running, CommandState.Accepted, CommandState.Succeeded]);
        hold.Open();
        await bed.UntilResults(3);

        bed.Host.Machine.Effects.Where(effect => effect.Resource == held).Select(effect => effect.What).ShouldBe(["layer.create", "layer.delete"]);
    }

    [Fact]
    public async Task A_forced_stop_passes_a_patient_one_and_nothing_else_does()
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (command, _) => command is StopDomain ? hold.Wait() : Task.CompletedTask });
        var machine = bed.NewId();
        var (stop, kill) = (bed.NewId(), bed.NewId());
        await bed.Send(DeskBed.Envelope(stop, new StopDomain(machine, 600), n: 0), DeskBed.Envelope(stop, new RebootDomain(machine, false), n: 1));
        await hold.Reached;

        await bed.Send(DeskBed.Envelope(kill, new KillDomain(machine)));
        await bed.UntilResults(1);

        bed.Results.Single().ShouldSatisfyAllConditions(result => result.OperationId.ShouldBe(kill), result => result.Succeeded.ShouldBeTrue());
        (await bed.Ask(stop, 1)).Commands.Select(fate => fate.State).ShouldBe([CommandState.Running, CommandState.Accepted], "one stops, the other waits in line behind it");
        hold.Open();
        await bed.UntilResults(3);
    }

    [Fact]
    public async Task What_the_agent_does_not_know_or_cannot_read_is_refused_and_the_rest_of_the_batch_runs()
    {
        await using var bed = await DeskBed.Started();
        var operation = bed.NewId();
        var good = DeskBed.Envelope(operation, DeskBed.Layer(bed.NewId()), n: 0);
        var unknown = good with { Id = $"{operation}/0/1", Name = "host.format-disks" };
        var broken = good with { Id = $"{operation}/0/2", Body = JsonDocument.Parse("""{"layerId":"../../etc"}""").RootElement };
        var foreign = good with { Id = $"{bed.NewId()}/0/3" };
        var endless = good with { Id = $"{operation}/0/4", DeadlineSeconds = 0 };

        var receipt = await bed.Send(unknown, broken, foreign, good, endless);

        receipt.Accepted.ShouldBe([good.Id]);
        receipt.Refused.Select(refused => refused.Code).ShouldBe(["unknown-command", "invalid-command", "invalid-command", "invalid-command"]);
    }

    [Fact]
    public async Task A_command_that_does_not_end_in_time_fails_with_its_deadline()
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, _) => hold.Wait() });
        await bed.Send(DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()), deadlineSeconds: 1));

        await bed.UntilResults(1);

        bed.Results.Single().Problem!.Code.ShouldBe("command-deadline");
    }

    [Fact]
    public async Task Of_a_forgotten_operation_nothing_begins_nothing_new_is_taken_in_and_all_goes_after_the_retention()
    {
        await using var bed = await DeskBed.Started(desk: new() { Retention = TimeSpan.Zero });
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()), epoch: 3);
        await bed.Send(envelope);
        await bed.UntilResults(1);

        await bed.Transport.Forget(DeskBed.HostId, new([envelope.OperationId]), CancellationToken.None);
        (await bed.Send(envelope with { Id = $"{envelope.OperationId}/1/0" })).Refused.Single().Code.ShouldBe("operation-ended");
        (await bed.Ask(envelope.OperationId, 3)).Commands.Count.ShouldBe(1);
        await bed.Host.Desk!.Sweep();

        (await bed.Ask(envelope.OperationId, 1)).ShouldSatisfyAllConditions(reply => reply.RecordedEpoch.ShouldBe(1), reply => reply.Commands.ShouldBeEmpty());
    }

    [Fact]
    public async Task A_journal_that_cannot_be_written_takes_nothing_in_and_starts_nothing()
    {
        var faults = new FullDisk();
        var network = new SimulatedNetwork(new DirectLink());
        await using var host = new SimulatedHost(DeskBed.HostId, network, new() { Chance = new NoChance(), Faults = faults });
        await host.Start();
        host.Machine.Change(state => state.DataStorages.TryAdd(DeskBed.Storage, "/data"));
        var transport = new InProcessTransport(network, DeskBed.CallbackUrl);
        var operation = Id.Parse("0190a000-0000-7000-8000-000000000009");

        faults.Dies = true;
        await Should.ThrowAsync<HostUnreachableException>(() => transport.Send(DeskBed.HostId, new([DeskBed.Envelope(operation, DeskBed.Layer(operation))]), CancellationToken.None));
        host.IsRunning.ShouldBeFalse();
        faults.Dies = false;
        await host.Start();

        (await transport.Ask(DeskBed.HostId, new(operation, 1), CancellationToken.None)).Commands.ShouldBeEmpty();
        host.Machine.Effects.ShouldBeEmpty();
    }

    private sealed class FullDisk : ICommitFaults
    {
        public bool Dies { get; set; }

        public CommitFault BeforeBatch(int units) => Dies ? CommitFault.Crash : CommitFault.None;

        public CommitFault AfterCommit(int units) => CommitFault.None;
    }

    private sealed class NoChance : IChance
    {
        public double Next() => 0;
    }
}
