using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Agent.Protocol;

/// <summary>
/// Tells the managers that this host lives and what it sees. Heartbeats wait for nothing but the network; changes of domains are sent at once, one message at
/// a time, the newest state of each; and everything is told anew after a break of any kind. Messages are numbered over all incarnations, so a late one is
/// known by its number.
/// </summary>
public sealed class HostReporter : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, DomainStatus> _changed = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly DeskParts _parts;
    private readonly ReporterOptions _options;
    private TaskCompletionSource _due = NewSignal();
    private bool _fullDue = true;
    private volatile bool _met;
    private CancellationTokenSource _hurry = new();
    private long _sequence;
    private long _answered;

    public HostReporter(DeskParts parts, ReporterOptions options)
    {
        (_parts, _options) = (parts, options);
        _sequence = parts.Journal.Incarnation << 32;
        parts.Engine.DomainChanged += Changed;
        parts.Engine.DomainsResynced += AskForFull;
    }

    /// <summary>Begins both loops; they end with <see cref="Dispose"/>.</summary>
    public void Start()
    {
        _ = Beat();
        _ = Report();
    }

    public void Dispose()
    {
        _parts.Engine.DomainChanged -= Changed;
        _parts.Engine.DomainsResynced -= AskForFull;
        _stopping.Cancel();
        Signal();
    }

    /// <summary>A manager that has just started knows nothing of this host: it need not wait for the next heartbeat.</summary>
    public void BeatNow()
    {
        lock (_gate)
        {
            _hurry.Cancel();
            _hurry = new();
        }
    }

    private async Task Beat()
    {
        await Task.Yield();
        var interval = _options.Interval;
        var failures = 0;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using var limit = new CancellationTokenSource(_options.Timeout, _parts.Time);
                using var cancel = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
                var engine = _parts.Engine;
                var sequence = NextSequence();
                var reply = await _parts.Link.Beat(
                    new(_parts.HostId, engine.BootId, _parts.Journal.Incarnation, sequence, engine.Capacity, engine.Storages), cancel.Token);
                Volatile.Write(ref _answered, sequence);
                Met(reply.Resync);
                interval = TimeSpan.FromSeconds(Math.Clamp(reply.IntervalSeconds, 1, 60));
                failures = 0;
            }
            catch (Exception exception) when (!_stopping.IsCancellationRequested)
            {
                if (_met)
                    _parts.Logger.ManagerLost(exception.Message);
                _met = false;
                interval = _options.Interval;
                failures++;
            }
            catch (Exception)
            {
                return;
            }
            // Hosts that lost the manager at one moment shall not all come back at one moment; until it is met, ask more often, yet ever less so: thousands
            // that ask every two seconds keep a manager that starts from answering anybody. It wakes each when it has started.
            await PauseUnlessHurried(_met ? interval * (0.95 + 0.1 * _parts.Chance.Next()) : Backoff.After(failures - 1, _options.Search, _options.Interval) * (0.5 + _parts.Chance.Next()));
        }
    }

    /// <summary>Whoever was away is told everything, once: the wish is there before the meeting lets the reports begin.</summary>
    private void Met(bool resync)
    {
        lock (_gate)
        {
            _fullDue |= resync || !_met;
            if (!_met)
                _parts.Logger.ManagerMet();
            _met = true;
        }
        Signal();
    }

    private async Task Report()
    {
        await Task.Yield();
        for (var failures = 0; !_stopping.IsCancellationRequested;)
        {
            await Due();
            if (_stopping.IsCancellationRequested)
                return;
            try
            {
                using var limit = new CancellationTokenSource(_options.ReportTimeout, _parts.Time);
                using var cancel = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
                await (TakeFull() ? ReportAll(cancel.Token) : ReportChanges(cancel.Token));
                failures = 0;
            }
            catch (Exception exception)
            {
                if (_stopping.IsCancellationRequested)
                    return;
                // Changes that were on their way may be lost: only the whole is certain now.
                AskForFull();
                _parts.Logger.ReportFailed(exception.Message);
                await Pause(Backoff.After(failures++, _options.FirstRetry, _options.LongestRetry, _parts.Chance.Next()));
            }
        }
    }

    private async Task ReportAll(CancellationToken cancel)
    {
        var answered = Volatile.Read(ref _answered);
        // Changes seen before the list are in it; those seen while it is made are sent after it.
        lock (_gate)
            _changed.Clear();
        var domains = await _parts.Engine.ListDomains(cancel);
        var layers = await _parts.Engine.ListLayers(cancel);
        await _parts.Link.Report(new(_parts.HostId, _parts.Engine.BootId, _parts.Journal.Incarnation, NextSequence(), true, domains, layers, answered), cancel);
        _parts.Logger.FullReport(domains.Count, layers.Count);
    }

    private async Task ReportChanges(CancellationToken cancel)
    {
        List<DomainStatus> domains;
        lock (_gate)
        {
            domains = [.. _changed.Values.OrderBy(domain => domain.VirtualMachineId)];
            _changed.Clear();
        }
        if (domains.Count > 0)
            await _parts.Link.Report(new(_parts.HostId, _parts.Engine.BootId, _parts.Journal.Incarnation, NextSequence(), false, domains, []), cancel);
    }

    private void Changed(DomainStatus status)
    {
        lock (_gate)
            _changed[status.VirtualMachineId] = status;
        Signal();
    }

    private void AskForFull()
    {
        lock (_gate)
            _fullDue = true;
        Signal();
    }

    private bool TakeFull()
    {
        lock (_gate)
        {
            var due = _fullDue;
            _fullDue = false;
            return due;
        }
    }

    /// <summary>Until a manager was met there is nobody to report to: the first heartbeat that is answered asks for everything.</summary>
    private async Task Due()
    {
        while (true)
        {
            Task due;
            lock (_gate)
            {
                if (_stopping.IsCancellationRequested || _met && (_fullDue || _changed.Count > 0))
                    return;
                due = _due.Task;
            }
            await due;
        }
    }

    private void Signal()
    {
        TaskCompletionSource due;
        lock (_gate)
        {
            due = _due;
            _due = NewSignal();
        }
        due.TrySetResult();
    }

    private async Task PauseUnlessHurried(TimeSpan time)
    {
        CancellationToken hurry;
        lock (_gate)
            hurry = _hurry.Token;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hurry, _stopping.Token);
        try
        {
            await Task.Delay(time, _parts.Time, either.Token);
        }
        catch (OperationCanceledException)
        {
            // Hurried, or stopping: the loop looks.
        }
    }

    private async Task Pause(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _parts.Time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the loop looks.
        }
    }

    private long NextSequence() => Interlocked.Increment(ref _sequence);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Times of the heartbeat and the reports.</summary>
public sealed record ReporterOptions
{
    /// <summary>Until a manager says otherwise.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The first pause while no manager answers; each further one is twice as long, up to <see cref="Interval"/>.</summary>
    public TimeSpan Search { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Of one report with the listing before it.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(15);
}
