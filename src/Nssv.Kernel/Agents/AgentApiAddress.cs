namespace Nssv.Kernel.Agents;

/// <summary>Where agents reach this manager.</summary>
/// <param name="Url">Such as https://192.0.2.1:7443/, without a path.</param>
public sealed record AgentApiAddress(Uri Url)
{
    /// <summary>Where they send the results of commands.</summary>
    public Uri Results => new(Url, "/agent-api/v1/results");
}
