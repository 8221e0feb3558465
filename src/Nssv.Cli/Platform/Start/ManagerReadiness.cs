using Nssv.Client;

namespace Nssv.Cli.Platform.Start;

/// <summary>Asks a manager that has been started whether it serves yet, and knows what time alone does not mend.</summary>
internal sealed class ManagerReadiness(ApiClient client, TimeProvider time)
{
    /// <summary>Two managers that hear each other again both serve after a lease: that much is waited for.</summary>
    private static readonly TimeSpan AsidePatience = TimeSpan.FromSeconds(10);

    private long? _asideSince;

    /// <summary>What kept it from serving when it was asked last.</summary>
    public IReadOnlyList<string> Reasons { get; private set; } = [];

    /// <exception cref="PlatformException">It stands aside, and goes on doing so.</exception>
    public async Task<bool> IsReady(CancellationToken cancellation)
    {
        Reasons = await client.WhyNotReady(cancellation);
        if (!Reasons.Any(reason => reason.StartsWith("peers:", StringComparison.Ordinal)))
        {
            _asideSince = null;
            return Reasons.Count == 0;
        }

        _asideSince ??= time.GetTimestamp();
        return time.GetElapsedTime(_asideSince.Value) < AsidePatience ? false : throw new PlatformException(
            "The manager runs, but it stands aside: it and other managers of the platform do not hear each other, and they serve without it.",
            "Mend the network between the managers (each must reach the agents' port of each other); then it serves by itself. Who does not answer whom: './nssv manager list'.",
            Reasons);
    }
}
