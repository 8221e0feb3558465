using Nssv.Kernel.Agents;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

/// <summary>Invariant 3: a command whose operation has a newer owner that has asked this host changes nothing there.</summary>
[Trait("group", "agent")]
public sealed class EpochTests
{
    [Fact]
    public async Task A_command_older_than_the_asked_epoch_is_refused_and_told_the_newer_one()
    {
        await using var bed = await DeskBed.Started();
        var (operation, layer) = (bed.NewId(), bed.NewId());

        (await bed.Ask(operation, 5)).ShouldBe(new AskReply(5, []), new ReplyComparer());
        var receipt = await bed.Send(DeskBed.Envelope(operation, DeskBed.Layer(layer), epoch: 4));

        receipt.Accepted.ShouldBeEmpty();
        receipt.Refused.ShouldBe([new RefusedCommand($"{operation}/0/0", "stale-epoch", 5)]);
        bed.Host.Machine.Layers.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_asked_epoch_survives_a_crash_right_after_the_answer()
    {
        await using var bed = await DeskBed.Started();
        var (operation, layer) = (bed.NewId(), bed.NewId());
        await bed.Ask(operation, 7);

        bed.Host.Kill();
        await bed.Host.Start();

        (await bed.Send(DeskBed.Envelope(operation, DeskBed.Layer(layer), epoch: 6))).Refused.Single().Code.ShouldBe("stale-epoch");
        (await bed.Ask(operation, 6)).RecordedEpoch.ShouldBe(7);
        (await bed.Send(DeskBed.Envelope(operation, DeskBed.Layer(layer), epoch: 7))).Accepted.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_asker_that_is_itself_superseded_learns_nothing_but_the_newer_epoch()
    {
        await using var bed = await DeskBed.Started();
        var operation = bed.NewId();
        await bed.Send(DeskBed.Envelope(operation, DeskBed.Layer(bed.NewId()), epoch: 3));
        await bed.UntilResults(1);

        var reply = await bed.Ask(operation, 2);

        reply.RecordedEpoch.ShouldBe(3);
        reply.Commands.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_command_that_still_waits_when_a_newer_owner_asks_never_begins_unless_that_owner_sends_it()
    {
        var hold = new Hold();
        Nssv.Kernel.Id first = default;
        await using var bed = await DeskBed.Started(new()
        {
            BeforeEffect = (_, scope) => scope.OperationId == first ? hold.Wait() : Task.CompletedTask,
        });
        first = bed.NewId();
        var (second, layer) = (bed.NewId(), bed.NewId());
        await bed.Send(DeskBed.Envelope(first, DeskBed.Layer(layer)));
        await hold.Reached;
        var waiting = DeskBed.Envelope(second, new Nssv.Contracts.Agent.DeleteLayer(DeskBed.Storage, layer), epoch: 1);
        await bed.Send(waiting);

        var reply = await bed.Ask(second, 2);
        hold.Open();
        await bed.UntilResults(1);

        reply.Commands.Single().State.ShouldBe(CommandState.Accepted);
        (await bed.Ask(second, 2)).Commands.Single().State.ShouldBe(CommandState.Accepted);
        bed.Host.Machine.Layers.Count.ShouldBe(1);

        (await bed.Send(waiting with { Epoch = 2 })).Accepted.Count.ShouldBe(1);
        await bed.UntilResults(2);
        bed.Host.Machine.Layers.ShouldBeEmpty();
        bed.Host.Machine.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_command_that_runs_when_a_newer_owner_asks_is_told_as_running_and_ends()
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, _) => hold.Wait() });
        var (operation, layer) = (bed.NewId(), bed.NewId());
        await bed.Send(DeskBed.Envelope(operation, DeskBed.Layer(layer), epoch: 1));
        await hold.Reached;

        (await bed.Ask(operation, 2)).Commands.Single().State.ShouldBe(CommandState.Running);
        hold.Open();
        await bed.UntilResults(1);

        (await bed.Ask(operation, 2)).Commands.Single().State.ShouldBe(CommandState.Succeeded);
        bed.EffectsOf(layer).ShouldBe(1);
    }

    [Fact]
    public async Task After_a_restart_a_command_of_a_superseded_epoch_is_left_to_the_new_owner()
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, scope) => scope.Epoch == 1 ? hold.Wait() : Task.CompletedTask });
        var (operation, layer) = (bed.NewId(), bed.NewId());
        var envelope = DeskBed.Envelope(operation, DeskBed.Layer(layer), epoch: 1);
        await bed.Send(envelope);
        await hold.Reached;
        await bed.Ask(operation, 2);

        bed.Host.Kill();
        hold.Open();
        await bed.Host.Start();

        (await bed.Ask(operation, 2)).Commands.Single().State.ShouldBe(CommandState.Accepted);
        bed.EffectsOf(layer).ShouldBe(0);
        await bed.Send(envelope with { Epoch = 2 });
        await bed.UntilResults(1);
        bed.EffectsOf(layer).ShouldBe(1);
        bed.Host.Machine.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_result_goes_to_the_newest_owner_who_sent_the_command()
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, _) => hold.Wait() });
        const string newUrl = "https://manager-2/agent-api/v1/results";
        bed.Network.Attach(newUrl, bed);
        bed.Network.Detach(DeskBed.CallbackUrl);
        var envelope = DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()), epoch: 1);
        await bed.Send(envelope);
        await hold.Reached;
        await bed.Ask(envelope.OperationId, 2);

        await new InProcessTransport(bed.Network, newUrl).Send(DeskBed.HostId, new([envelope with { Epoch = 2 }]), CancellationToken.None);
        hold.Open();

        await bed.UntilResults(1);
        bed.Results.Single().Succeeded.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whichever_of_Ask_and_Send_comes_first_no_old_command_begins_after_the_answer(bool askFirst)
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, _) => hold.Wait() });
        var (operation, layer) = (bed.NewId(), bed.NewId());
        var old = DeskBed.Envelope(operation, DeskBed.Layer(layer), epoch: 1);
        CommandReceipt receipt;
        AskReply reply;
        if (askFirst)
        {
            reply = await bed.Ask(operation, 2);
            receipt = await bed.Send(old);
        }
        else
        {
            receipt = await bed.Send(old);
            await hold.Reached;
            reply = await bed.Ask(operation, 2);
        }
        hold.Open();

        receipt.Accepted.Count.ShouldBe(askFirst ? 0 : 1);
        reply.Commands.Select(command => command.State).ShouldBe(askFirst ? [] : [CommandState.Running]);
        bed.Host.Machine.Violations.ShouldBeEmpty();
    }

    private sealed class ReplyComparer : IEqualityComparer<AskReply>
    {
        public bool Equals(AskReply? x, AskReply? y) => x!.RecordedEpoch == y!.RecordedEpoch && x.Commands.SequenceEqual(y.Commands);

        public int GetHashCode(AskReply obj) => obj.RecordedEpoch.GetHashCode();
    }
}
