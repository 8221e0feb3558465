using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Operation;

/// <summary>Operations (the console says tasks): look, wait, cancel, and what to do about one that needs attention.</summary>
internal static class OperationCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var group = new ResourceCommands(ResourceKinds.Operation, environment).Group("Operations (tasks): what the platform does and did", Wait(environment),
            Act(environment, "cancel", "Ask an operation to stop and take back what it did", "Cancelling", "asked to stop"),
            Act(environment, "retry", "Let an operation that needs attention go on where it stopped", "Retrying", "goes on"),
            Act(environment, "undo", "Take back what an operation that needs attention has done", "Undoing", "is taken back"),
            Act(environment, "dismiss", "Leave an operation that needs attention as it is: you have put right what there was", "Dismissing", "dismissed"));
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

    private static Command Act(CliEnvironment environment, string verb, string description, string doing, string done)
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
