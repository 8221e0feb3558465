using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.Client.Problems;

namespace Nssv.Cli.Commands.Operation;

/// <summary>Operations (the console says tasks): look, wait, cancel, and what to do about one that needs attention.</summary>
internal static class OperationCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var group = new ResourceCommands(ResourceKinds.Operation, environment).Group("Operations (tasks): what the platform does and did", Wait(environment),
            Act(environment, "cancel", "Ask an operation to stop and take back what it did", "Cancelling", "asked to stop", HasStopped),
            Act(environment, "retry", "Let an operation that needs attention go on where it stopped, the same way: what was in its way is gone", "Retrying", "goes on", operation => operation.Succeeded),
            Act(environment, "undo", "Take back what an operation that needs attention has done, as far as it can be taken back", "Undoing", "is taken back", HasStopped),
            Act(environment, "dismiss", "Leave an operation that needs attention as it is: you have put right what there was", "Dismissing", "dismissed", HasStopped));
        group.Aliases.Add("task");
        return group;
    }

    private static Argument<string> Id() => new Argument<string>("ID") { Description = "The operation's id" }.Names("operations");

    private static Command Wait(CliEnvironment environment)
    {
        var id = Id();
        var command = new Command("wait", "Wait until an operation has ended, and show its steps") { id };
        var options = new WaitOptions();
        command.Options.Add(options.Timeout);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var runner = new OperationRunner(invocation, options);
            var operation = await invocation.Client.GetOperation(invocation.Value(id), cancellation);
            runner.Report(await runner.Follow(operation, operation.Kind, cancellation), operation.Kind);
        });
    }

    /// <summary>Whichever way: it is over, and nobody has to look at it.</summary>
    private static bool HasStopped(OperationSnapshot operation) => operation.State != OperationStates.NeedsAttention;

    /// <param name="well">Of an operation that has ended: it did so as it was asked to.</param>
    private static Command Act(CliEnvironment environment, string verb, string description, string doing, string done, Func<OperationSnapshot, bool> well)
    {
        var id = Id();
        var command = new Command(verb, description) { id };
        var wait = WaitOptions.AddTo(command);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var operation = await invocation.Client.Mutate(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/operations/{Uri.EscapeDataString(invocation.Value(id))}:{verb}") { Body = new JsonObject() }, cancellation);
            if (invocation.Value(wait.Wait))
            {
                operation = await new OperationRunner(invocation, wait).Follow(operation, $"{doing} {operation.Kind}", cancellation);
            }

            if (operation.HasEnded && !well(operation))
            {
                throw new ApiProblemException(operation.Failure());
            }

            if (invocation.Results.Format == Output.OutputFormat.Table)
            {
                invocation.Results.Say($"{operation.Kind}: {(operation.HasEnded ? $"ended as {operation.State}" : done)}.");
            }
            else
            {
                invocation.Results.Data(operation.Document);
            }
        });
    }
}
