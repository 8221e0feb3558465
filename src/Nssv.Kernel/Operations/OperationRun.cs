using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>One operation in the hands of this node: its row as last committed, its plan and context, and whom it must ask before it commands.</summary>
#pragma warning disable CA1001 // The source has no timer and no handle: there is nothing to dispose of, and a late Cancel must not throw.
internal sealed class OperationRun
#pragma warning restore CA1001
{
    /// <summary>Room for the fences of one owner.</summary>
    private const int FenceBits = 28;

    private readonly HashSet<Id> _asked = [];
    private readonly HashSet<string> _leftRunning = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _attempts = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _cancel = new();
    private readonly Dictionary<(string Scope, Type Type), object> _typed = [];
    private JsonObject _context = [];
    private long _fence;
    private bool _mustAsk;

    public OperationRun(Operation operation, ShardHold hold)
    {
        Operation = operation;
        Hold = hold;
        Reload(operation);
    }

    public Operation Operation { get; private set; }

    /// <summary>Under which this node runs it: once it is dropped, the run must touch nothing any more.</summary>
    public ShardHold Hold { get; }

    public Plan? Plan { get; private set; }

    public JsonObject Context
    {
        get => _context;
        set
        {
            _context = value;
            _typed.Clear();
        }
    }

    public JsonObject? Result { get; set; }

    /// <summary>Journal rows of the steps begun so far, by index.</summary>
    public Dictionary<int, OperationStep> Steps { get; } = [];

    /// <summary>True once a call was recorded under this operation: the records go when it ends.</summary>
    public bool HasRecordedCalls { get; set; }

    /// <summary>Hosts that were commanded and may forget the operation when it has ended.</summary>
    public HashSet<Id> Hosts { get; } = [];

    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>Stored work on a host that has just returned.</summary>
    public bool IsCleanUp => Operation.CleanupPending;

    public bool PastPointOfNoReturn => Plan is not null && Plan.Steps.Take(Operation.StepIndex + 1).Any(s => s.PointOfNoReturn);

    /// <summary>Grows with the shard's owners, and with one of them each time a command's fate becomes unknown.</summary>
    public long Epoch => (Hold.Epoch << FenceBits) | _fence;

    /// <summary>From now on every host is asked, with a higher epoch, before it is commanded again: what is still under way to it must not take effect later.</summary>
    /// <param name="fence">Higher than any that this owner has used, for whichever run: an operation may be taken up several times by one owner.</param>
    public void Fence(long fence)
    {
        _fence = fence;
        _mustAsk = true;
        _asked.Clear();
    }

    public bool MustAsk(Id host) => _mustAsk && !_asked.Contains(host);

    /// <summary>The host has answered: what it knows of earlier attempts, this run goes on from.</summary>
    public void Asked(Id host, IReadOnlyList<CommandFate> fates)
    {
        _asked.Add(host);
        foreach (var fate in fates)
        {
            _attempts[fate.CommandId] = fate.State == CommandState.Failed ? fate.Attempt : fate.Attempt - 1;
            if (fate.State == CommandState.Running)
                _leftRunning.Add(fate.CommandId);
        }
    }

    /// <summary>The command is asked for again, and so this run's own.</summary>
    public void Adopt(string commandId) => _leftRunning.Remove(commandId);

    /// <summary>Commands of an earlier owner that ran on when their host was asked, and that nobody has asked for again.</summary>
    public bool HasLeftRunning => _leftRunning.Count > 0;

    public void NothingLeftRunning() => _leftRunning.Clear();

    /// <summary>
    /// The number under which a command is sent: above those that an earlier owner has used up, so that its recorded failure is not taken for an answer,
    /// and the same as its last one if that may still succeed.
    /// </summary>
    public int AttemptOf(string commandId, int attempt) => _attempts.GetValueOrDefault(commandId) + attempt;

    /// <summary>A part of the context as a step's record. Records do not change, so one is read once and given to all who ask before the next <see cref="Save"/>.</summary>
    public TContext ContextOf<TContext>(string scope) where TContext : class
    {
        if (_typed.TryGetValue((scope, typeof(TContext)), out var known))
            return (TContext)known;
        var typed = ScopePath.Find(_context, scope).Deserialize<TContext>(KernelJson.Options) ?? throw new InvalidOperationException($"no {typeof(TContext).Name}");
        _typed[(scope, typeof(TContext))] = typed;
        return typed;
    }

    /// <summary>A step may know only a part of the flow's context (a base record): what it does not know stays.</summary>
    public void Save(string scope, object context)
    {
        var saved = ScopePath.Find(_context, scope);
        foreach (var (name, value) in JsonSerializer.SerializeToNode(context, context.GetType(), KernelJson.Options)!.AsObject().ToList())
            saved[name] = value?.DeepClone();
        _typed.Clear();
    }

    /// <summary>A unit of work of this run.</summary>
    public UnitOfWork Unit() => new() { OperationId = Operation.Id, Hold = Hold };

    /// <summary>What a failed try has saved counts for nothing: the context is again what was committed last.</summary>
    public void Revert() => Context = JsonNode.Parse(Operation.Context)!.AsObject();

    public void Cancel() => _cancel.Cancel();

    /// <summary>The shard is another node's now: what the run waits for need not come any more.</summary>
    public void LetGo() => _cancel.Cancel();

    public void Committed(Operation operation)
    {
        Operation = operation;
    }

    /// <summary>Takes over what the database has.</summary>
    public void Reload(Operation operation)
    {
        Operation = operation;
        Plan = operation.Plan is null ? null : JsonSerializer.Deserialize<Plan>(operation.Plan, KernelJson.Options);
        Context = JsonNode.Parse(operation.Context)!.AsObject();
        Result = operation.Result;
        Steps.Clear();
        if (operation.CancelRequested)
            _cancel.Cancel();
    }
}
