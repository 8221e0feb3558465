using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Platform;
using Nssv.Cli.Resources;
using Nssv.Client;
using Nssv.Client.Problems;

namespace Nssv.Cli.Commands.Inventory;

/// <summary>Hosts: the common commands, enrolment of the agent, and the word of a person that a silent host is down.</summary>
internal static class HostCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.Host, environment);
        return commands.Group(
            "Hosts: the servers that virtual machines run on",
            commands.Create(
                Field.Reference("--cluster", "clusterId", "clusters", "The cluster that it joins", required: true),
                Field.Text("--address", "address", "Name or address under which the manager reaches it", required: true, helpName: "ADDRESS"),
                Field.Size("--reserved-memory", "reservedMemoryBytes", "Memory that placement never hands out"),
                Field.Number("--cpu-overcommit", "cpuOvercommitRatio", "Virtual CPUs handed out per physical one, at most"),
                Field.Description(),
                Field.Labels(),
                Field.Tags()),
            Enroll(commands, environment),
            commands.Set(
                Field.NewName(),
                Field.Description(),
                Field.Labels(),
                Field.Size("--reserved-memory", "reservedMemoryBytes", "Memory that placement never hands out"),
                Field.Number("--cpu-overcommit", "cpuOvercommitRatio", "Virtual CPUs handed out per physical one, at most")),
            commands.Verb("confirmDown", "Confirm that a silent host is really off; its virtual machines may then start elsewhere", "Confirming the end of"),
            commands.Verb("removeOrphans", "Remove machines and disk files of this platform on the host that it does not know any more", "Removing orphans of"),
            commands.Delete());
    }

    private static Command Enroll(ResourceCommands commands, CliEnvironment environment)
    {
        var target = commands.Target();
        var file = new Option<string>("--to-file") { Description = "Where the token goes; a new file that you alone can read", HelpName = "FILE", Required = true };
        return new Command("enroll", "Make the token with which the host's agent enrols, once") { target, file }.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await commands.Id(invocation, target, cancellation);
            var token = await EnrolmentToken(invocation.Client, id, cancellation);
            AtomicFile.Write(invocation.Value(file)!, token.Token, AtomicFile.Secret);
            invocation.Results.Say($"The token is in {invocation.Value(file)}; it can be used once, until {token.ExpiresAt}.");
            if (invocation.Results.Format != Output.OutputFormat.Table)
            {
                invocation.Results.Data(new JsonObject { ["hostId"] = id, ["tokenFile"] = invocation.Value(file), ["expiresAt"] = token.ExpiresAt });
            }
        });
    }

    /// <summary>Asks for an enrolment token. It is in the answer itself, never in an operation, where it would be stored.</summary>
    public static async Task<(string Token, string? ExpiresAt)> EnrolmentToken(ApiClient client, string hostId, CancellationToken cancellation)
    {
        var answer = await client.Send(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/hosts/{hostId}:enroll") { Body = new JsonObject() }, cancellation);
        if (!answer.IsSuccess)
        {
            throw new ApiProblemException(ProblemReader.FromBody(answer.Status, answer.Body));
        }

        var json = JsonNode.Parse(answer.Body);
        return (json.At("token").AsText() ?? throw new FormatException("The server's answer has no token."), json.At("expiresAt").AsText());
    }
}
