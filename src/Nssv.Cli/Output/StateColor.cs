using Spectre.Console;

namespace Nssv.Cli.Output;

/// <summary>Green for what works, red for what needs a person, yellow for what is under way.</summary>
internal static class StateColor
{
    public static Color Of(string state) => state.ToUpperInvariant() switch
    {
        "RUNNING" or "READY" or "CONNECTED" or "SUCCEEDED" or "ENABLED" or "ATTACHED" or "AVAILABLE" => Color.Green,
        "FAILED" or "NEEDSATTENTION" or "DISCONNECTED" or "UNKNOWN" or "CRASHED" or "ERROR" => Color.Red,
        "STOPPED" or "-" => Color.Grey,
        _ => Color.Yellow,
    };
}
