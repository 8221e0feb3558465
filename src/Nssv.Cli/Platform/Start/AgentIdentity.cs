using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Client;

namespace Nssv.Cli.Platform.Start;

/// <summary>Which host the agent in this home has enrolled as: its own <c>agent.json</c> says so, written last of all it keeps.</summary>
internal static class AgentIdentity
{
    public static bool IsOf(InstanceHome home, string hostId)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path.Combine(home.Agent, "agent.json"))).At("hostId").AsText() == hostId;
        }
        catch (Exception unusable) when (unusable is IOException or JsonException)
        {
            return false;
        }
    }
}
