using System.Globalization;
using Nssv.Agent.Storage;

namespace Nssv.Agent.Execution;

/// <summary>
/// Runs a tool on a file that nobody has checked: as user nobody, with no capability to gain any, no network, and limits on memory, CPU time, what it
/// may write and open. What such a file can make the tool do, it does to nothing.
/// </summary>
internal static class Unprivileged
{
    private const long Memory = 4L << 30;
    private const int OpenFiles = 64;

    public static Task<ChildResult> Run(string program, IReadOnlyList<string> arguments, long writableBytes, TimeSpan deadline, CancellationToken cancel, Action<string>? said = null)
    {
        var user = HypervisorUser.Nobody;
        return ChildProcess.Run("/usr/bin/unshare",
        [
            "--net", "--ipc", "--",
            "/usr/bin/prlimit", Invariant($"--as={Memory}"), Invariant($"--cpu={(long)deadline.TotalSeconds}"), Invariant($"--fsize={writableBytes}"), Invariant($"--nofile={OpenFiles}"), "--core=0", "--",
            "/usr/bin/setpriv", Invariant($"--reuid={user.UserId}"), Invariant($"--regid={user.GroupId}"), "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--",
            program, .. arguments,
        ], deadline, cancel, said: said);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
