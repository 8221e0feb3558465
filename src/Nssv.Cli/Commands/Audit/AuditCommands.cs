using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Audit;

/// <summary>Who did what: look, verify, export.</summary>
internal static class AuditCommands
{
    public static Command Build(CliEnvironment environment) =>
        new ResourceCommands(ResourceKinds.AuditEntry, environment).Group("The audit: who changed what, and who signed in", Verify(environment), Export(environment));

    private static Command Verify(CliEnvironment environment) =>
        new Command("verify", "Read the whole audit and find the first entry that was changed, removed or inserted").Runs(environment, async (invocation, cancellation) =>
        {
            var report = await invocation.Client.VerifyAudit(cancellation);
            var valid = report["valid"].IsTrue();
            if (invocation.Results.Format != Output.OutputFormat.Table)
            {
                invocation.Results.Data(report);
            }
            else if (valid)
            {
                invocation.Results.Say($"The audit is as it was written: {report["entries"].AsInt64()} entries, {report["firstSequence"].AsInt64()} to {report["lastSequence"].AsInt64()}.");
                invocation.Results.Say($"The last hash is {report["lastHash"].AsText()}.");
            }
            else
            {
                var bad = report["firstBad"] as JsonObject;
                environment.Error.WriteLine($"The audit is not as it was written: entry {bad?["sequence"].AsInt64()} is {bad?["fault"].AsText()}. {bad?["detail"].AsText()}");
                environment.Error.WriteLine($"Before it, {report["entries"].AsInt64()} entries are good.");
            }

            return valid ? ExitCode.Success : ExitCode.Failure;
        });

    private static Command Export(CliEnvironment environment)
    {
        var filter = new Option<string>("--filter") { Description = "Only what fits, for example 'action = \"virtual-machine.delete\"'", HelpName = "FILTER" };
        return new Command("export", "Write the audit as lines of JSON, oldest first") { filter }.Runs(environment, async (invocation, cancellation) =>
        {
            invocation.Results.Words.Call("filter", filter.Name);
            await foreach (var line in invocation.Client.ExportAudit(invocation.Value(filter), cancellation))
            {
                await environment.Out.WriteLineAsync(line);
            }
        });
    }
}
