using System.Diagnostics.Metrics;
using Nssv.Kernel.Data;

namespace Nssv.Server.Admission;

/// <summary>The door for requests that change something: a few are inside, callers take turns, and who has too much already is told when to come again.</summary>
internal sealed class AdmissionControl
{
    private readonly Lock _gate = new();
    private readonly AdmissionLimits _limits;
    private readonly FairQueue<TaskCompletionSource> _queue;
    private readonly UnfinishedOperations _operations;
    private readonly Writer _writer;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly DrainRate _left = new(), _ended = new(), _committed = new();
    private long _leftCount;

    public AdmissionControl(AdmissionLimits limits, UnfinishedOperations operations, Writer writer, TimeProvider time, Meter meter)
    {
        (_limits, _operations, _writer, _time, _start) = (limits, operations, writer, time, time.GetTimestamp());
        _queue = new(limits.Inside);
        meter.CreateObservableGauge("nssv_admission_waiting_requests", () => Locked(() => _queue.Waiting), null, "Requests for a change that wait to be accepted.");
        meter.CreateObservableGauge("nssv_admission_inside_requests", () => Locked(() => _queue.Inside), null, "Requests for a change that are being accepted.");
    }

    /// <summary>Waits until the caller's turn has come. Dispose of the place when the request is accepted or refused.</summary>
    /// <exception cref="ProblemException">429 with the seconds after which to come again.</exception>
    public async Task<IDisposable> Enter(Id caller, CancellationToken aborted)
    {
        var entrance = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            Sample();
            if (AdmissionRules.Refusal(Load(caller), _limits) is { } refusal)
                throw Problem(refusal).AsException();
            if (_queue.Enter(caller, entrance))
                return new Place(this);
        }
        try
        {
            await entrance.Task.WaitAsync(aborted);
        }
        catch (OperationCanceledException)
        {
            bool waited;
            lock (_gate)
                waited = _queue.GiveUp(caller, entrance);
            if (!waited)
                Leave(); // let in at the moment when it went away
            throw;
        }
        return new Place(this);
    }

    private NodeLoad Load(Id caller)
    {
        var (all, own, callers) = _operations.Count(caller);
        var waiting = _queue.WaitingOf(caller);
        return new(_queue.Waiting, waiting, _queue.Callers + (waiting == 0 ? 1 : 0), all, own, callers + (own == 0 ? 1 : 0), _writer.Queued);
    }

    private void Leave()
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            _leftCount++;
            next = _queue.Leave();
        }
        next?.TrySetResult();
    }

    private void Sample()
    {
        var now = _time.GetElapsedTime(_start);
        _left.Sample(_leftCount, now);
        _ended.Sample(_operations.EndedCount, now);
        _committed.Sample(_writer.CommittedUnits, now);
    }

    private Problem Problem(AdmissionRefusal refusal)
    {
        var now = _time.GetElapsedTime(_start);
        // So that there is room again, and not for one request alone.
        var surplus = refusal.Have - refusal.May * 0.9;
        return refusal.Reason switch
        {
            RefusalReason.OwnRequests => new(429, "too-many-requests", "Too many requests of this account wait to be taken in.",
                $"{refusal.Have} wait; {refusal.May} may.", "Send fewer at a time, and wait for their answers.")
            {
                RetryAfterSeconds = _left.SecondsFor(surplus * _queue.Callers, _leftCount, now),
            },
            RefusalReason.WriterBehind => new(429, "database-behind", "The database cannot keep up just now.",
                $"{refusal.Have} changes wait to be written.", "Wait a little; look at the database's disk if it goes on.")
            {
                RetryAfterSeconds = _committed.SecondsFor(surplus, _writer.CommittedUnits, now),
            },
            _ => new(429, "too-many-operations", "Too many operations are under way.",
                refusal.Reason == RefusalReason.NodeOperations
                    ? $"{refusal.Have} operations have not ended; {refusal.May} may be under way."
                    : $"{refusal.Have} operations of this account have not ended; while the platform is busy, its share is {refusal.May}.",
                "Wait until some have ended.")
            {
                RetryAfterSeconds = _ended.SecondsFor(surplus, _operations.EndedCount, now),
            },
        };
    }

    private int Locked(Func<int> read)
    {
        lock (_gate)
            return read();
    }

    private sealed class Place(AdmissionControl control) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                control.Leave();
        }
    }
}
