using Nssv.Contracts.Agent;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Simulator;

namespace Nssv.Bench.Managers;

/// <summary>How often the database and the hosts were asked for something.</summary>
internal sealed class Counters
{
    private long _units;
    private long _requests;
    private long _callbacks;

    public long Units => Volatile.Read(ref _units);
    public long Requests => Volatile.Read(ref _requests);
    public long Callbacks => Volatile.Read(ref _callbacks);

    public void Unit() => Interlocked.Increment(ref _units);
    public void Request() => Interlocked.Increment(ref _requests);
    public void Callback() => Interlocked.Increment(ref _callbacks);
}

/// <summary>The production writer, each unit counted.</summary>
internal sealed class CountingWriter(Writer writer, Counters counters) : IWriter
{
    public Task<long> Commit(UnitOfWork unit)
    {
        counters.Unit();
        return writer.Commit(unit);
    }
}

/// <summary>A wire to hosts, each message counted.</summary>
internal sealed class CountingTransport(IAgentTransport transport, Counters counters) : IAgentTransport
{
    public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel)
    {
        counters.Request();
        return transport.Send(hostId, batch, cancel);
    }

    public Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel)
    {
        counters.Request();
        return transport.Ask(hostId, ask, cancel);
    }

    public Task Forget(Id hostId, Forget forget, CancellationToken cancel)
    {
        counters.Request();
        return transport.Forget(hostId, forget, cancel);
    }
}

/// <summary>The manager's own inboxes behind the simulated wire, as its endpoints are behind the real one.</summary>
internal sealed class ManagerPort(IAgentInbox results, IHostInbox hosts, Counters counters) : IManagerPort
{
    public Task<ResultReceipt> TakeResults(ResultBatch batch)
    {
        counters.Callback();
        return results.Results(batch.HostId, batch);
    }

    public Task<HeartbeatReply> TakeHeartbeat(Heartbeat heartbeat) => hosts.Heartbeat(heartbeat);

    public Task<ReportReceipt> TakeReport(HostReport report) => hosts.Report(report);
}
