using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;

namespace Nssv.Services.Inventory.Observation;

/// <summary>
/// Takes in what hosts tell. A host that is back, or whose agent is new, tells everything first; what was left to clean up there is cleaned up;
/// only then does it get new work. What is kept here is a cache: after a restart every host tells everything again.
/// </summary>
public sealed partial class HostObservation(
    IBus bus, IStore store, HostConnections links, HostCleanUp cleanUp, IOwnership ownership, TimeProvider time, ILogger<HostObservation> log)
    : IHostInbox, IShardListener, IEventObserver
{
    /// <summary>Without a heartbeat for so long a host counts as disconnected: three are missing.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(50);

    public const int HeartbeatSeconds = 15;

    /// <summary>How often a host tells everything, though nothing seems to be missing.</summary>
    private static readonly TimeSpan ResyncAfter = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<Id, HostSession> _sessions = new();

    public async Task<HeartbeatReply> Heartbeat(Heartbeat heartbeat)
    {
        var managers = ownership.AgentUrls is { Count: > 0 } urls ? urls : null;
        if (ownership.Hold(heartbeat.HostId) is not { IsValid: true })
        {
            return ownership.OwnerOf(heartbeat.HostId) is { } owner
                ? new HeartbeatReply(false, HeartbeatSeconds, owner.AgentUrl, managers)
                : throw Problems.Unavailable("No manager looks after this host yet.").AsException();
        }

        var now = time.GetTimestamp();
        var session = _sessions.GetOrAdd(heartbeat.HostId, static (_, now) => new HostSession(now), now);
        bool known;
        bool news;
        bool resync;
        lock (session)
        {
            known = session.Synced && session.Incarnation == heartbeat.AgentIncarnation && session.BootId == heartbeat.BootId;
            resync = !known || session.LastComplete is not { } complete || time.GetElapsedTime(complete, now) > ResyncAfter;
            news = resync || !session.SaysTheSame(heartbeat);
            session.HeardAt = now;
            session.LastHeartbeat = Math.Max(session.LastHeartbeat, heartbeat.Sequence);
            session.Incarnation = heartbeat.AgentIncarnation;
            session.BootId = heartbeat.BootId;
            if (!known)
            {
                session.Synced = false;
                // Together with what it follows from: one that is late would take a link down that has come up since.
                links.Set(heartbeat.HostId, HostLink.Reconciling);
            }

            if (news)
                (session.WrittenAt, session.Last) = (now, heartbeat);
        }

        if (news)
        {
            try
            {
                await Write(heartbeat.HostId, session, Clock.Now(time), heartbeat.Sequence, heartbeat);
                await bus.Call(new ObserveHostStorages(heartbeat.HostId, heartbeat.Sequence, heartbeat.Storages));
            }
            catch
            {
                // What is not written down is news the next time too.
                lock (session)
                    session.Last = null;
                throw;
            }

        }

        return new HeartbeatReply(resync, HeartbeatSeconds, null, managers);
    }

    /// <summary>Hosts that were heard by the last owner count as heard now; those of other nodes are as their rows say.</summary>
    public async Task Gained(ShardSet shards)
    {
        foreach (var host in await store.List<Host>())
        {
            if (shards.Has(host.Id) && host.State is HostState.Connected or HostState.Reconciling)
                _sessions.GetOrAdd(host.Id, _ => new HostSession(time.GetTimestamp()));
            else
                Follow(host.Id, host.State);
        }
    }

    public void Lost(ShardSet shards)
    {
        foreach (var hostId in _sessions.Keys.Where(shards.Has))
            _sessions.TryRemove(hostId, out _);
    }

    /// <summary>What other nodes find out about their hosts.</summary>
    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var change in events)
        {
            if (change.ResourceType != "host")
                continue;
            if (change.Type == "host.deleted")
            {
                _sessions.TryRemove(change.ResourceId, out _);
                links.Remove(change.ResourceId);
            }
            else if (change.Data["state"]?.GetValue<string>() is { } text && Enum.TryParse<HostState>(text, ignoreCase: true, out var state))
            {
                Follow(change.ResourceId, state);
            }
        }
    }
}
