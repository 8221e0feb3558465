using System.Text.Json;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator;

/// <summary>What a manager takes from agents. Implemented by the manager under test.</summary>
public interface IManagerPort
{
    Task<ResultReceipt> TakeResults(ResultBatch batch);

    Task<HeartbeatReply> TakeHeartbeat(Heartbeat heartbeat);

    Task<ReportReceipt> TakeReport(HostReport report);
}

/// <summary>Who is reachable under which name. Messages are JSON on their way, as on the real wire; problems travel as problems.</summary>
public sealed class SimulatedNetwork(ISimulatedLink link)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, SimulatedHost> _hosts = [];
    private readonly List<(string CallbackUrl, IManagerPort Port)> _managers = [];
    private readonly List<string> _known = [];

    /// <summary>URLs that agents begin with, whether or not a manager answers there already.</summary>
    public IReadOnlyList<string> Managers
    {
        init => _known.AddRange(value);
    }

    /// <summary>Managers in the order of their coming.</summary>
    public void Attach(string callbackUrl, IManagerPort port)
    {
        lock (_gate)
        {
            _managers.RemoveAll(manager => manager.CallbackUrl == callbackUrl);
            _managers.Add((callbackUrl, port));
            if (!_known.Contains(callbackUrl))
                _known.Add(callbackUrl);
        }
    }

    /// <summary>The manager is gone: nobody answers under its URL.</summary>
    public void Detach(string callbackUrl)
    {
        lock (_gate)
            _managers.RemoveAll(manager => manager.CallbackUrl == callbackUrl);
    }

    internal void Attach(SimulatedHost host)
    {
        lock (_gate)
            _hosts[host.HostId] = host;
    }

    internal SimulatedHost Host(Id id)
    {
        lock (_gate)
            return _hosts.TryGetValue(id, out var host) ? host : throw new LinkBrokenException($"There is no host {id}");
    }

    internal IManagerPort Manager(string callbackUrl)
    {
        lock (_gate)
            return _managers.FindLast(manager => manager.CallbackUrl == callbackUrl).Port ?? throw new LinkBrokenException($"Nobody answers at {callbackUrl}");
    }

    /// <summary>Names under which managers answer or have answered: where agents begin.</summary>
    internal ManagerRoute Route()
    {
        lock (_gate)
            return new(_known.Count > 0 ? [.. _known] : ["nobody"]);
    }

    internal async Task<TAnswer> Exchange<TMessage, TAnswer>(string from, string to, string kind, TMessage message, Func<TMessage, Task<TAnswer>> handle, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, KernelJson.Options);
        var bytes = await link.Carry(new(from, to, kind, body), async () =>
        {
            Answer<TAnswer> answer;
            try
            {
                answer = new(await handle(JsonSerializer.Deserialize<TMessage>(body, KernelJson.Options)!), null);
            }
            catch (ProblemException exception)
            {
                answer = new(default, exception.Problem);
            }
            return JsonSerializer.SerializeToUtf8Bytes(answer, KernelJson.Options);
        }, cancel);
        var reply = JsonSerializer.Deserialize<Answer<TAnswer>>(bytes, KernelJson.Options)!;
        return reply.Problem is null ? reply.Value! : throw reply.Problem.AsException();
    }

    private sealed record Answer<T>(T? Value, Problem? Problem);
}
