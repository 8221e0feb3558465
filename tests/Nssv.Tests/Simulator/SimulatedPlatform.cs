using System.Text.Json.Nodes;
using Nssv.Tests.Server;

namespace Nssv.Tests.Simulator;

internal static class SimulatedPlatform
{
    /// <summary>What 'nssv up' writes down about a platform, for a simulator, and its scenario.</summary>
    public static void Describe(this RunningServer server, string scenario)
    {
        var settings = server.Settings;
        File.WriteAllText(Path.Combine(settings.Home, "scenario.yaml"), scenario);
        File.WriteAllText(Path.Combine(settings.Home, "admin-password"), server.Password);
        File.WriteAllText(Path.Combine(settings.Home, "nssv.json"), new JsonObject
        {
            ["platformId"] = settings.PlatformId.ToString(),
            ["url"] = server.People.ToString(),
            ["ports"] = new JsonObject { ["agentApi"] = settings.AgentApiPort },
        }.ToJsonString());
    }
}
