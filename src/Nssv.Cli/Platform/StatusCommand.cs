using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Manager;
using Nssv.Cli.Output;
using Nssv.Client;
using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Cli.Platform;

/// <summary>Shows the instance's processes and whether they are well.</summary>
internal static class StatusCommand
{
    public static Command Build(CliEnvironment environment) =>
        new Command("status", "Show how the instance on this machine is; exit code 0 when it runs and is well, else 3").Runs(environment, async (invocation, cancellation) =>
        {
            var home = invocation.Home;
            var instance = InstanceFile.Load(home) ?? throw new PlatformException($"There is no instance in {home.Root}.", "Start one with './nssv up'.") { ExitCode = ExitCode.NotRunning };
            using var local = new Invocation(invocation.Parse, environment with { Variable = name => name is "NSSV_SERVER" or "NSSV_TOKEN" or "NSSV_CA" ? null : environment.Variable(name) });
            var programs = new Programs(home);
            var manager = programs.Manager.Find();
            var agent = instance.Joined ? null : programs.Agent.Find();
            using var client = new ApiClient(local.Connection with { Retry = RetryPolicy.None, AnswerTimeout = TimeSpan.FromSeconds(5) });
            var reasons = manager is null ? [] : await client.WhyNotReady(cancellation);
            var managerHealthy = manager is not null && reasons.Count == 0;
            var agentHealthy = agent is not null && managerHealthy && await IsConnected(client, instance, cancellation);
            var nodes = managerHealthy ? await Nodes(client, cancellation) : [];
            var status = new JsonObject
            {
                ["manager"] = new JsonObject { ["pid"] = manager?.Pid, ["url"] = instance.Url.GetLeftPart(UriPartial.Authority), ["healthy"] = managerHealthy, ["reasons"] = new JsonArray([.. reasons.Select(reason => (JsonNode)reason)]) },
                ["agent"] = new JsonObject { ["pid"] = agent?.Pid, ["healthy"] = agentHealthy },
                ["managers"] = new JsonArray([.. nodes.Select(node => node.DeepClone())]),
                ["platformId"] = instance.PlatformId,
                ["home"] = home.Root,
            };
            var code = managerHealthy && (instance.Joined || agentHealthy) ? ExitCode.Success : ExitCode.NotRunning;
            if (invocation.Results.Format != OutputFormat.Table)
            {
                invocation.Results.Data(status);
                return code;
            }

            invocation.Results.Say($"Manager   {Describe(manager?.Pid, managerHealthy, "ready", "not ready")}  {instance.Url.GetLeftPart(UriPartial.Authority)}");
            foreach (var reason in reasons)
                invocation.Results.Say($"          {reason}");
            foreach (var other in nodes.Where(node => !node["self"].IsTrue()))
            {
                invocation.Results.Say($"  beside  {(other.At("peer.state").AsText() == "answers" ? "answers" : "does not answer")}  {other["apiUrl"].AsText()}");
            }

            invocation.Results.Say(instance.Joined ? "Agent     none: hosts are enrolled by themselves" : $"Agent     {Describe(agent?.Pid, agentHealthy, "connected", "not connected")}");
            invocation.Results.Say($"Platform  {instance.PlatformId}");
            invocation.Results.Say($"Home      {home.Root}");
            return code;
        });

    private static async Task<IReadOnlyList<JsonObject>> Nodes(ApiClient client, CancellationToken cancellation)
    {
        try
        {
            return await ManagerCommands.Nodes(client, cancellation);
        }
        catch (Exception fault) when (fault is ApiProblemException or HttpRequestException or TimeoutException)
        {
            return [];
        }
    }

    private static string Describe(int? pid, bool healthy, string well, string unwell) => pid is null ? "not running" : $"{(healthy ? well : unwell)} (process {pid})";

    private static async Task<bool> IsConnected(ApiClient client, InstanceFile instance, CancellationToken cancellation)
    {
        try
        {
            return instance.First.GetValueOrDefault("hosts") is { } host
                && string.Equals((await client.Get("hosts", host, cancellation))["state"].AsText(), "connected", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception fault) when (fault is ApiProblemException or HttpRequestException or TimeoutException)
        {
            return false;
        }
    }
}
