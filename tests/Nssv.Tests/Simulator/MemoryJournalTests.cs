using Nssv.Agent.Protocol;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Simulator.Fleet;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Simulator;

public sealed class MemoryJournalTests
{
    private static readonly Id Operation = new(Guid.CreateVersion7());
    private readonly MemoryJournal _journal = new();

    [Fact]
    public async Task The_next_start_reads_what_the_last_one_wrote_and_the_last_one_writes_no_more()
    {
        var first = _journal.Attach();
        await first.Commit([new CommandAccepted(Command("a", 1), Replaces: false), new CommandAccepted(Command("b", 1), Replaces: false)]);
        await first.Commit([new CommandAccepted(Command("b", 2), Replaces: true), new CommandEnded(Result("a")), new EpochAsked(Operation, 5, DateTimeOffset.UnixEpoch)]);
        var second = _journal.Attach();

        (first.Incarnation, second.Incarnation).ShouldBe((1, 2));
        var (commands, operations) = await second.Load();
        commands.Select(command => (command.CommandId[37..], command.Attempt, command.State, command.Result is null)).ShouldBe(
            [("a", 1, CommandState.Succeeded, false), ("b", 2, CommandState.Accepted, true)]);
        operations.ShouldHaveSingleItem().Epoch.ShouldBe(5);
        await Should.ThrowAsync<FencedException>(() => first.Commit([new OperationRemoved(Operation)]));
        (await second.Load()).Commands.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_has_not_ended_goes_on_in_another_process()
    {
        var ended = new Id(Guid.CreateVersion7());
        var journal = _journal.Attach();
        await journal.Commit([new CommandAccepted(Command("a", 1), Replaces: false), new CommandEnded(Result("a")), new OperationOver(ended, 1, DateTimeOffset.UnixEpoch)]);
        var next = new MemoryJournal();
        next.Restore(_journal.Remains());
        var (commands, operations) = await next.Attach().Load();

        commands.ShouldHaveSingleItem().Result.ShouldNotBeNull();
        operations.ShouldBeEmpty();
        next.Attach().Incarnation.ShouldBe(3);
    }

    [Fact]
    public async Task A_lost_journal_still_counts_the_starts()
    {
        await _journal.Attach().Commit([new CommandAccepted(Command("a", 1), Replaces: false)]);
        _journal.Lose();
        var next = _journal.Attach();

        next.Incarnation.ShouldBe(2);
        (await next.Load()).Commands.ShouldBeEmpty();
    }

    private static JournaledCommand Command(string name, int attempt) => new()
    {
        CommandId = $"{Operation}/{name}",
        OperationId = Operation,
        Step = 0,
        Attempt = attempt,
        Epoch = 1,
        DeadlineSeconds = 60,
        Name = "domain.start",
        Body = "{}",
        CallbackUrl = "https://manager",
        State = CommandState.Accepted,
        Acknowledged = false,
        AcceptedOrder = 1,
        AcceptedAt = DateTimeOffset.UnixEpoch,
    };

    private static CommandResult Result(string name) => new($"{Operation}/{name}", Operation, 1, true, null, null);
}
