using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>Operations that stopped for a person to look.</summary>
public sealed partial class OperationEngine
{
    /// <inheritdoc cref="Calls.IBus.Resolve"/>
    internal async Task<Operation> Resolve(Id operationId, Resolution how, ShardHold hold, EventDraft? note = null)
    {
        var target = (await _store.Get<Operation>(operationId)).TargetId;
        return await _mailboxes.Run(target, async () =>
        {
            hold.Demand();
            var stopped = await _store.Get<Operation>(operationId);
            if (stopped.State != OperationState.NeedsAttention)
            {
                throw new Problem(409, "attention-not-needed", "The operation needs no attention.", $"Its state is {InWords(stopped.State)}.",
                    "Only an operation that has stopped for a person to look can be retried, undone or dismissed.").AsException();
            }

            var after = After(stopped, how);
            var unit = new UnitOfWork { OperationId = operationId, Hold = hold }.Observe(stopped, after);
            if (how == Resolution.Dismiss)
                unit.Execute("call_results", "DELETE FROM call_results WHERE operation_id = @p0", null, operationId);
            await _writer.Commit(note is null ? unit : unit.Publish(note));
            Log.Resolved(_log, operationId, how);
            if (how == Resolution.Dismiss)
                return after;
            _claims.Add(after, _flows.Find(after.Kind), running: false);
            await StartNext(target);
            return after;
        });
    }

    /// <exception cref="ProblemException">409: what it has done cannot be taken back.</exception>
    private static Operation After(Operation stopped, Resolution how) => how switch
    {
        Resolution.Dismiss => stopped with { State = OperationState.Failed },
        // One whose plan was never made begins at the beginning.
        Resolution.Retry => stopped with
        {
            State = stopped.Plan is null ? OperationState.Queued : stopped.Direction == FlowDirection.Back ? OperationState.Undoing : OperationState.Running,
            EndedAt = null,
            CancelRequested = false,
        },
        _ when stopped.Plan is null => throw new Problem(409, "nothing-to-undo", "The operation has done nothing.", "It stopped before its first step.", "Dismiss it.").AsException(),
        _ when new OperationRun(stopped, NoHold).PastPointOfNoReturn => throw new Problem(409, "past-point-of-no-return", "The operation can only go forward now.",
            "What it has done cannot be taken back.", "Retry it when what is in its way is gone, or put the rest right by hand and dismiss it.")
        { OperationId = stopped.Id }.AsException(),
        _ => stopped with { State = OperationState.Undoing, Direction = FlowDirection.Back, EndedAt = null },
    };

    /// <summary>As the API writes it.</summary>
    private static string InWords(OperationState state) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(state.ToString());

    /// <summary>For looking at a plan only.</summary>
    private static ShardHold NoHold => new(0, static () => false);
}
