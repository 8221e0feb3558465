using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;

namespace Nssv.Services.Inventory.Observation;

// What nobody tells: that a host has fallen silent, and, now and then, that it has not.
public sealed partial class HostObservation
{
    /// <summary>How often it is written down that a host was heard, though it said nothing new: by the watch, for many hosts together, so that they share commits.</summary>
    private static readonly TimeSpan WriteAgainAfter = TimeSpan.FromSeconds(60);

    /// <summary>More at once would keep everybody else's commits waiting; the rest comes with the next look.</summary>
    private const int WrittenTogether = 500;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(5);

    /// <summary>Looks for hosts that have fallen silent; ends with <paramref name="cancel"/>.</summary>
    public async Task Watch(CancellationToken cancel)
    {
        var last = time.GetTimestamp();
        while (!cancel.IsCancellationRequested)
        {
            await Task.Delay(WatchInterval, time, cancel);
            // Who did not listen cannot call anybody silent.
            var slept = time.GetElapsedTime(last) > 2 * WatchInterval;
            last = time.GetTimestamp();
            foreach (var (hostId, session) in InOrder(s => slept || IsSilent(s)))
            {
                try
                {
                    if (slept)
                        session.HeardAt = last;
                    else if (IsSilent(session) && ownership.Hold(hostId) is { IsValid: true })
                        await Lose(hostId, session);
                }
                catch (Exception e) when (e is not FencedException)
                {
                    LogWatchFailed(log, hostId, e);
                }
            }

            await WriteHeard(slept);
            await FollowOthers();
        }
    }

    private bool IsSilent(HostSession session) => time.GetElapsedTime(session.HeardAt) > SilenceLimit;

    /// <summary>Those for which there is something to do, always in one order: chosen first, for to put thousands of hosts in order each time costs more than their heartbeats' writing.</summary>
    private IEnumerable<KeyValuePair<Id, HostSession>> InOrder(Func<HostSession, bool> wanted) => _sessions.ToArray().Where(s => wanted(s.Value)).OrderBy(s => s.Key);

    /// <summary>Writes down that hosts were heard, for those for which that was last done a while ago.</summary>
    private async Task WriteHeard(bool slept)
    {
        ProblemException? unwritten = null;
        List<Task> writes = [];
        foreach (var (hostId, session) in InOrder(s => slept || time.GetElapsedTime(s.WrittenAt) >= WriteAgainAfter))
        {
            DateTimeOffset heardAt;
            lock (session)
            {
                var now = time.GetTimestamp();
                if (slept || !session.Synced || time.GetElapsedTime(session.WrittenAt, now) < WriteAgainAfter || session.HeardAt <= session.WrittenAt)
                    continue;
                if (writes.Count == WrittenTogether)
                    break;
                heardAt = Clock.Now(time) - time.GetElapsedTime(session.HeardAt, now);
                session.WrittenAt = now;
            }

            writes.Add(Again(hostId, session, heardAt));
        }

        await Task.WhenAll(writes);
        if (unwritten is not null)
            LogHeardNotWritten(log, unwritten.Problem.Code);

        async Task Again(Id hostId, HostSession session, DateTimeOffset heardAt)
        {
            try
            {
                await Write(hostId, session, heardAt, long.MaxValue, null);
                // A storage that was attached to the cluster at the moment at which the host connected.
                await PrepareStorages(hostId);
            }
            catch (ProblemException e)
            {
                // The database is away or full, for all of them: it is said once.
                unwritten = e;
            }
            catch (Exception e) when (e is not FencedException)
            {
                LogWatchFailed(log, hostId, e);
            }
        }
    }

    private async Task Lose(Id hostId, HostSession session)
    {
        lock (session)
        {
            session.Synced = false;
            if (links.Of(hostId) == HostLink.Unreachable && session.SaidLost)
                return;
            links.Set(hostId, HostLink.Unreachable);
            session.SaidLost = false;
        }

        await Write(hostId, session, null, long.MaxValue, null);
        foreach (var vm in await store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.PlacementHostId), hostId)))
            await bus.Call(new ObserveHostSilence(vm.Id, hostId));
        session.SaidLost = true;
        LogLost(log, hostId);
    }
}
