using System.Text.Json;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;
using Nssv.Plugins;
using Nssv.Plugins.Runner;

namespace Nssv.Server.Plugins;

/// <summary>
/// Lets one observer of a plugin hear the platform's events: each at least once and in order, on the node that holds the platform's own shard. What it is done with is
/// kept in the database a moment later. While the plugin rests its events wait.
/// </summary>
internal sealed partial class PluginObserver(
    HostedPlugin plugin, Described observer, IStore store, IWriter writer, IOwnership ownership, NodeIdentity node, PluginLimits limits, TimeProvider time, ILogger log)
{
    private const int EventsAtOnce = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SaveEach = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _kinds = [.. observer.Kinds];
    private volatile bool _heard = true;
    private ShardHold? _held;
    private long? _sequence;
    private long _saved;
    private DateTimeOffset _savedAt;
    private (long Sequence, int Tries) _failing;

    public string Key { get; } = $"plugin.{plugin.Name}.{observer.Name}";

    public HostedPlugin Plugin => plugin;

    public string Name => observer.Name;

    /// <summary>Number of the last event that it is done with; null: another node lets it hear them.</summary>
    public long? Sequence => _held is { IsValid: true } ? _sequence : null;

    public void Wake() => _heard = true;

    public async Task Run(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                try
                {
                    await Round(stopping);
                }
                catch (NotOwnerException)
                {
                    // The new owner goes on from what was saved.
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // Whatever is wrong with the database: the events are still there.
                    _heard = true;
                    LogFailed(log, Key, e);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Whoever comes next goes on.
        }
    }

    private async Task Round(CancellationToken stopping)
    {
        var hold = ownership.Hold(node.PlatformId);
        if (hold is not { IsValid: true })
            return;
        if (hold != _held)
            (_held, _sequence, _heard) = (hold, null, true);
        if (plugin.State == PluginState.Running && _heard)
        {
            _heard = false;
            _sequence ??= _saved = await Position(hold);
            while (await Advance(stopping))
                await Save(hold);
        }

        await Save(hold);
    }

    /// <summary>Where it goes on; for one that is new here, behind what has happened so far.</summary>
    private async Task<long> Position(ShardHold hold)
    {
        if (await store.First<ObserverPosition>(Condition.Equal(nameof(ObserverPosition.Name), Key)) is { } known)
            return known.Sequence;
        var last = (await store.Select("SELECT seq FROM outbox_head WHERE id = 1", [], row => row.GetInt64(0)))[0];
        await writer.Commit(new UnitOfWork { Hold = hold }.Insert(new ObserverPosition { Name = Key, Sequence = last, At = Clock.Now(time) }));
        return last;
    }

    /// <returns>Whether there may be more at once.</returns>
    private async Task<bool> Advance(CancellationToken stopping)
    {
        // Numbers below the head are all there, except for those that retention has removed.
        var events = await store.List<Event>(Condition.Greater(nameof(Event.Sequence), _sequence!.Value), new Condition(nameof(Event.Sequence), Comparison.LessOrEqual, _sequence.Value + EventsAtOnce));
        foreach (var happened in events)
        {
            if ((_kinds.Count == 0 || _kinds.Contains(happened.ResourceType)) && !await Hear(happened, stopping))
            {
                _heard = true;
                return false;
            }

            _sequence = happened.Sequence;
        }

        if (events.Count > 0)
            return true;
        var next = await store.Select("SELECT sequence FROM events WHERE sequence > @p0 ORDER BY sequence LIMIT 1", [_sequence.Value], row => row.GetInt64(0));
        if (next is not [var first])
            return false;
        _sequence = first - 1;
        return true;
    }

    /// <returns>False: it is to be heard again.</returns>
    private async Task<bool> Hear(Event happened, CancellationToken stopping)
    {
        if (plugin.State != PluginState.Running)
            return false;
        var body = new PlatformEvent(
            happened.Sequence, happened.Type, happened.ResourceType, happened.ResourceId.ToString(), happened.ProjectId.ToString(), happened.OperationId?.ToString(), happened.At, happened.Data);
        try
        {
            await plugin.Call(Calls.Heard, observer.Name, JsonSerializer.SerializeToNode(body, Messages.Json), Deadline, stopping);
            return true;
        }
        catch (PluginFailure e) when (!e.InCall)
        {
            // The event is not to blame.
            return false;
        }
        catch (Exception e) when (e is PluginFailure or ProblemException)
        {
            _failing = _failing.Sequence == happened.Sequence ? (happened.Sequence, _failing.Tries + 1) : (happened.Sequence, 1);
            if (_failing.Tries < limits.Failures)
                return false;
            LogPassedOver(log, Key, happened.Sequence, happened.Type);
            return true;
        }
    }

    private async Task Save(ShardHold hold)
    {
        var now = Clock.Now(time);
        if (_sequence is not { } sequence || sequence == _saved || now - _savedAt < SaveEach)
            return;
        await writer.Commit(new UnitOfWork { Hold = hold }.Execute(
            "observer_positions", "UPDATE observer_positions SET sequence = @p0, at = @p1 WHERE name = @p2", 1, sequence, now, Key));
        (_saved, _savedAt) = (sequence, now);
    }

    [LoggerMessage(EventId = 65, Level = LogLevel.Warning, Message = "Events for {Observer} could not be read or its position not be written; it is tried again")]
    private static partial void LogFailed(ILogger log, string observer, Exception e);

    [LoggerMessage(EventId = 66, Level = LogLevel.Warning, Message = "{Observer} failed several times at event {Sequence} ({Type}), which is passed over")]
    private static partial void LogPassedOver(ILogger log, string observer, long sequence, string type);
}
