using System.Globalization;

namespace Nssv.Cli.Platform.Processes;

/// <summary>One of the instance's two processes: found by its recorded id, and only if it really is this instance's.</summary>
/// <param name="name">What a person calls it.</param>
/// <param name="program">The program's file.</param>
/// <param name="arguments">What the program is started with; its folder is among it and tells instances apart.</param>
/// <param name="folder">The folder that it works in.</param>
/// <param name="pidFile">Where its process id is recorded.</param>
/// <param name="logFile">Where its output goes.</param>
internal sealed class Daemon(string name, string program, IReadOnlyList<string> arguments, string folder, string pidFile, string logFile)
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);
    private static readonly HashSet<string> Private = ["NSSV_TOKEN", "NSSV_SERVER", "NSSV_CA"];

    /// <summary>Of its environment, beside what this process has.</summary>
    public IReadOnlyList<(string Name, string Value)> Variables { get; init; } = [];

    public string Name { get; } = name;

    public string Program { get; } = program;

    public string LogFile { get; } = logFile;

    /// <summary>The running process of this instance, or null. Survives a lost or stale record: then all processes are looked at.</summary>
    public ProcessEntry? Find()
    {
        if (RecordedPid() is { } pid && ProcessEntry.Find(pid) is { } recorded && IsOurs(recorded))
        {
            return recorded;
        }

        return ProcessEntry.All().FirstOrDefault(IsOurs);
    }

    /// <summary>True when the process was started before the program that is installed now was built.</summary>
    public bool IsOlderThanProgram(ProcessEntry process) => process.StartedAt() < File.GetLastWriteTimeUtc(Program).AddSeconds(-1);

    public int Start()
    {
        if (!File.Exists(Program))
        {
            throw new PlatformException($"{Program} is missing.", "Build it first: './nssv up' does.");
        }

        var pid = DetachedStart.Start(Dotnet.Path, [Program, .. arguments], LogFile, Private, Variables);
        AtomicFile.Write(pidFile, pid.ToString(CultureInfo.InvariantCulture) + "\n", AtomicFile.Readable);
        return pid;
    }

    /// <summary>Asks it to end, and after a while ends it. False when it did not run.</summary>
    public async Task<bool> Stop(CancellationToken cancellation)
    {
        var found = false;
        while (Find() is { } process)
        {
            found = true;
            Signals.Send(process.Pid, Signals.Terminate);
            if (!await HasEnded(process.Pid, StopTime, cancellation) && ProcessEntry.Find(process.Pid) is { } stubborn && IsOurs(stubborn))
            {
                Signals.Send(process.Pid, Signals.Kill);
                if (!await HasEnded(process.Pid, StopTime, cancellation))
                {
                    throw new PlatformException($"The {Name} (process {process.Pid}) does not end.", "It may wait for storage that does not answer. See 'cat /proc/PID/stack' as root.");
                }
            }
        }

        File.Delete(pidFile);
        return found;
    }

    public IReadOnlyList<string> LastLogLines(int count = 15)
    {
        try
        {
            using var log = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            log.Seek(-Math.Min(log.Length, 16 * 1024), SeekOrigin.End);
            using var reader = new StreamReader(log);

            // Stack frames would push what a person can act on out of sight; the log keeps them.
            return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("   at ", StringComparison.Ordinal)).TakeLast(count)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static async Task<bool> HasEnded(int pid, TimeSpan within, CancellationToken cancellation)
    {
        var end = TimeProvider.System.GetTimestamp();
        while (ProcessEntry.Find(pid) is not null)
        {
            if (TimeProvider.System.GetElapsedTime(end) > within)
            {
                return false;
            }

            await Task.Delay(50, cancellation);
        }

        return true;
    }

    internal bool IsOurs(ProcessEntry process) =>
        process.CommandLine.Any(word => Path.GetFileName(word) == Path.GetFileName(Program)) && process.CommandLine.Contains("serve") && process.CommandLine.Contains(folder);

    private int? RecordedPid()
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
