using Nssv.Kernel.Flows;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

internal sealed partial class OperationRunner
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A newer node began what this one does not know. It is left as it is, and shows as waiting, until the shard is the newer one's again; a person must look only
    /// when there has been no newer node for a while.
    /// </summary>
    /// <exception cref="NotOwnerException">The shard is another's now.</exception>
    private async Task<Operation> LeaveToNewer(OperationRun run, Problem unknown)
    {
        // Clean-up belongs to an operation that has ended, which waits for nothing.
        if (!run.IsCleanUp)
        {
            Log.LeftToNewer(log, run.Operation.Id, unknown.Detail);
            await journal.Leave(run, unknown);
            for (var without = TimeSpan.Zero; without < LiveLevels.Patience; without += LookAgain)
            {
                await Task.Delay(LookAgain, time);
                await UntilValid(run, CancellationToken.None);
                if (ownership.HighestLevel > PlatformLevel.Current)
                    without = TimeSpan.Zero;
            }
        }

        return await journal.End(run, OperationState.NeedsAttention, unknown);
    }

    /// <summary>A step that is needed was put into the flow by somebody who is there no more: it goes back where it can.</summary>
    private async Task<Operation> Without(OperationRun run, PlannedStep step)
    {
        var gone = new Problem(503, "step-gone", "A step that a plugin had put into the operation is there no more.", $"Step {step.FullName} is needed, and its plugin is not there.",
            "Put the plugin back, or repeat the request without it.");
        if (run.PastPointOfNoReturn)
            return await journal.End(run, OperationState.NeedsAttention, gone);
        await journal.TurnBack(run, gone);
        return await Back(run);
    }

    private static Problem UnknownFlow(string kind) =>
        new(500, "flow-unknown", "This version does not know the operation's flow.", $"There is no flow {kind}.", Advice);

    private static Problem UnknownStep(PlannedStep step) =>
        new(500, "step-unknown", "This version does not know a step of the operation's plan.", $"Step {step.FullName} is not there.", Advice);

    private const string Advice = "Stop the older management nodes, or start the newer version in their place: it goes on with the operation.";
}
