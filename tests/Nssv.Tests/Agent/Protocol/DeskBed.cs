using System.Collections.Concurrent;
using System.Text.Json;
using Nssv.Agent;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Simulator;

namespace Nssv.Tests.AgentProtocol;

/// <summary>One simulated host, one manager's port, and what went between them.</summary>
internal sealed class DeskBed : IManagerPort, IAsyncDisposable
{
    public const string CallbackUrl = "https://manager-1/agent-api/v1/results";
    public static readonly Id HostId = Id.Parse("0190a000-0000-7000-8000-000000000001");
    public static readonly Id Storage = Id.Parse("0190a000-0000-7000-8000-000000000002");

    private readonly Lock _gate = new();
    private readonly List<CommandResult> _results = [];
    private readonly List<(TaskCompletionSource Seen, Func<DeskBed, bool> Condition)> _waits = [];
    private int _ids = 100;

    public DeskBed(EngineBehaviour? behaviour = null, DeskOptions? desk = null, ISimulatedLink? link = null, ReporterOptions? reporter = null)
    {
        Network = new(link ?? new DirectLink());
        Network.Attach(CallbackUrl, this);
        Transport = new(Network, CallbackUrl);
        Host = new(HostId, Network, new()
        {
            Chance = new HalfChance(),
            Behaviour = behaviour ?? new(),
            Desk = desk ?? new() { FirstRetry = TimeSpan.FromMilliseconds(5), LongestRetry = TimeSpan.FromMilliseconds(20) },
            Reporter = reporter ?? new(),
        });
    }

    public SimulatedNetwork Network { get; }
    public SimulatedHost Host { get; }
    public InProcessTransport Transport { get; }

    /// <summary>Which results the manager acknowledges; all of them unless a test says otherwise.</summary>
    public Func<CommandResult, bool> Acknowledges { get; set; } = _ => true;

    /// <summary>What was told of commands that had not ended.</summary>
    public ConcurrentQueue<CommandProgress> Progress { get; } = new();

    public ConcurrentQueue<HostReport> Reports { get; } = new();
    public ConcurrentQueue<Heartbeat> Heartbeats { get; } = new();

    /// <summary>Results in the order of their coming, repeats included.</summary>
    public IReadOnlyList<CommandResult> Results
    {
        get
        {
            lock (_gate)
                return [.. _results];
        }
    }

    public static async Task<DeskBed> Started(EngineBehaviour? behaviour = null, DeskOptions? desk = null, ISimulatedLink? link = null, ReporterOptions? reporter = null)
    {
        var bed = new DeskBed(behaviour, desk, link, reporter);
        await bed.Host.Start();
        bed.Host.Machine.Change(state => state.DataStorages.TryAdd(Storage, "/data"));
        return bed;
    }

    public Id NewId() => Id.Parse($"0190a000-0000-7000-8000-{Interlocked.Increment(ref _ids):x12}");

    public static CommandEnvelope Envelope(Id operation, Command command, long epoch = 1, int attempt = 1, int step = 0, int n = 0, int deadlineSeconds = 60) =>
        new($"{operation}/{step}/{n}", operation, step, attempt, epoch, deadlineSeconds,
            command.GetType().GetCustomAttributes(typeof(CommandAttribute), false).Cast<CommandAttribute>().Single().Name,
            JsonSerializer.SerializeToElement(command, command.GetType(), KernelJson.Options));

    public static CreateLayer Layer(Id id) => new(Storage, id, VolumeFormat.Qcow2, 1 << 20, null, null);

    public Task<CommandReceipt> Send(params CommandEnvelope[] envelopes) => Transport.Send(HostId, new(envelopes), CancellationToken.None);

    public Task<AskReply> Ask(Id operation, long epoch) => Transport.Ask(HostId, new(operation, epoch), CancellationToken.None);

    public int EffectsOf(Id resource) => Host.Machine.Effects.Count(effect => effect.Resource == resource);

    public Task<ResultReceipt> TakeResults(ResultBatch batch)
    {
        lock (_gate)
            _results.AddRange(batch.Results);
        foreach (var told in batch.Progress ?? [])
            Progress.Enqueue(told);
        Look();
        return Task.FromResult(new ResultReceipt([.. batch.Results.Where(Acknowledges).Select(result => result.CommandId)]));
    }

    public Task<HeartbeatReply> TakeHeartbeat(Heartbeat heartbeat)
    {
        Heartbeats.Enqueue(heartbeat);
        Look();
        return Task.FromResult(new HeartbeatReply(false, 1));
    }

    public Task<ReportReceipt> TakeReport(HostReport report)
    {
        Reports.Enqueue(report);
        Look();
        return Task.FromResult(new ReportReceipt(report.Sequence));
    }

    /// <summary>Waits until it is so; looked at whenever something arrives at the manager.</summary>
    public async Task Until(string what, Func<DeskBed, bool> condition)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _waits.Add((seen, condition));
        Look();
        try
        {
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"20 s passed without: {what}. Results: {string.Join(", ", Results)}; effects: {string.Join(", ", Host.Machine.Effects)}");
        }
    }

    public Task UntilResults(int count) => Until($"{count} results", bed => bed.Results.Count >= count);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private void Look()
    {
        lock (_gate)
            foreach (var (seen, condition) in _waits.Where(wait => wait.Condition(this)))
                seen.TrySetResult();
    }

    private sealed class HalfChance : IChance
    {
        public double Next() => 0.5;
    }
}

/// <summary>Holds whoever comes until it is opened, and tells when somebody has come.</summary>
internal sealed class Hold
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public Task Wait()
    {
        _reached.TrySetResult();
        return _open.Task;
    }

    public void Open() => _open.TrySetResult();
}
