namespace Nssv.Cli.Platform;

/// <summary>What this machine is called.</summary>
internal static class LocalHost
{
    /// <summary>Where the manager finds the agent of its own machine: not moved by a change of the network.</summary>
    public const string Address = "127.0.0.1";

    public static string Name => Environment.MachineName;
}
