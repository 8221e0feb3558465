using Microsoft.Extensions.Logging;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>
/// Where commands arrive on a host. Takes them in durably, runs them one after another on each resource, records their results durably before it tells
/// them, and keeps commands of superseded owners from beginning. See docs/mechanisms/agent-protocol.md for the rules and why they hold.
/// </summary>
public sealed partial class CommandDesk : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CommandEntry> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<Id, OperationEntry> _operations = [];
    private readonly ResourceLines _lines;
    private readonly ResultOutbox _outbox;
    private readonly ProgressOutbox _progress;
    private readonly ICommandJournal _journal;
    private readonly CommandCatalog _catalog;
    private readonly IHostEngine _engine;
    private readonly IManagerLink _link;
    private readonly TimeProvider _time;
    private readonly DeskOptions _options;
    private readonly ILogger _logger;
    private long _order;

    private CommandDesk(DeskParts parts)
    {
        (_journal, _catalog, _engine, _link, _time, _options, _logger) = (parts.Journal, parts.Catalog, parts.Engine, parts.Link, parts.Time, parts.Options, parts.Logger);
        _lines = new(_options.RunningLimit);
        _outbox = new(parts, _gate);
        _progress = new(parts, _gate);
    }

    /// <summary>Counts the agent's starts, this one included.</summary>
    public long Incarnation => _journal.Incarnation;

    /// <summary>
    /// Reads the journal. Commands that were accepted and have no result wait in the order of their acceptance; results that nobody has acknowledged are due.
    /// Nothing runs before <see cref="Start"/>.
    /// </summary>
    public static async Task<CommandDesk> Open(DeskParts parts)
    {
        var desk = new CommandDesk(parts);
        var (commands, operations) = await parts.Journal.Load();
        lock (desk._gate)
            desk.Restore(commands, operations);
        return desk;
    }

    /// <summary>Begins to run what the journal holds, and to send what it owes.</summary>
    public void Start()
    {
        IReadOnlyList<CommandEntry> ready;
        lock (_gate)
        {
            _open = true;
            ready = _lines.TakeReady();
            _outbox.Open();
        }
        Run(ready);
    }

    /// <summary>
    /// Takes commands in. When it returns they are durable and will be run; what was taken in before only adopts the newer owner and gets its recorded result again.
    /// </summary>
    /// <param name="callbackUrl">Where the results go.</param>
    /// <exception cref="ProblemException">The whole batch is refused: nothing of it was taken in.</exception>
    public async Task<CommandReceipt> Accept(CommandBatch batch, string callbackUrl)
    {
        if (!_link.IsAllowed(callbackUrl))
            throw AgentProblems.CallbackNotAllowed(callbackUrl).AsException();

        var acceptance = new Acceptance(callbackUrl);
        Task committed;
        lock (_gate)
        {
            EnsureOpen();
            if (_lines.Count + batch.Commands.Count > _options.PendingLimit)
                throw AgentProblems.Busy(_lines.Count).AsException();
            foreach (var envelope in batch.Commands)
                Decide(envelope, acceptance);
            committed = acceptance.Changes.Count == 0 ? Task.CompletedTask : _journal.Commit(acceptance.Changes);
        }
        var durable = await Written(committed, acceptance);
        foreach (var twin in acceptance.Twins)
            durable &= await twin.Journaled.Task;
        if (!durable)
            throw AgentProblems.JournalFailed("The commands could not be written.").AsException();

        IReadOnlyList<CommandEntry> ready;
        CommandReceipt receipt;
        lock (_gate)
        {
            foreach (var repeat in acceptance.Repeats)
                Adopt(repeat.Entry, repeat.Epoch, callbackUrl);
            receipt = acceptance.Receipt();
            ready = _lines.TakeReady();
        }
        Run(ready);
        return receipt;
    }

    /// <summary>
    /// Tells what became of an operation's commands. The epoch is durable, and nothing of an older one can begin, before this returns; an asker that is
    /// itself superseded learns only the newer epoch.
    /// </summary>
    public async Task<AskReply> Ask(Ask ask)
    {
        Task committed = Task.CompletedTask;
        OperationEntry operation;
        lock (_gate)
        {
            EnsureOpen();
            operation = Operation(ask.OperationId);
            if (ask.Epoch < operation.Epoch)
                return new(operation.Epoch, []);
            operation.Epoch = ask.Epoch;
            operation.AskedAt = _time.GetUtcNow();
            if (operation.DurableEpoch < ask.Epoch)
                committed = _journal.Commit([new EpochAsked(ask.OperationId, ask.Epoch, operation.AskedAt.Value)]);
        }
        await Guarded(committed);
        lock (_gate)
        {
            operation.DurableEpoch = Math.Max(operation.DurableEpoch, ask.Epoch);
            _logger.Asked(ask.OperationId, ask.Epoch, operation.Commands.Count);
            return operation.Epoch > ask.Epoch ? new(operation.Epoch, []) : new(operation.Epoch, [.. operation.Commands.Select(command => command.Fate)]);
        }
    }

    /// <summary>These operations have ended: what has not begun never will, no result is owed any more, and after the retention time all is removed.</summary>
    public async Task Forget(Forget forget)
    {
        Task committed;
        lock (_gate)
        {
            EnsureOpen();
            var changes = new List<JournalChange>();
            foreach (var id in forget.OperationIds)
            {
                // One that was never seen is recorded too: a command of it may still be under way.
                var operation = Operation(id);
                operation.EndedAt ??= _time.GetUtcNow();
                changes.Add(new OperationOver(id, operation.Epoch, operation.EndedAt.Value));
                foreach (var command in operation.Commands.Where(command => command.HasEnded))
                    command.Acknowledged = true;
            }
            committed = changes.Count == 0 ? Task.CompletedTask : _journal.Commit(changes);
        }
        await Guarded(committed);
    }

    /// <summary>Removes what the retention time is over for.</summary>
    public async Task Sweep()
    {
        Task committed = Task.CompletedTask;
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var over = _operations.Values.Where(operation => IsOver(operation, now)).Take(500).ToList();
            if (over.Count == 0)
                return;
            var changes = new List<JournalChange>();
            foreach (var operation in over)
            {
                changes.Add(new OperationRemoved(operation.Id));
                _operations.Remove(operation.Id);
                foreach (var command in operation.Commands)
                    Discard(command);
            }
            committed = _journal.Commit(changes);
        }
        await Guarded(committed);
    }

    private bool IsOver(OperationEntry operation, DateTimeOffset now)
    {
        if (operation.Commands.Any(command => command.Fate.State == CommandState.Running || command.Phase is CommandPhase.Journaling))
            return false;
        if (operation.EndedAt is { } ended)
            return now - ended >= _options.Retention;
        return (operation.AskedAt is not { } asked || now - asked >= _options.LongestRetention)
            && operation.Commands.All(command => command.HasEnded && command.Acknowledged && now - command.AcceptedAt >= _options.LongestRetention);
    }

    private OperationEntry Operation(Id id)
    {
        if (!_operations.TryGetValue(id, out var operation))
            _operations.Add(id, operation = new(id));
        return operation;
    }

    private void Discard(CommandEntry command)
    {
        _commands.Remove(command.Id);
        command.Phase = CommandPhase.Dropped;
    }
}

/// <summary>What a desk is made of.</summary>
public sealed record DeskParts(
    Id HostId, ICommandJournal Journal, CommandCatalog Catalog, IHostEngine Engine, IManagerLink Link,
    TimeProvider Time, IChance Chance, DeskOptions Options, ILogger Logger);
