using Nssv.Client;
using Nssv.Client.Transport;

namespace Nssv.Cli.Platform.Start;

/// <summary>Brings the manager's process up and waits until it serves.</summary>
internal static class ManagerStart
{
    private static readonly TimeSpan ReadyTime = TimeSpan.FromSeconds(90);

    public static void EnsureRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new PlatformException("This needs root: it manages virtual machines of the whole machine.", "Run it with sudo.");
        }
    }

    public static async Task<string?> Ensure(Invocation invocation, Programs programs, CancellationToken cancellation)
    {
        var running = programs.Manager.Find();
        if (running is not null && programs.Manager.IsOlderThanProgram(running))
        {
            await programs.Manager.Stop(cancellation);
            running = null;
        }

        var pid = running?.Pid ?? programs.Manager.Start();
        using var client = new ApiClient(invocation.Connection with { Retry = RetryPolicy.None, AnswerTimeout = TimeSpan.FromSeconds(5) });
        var readiness = new ManagerReadiness(client, invocation.Environment.Time);
        await DaemonStart.WaitUntil(programs.Manager, "The manager's readiness", () => readiness.IsReady(cancellation), ReadyTime, cancellation, () => readiness.Reasons);
        return $"process {pid}";
    }
}
