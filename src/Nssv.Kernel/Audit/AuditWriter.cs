using Microsoft.Extensions.Logging;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Audit;

/// <summary>Brings the audit up to the events, a moment after they happen; of several managers the one that holds the platform's own shard.</summary>
public sealed partial class AuditWriter(AuditRecorder recorder, IOwnership ownership, NodeIdentity node, TimeProvider time, ILogger<AuditWriter> log) : IEventObserver
{
    /// <summary>What happens in it is written together.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private volatile bool _heard = true;
    private ShardHold? _held;

    public void Committed(IReadOnlyList<Event> events) => _heard = true;

    /// <summary>Writes until it is cancelled. Whatever fails is tried again.</summary>
    public async Task Run(CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(Interval, time, cancel);
            await Round(cancel);
        }
    }

    private async Task Round(CancellationToken cancel)
    {
        var hold = ownership.Hold(node.PlatformId);
        // Who has just got the shard looks for what the one before left.
        if (hold is not { IsValid: true } || !_heard && hold == _held)
            return;
        (_held, _heard) = (hold, false);
        try
        {
            for (var begun = time.GetTimestamp(); await recorder.Advance(hold); begun = time.GetTimestamp())
            {
                // It may lag; what it is about may not. So it takes a fifth of the time at most.
                await Task.Delay(4 * time.GetElapsedTime(begun), time, cancel);
            }
        }
        catch (NotOwnerException)
        {
            // The new owner goes on.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever is wrong with the database: the events are still there.
            _heard = true;
            LogFailed(log, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit could not be written; it is tried again")]
    private static partial void LogFailed(ILogger log, Exception e);
}
