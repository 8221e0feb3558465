using System.Globalization;

namespace Nssv.Cli.Platform.Processes;

/// <summary>What Linux says of one process (proc(5)).</summary>
internal sealed record ProcessEntry(int Pid, IReadOnlyList<string> CommandLine)
{
    /// <summary>The process, if it runs; one that has ended but was not collected does not.</summary>
    public static ProcessEntry? Find(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            if (stat[(stat.LastIndexOf(')') + 2)..] is ['Z' or 'X', ..])
            {
                return null;
            }

            return new(pid, File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static IEnumerable<ProcessEntry> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? Find(pid) : null)
            .OfType<ProcessEntry>();

    /// <summary>When it started, by the clock of this machine.</summary>
    public DateTimeOffset? StartedAt()
    {
        try
        {
            return Directory.GetCreationTimeUtc($"/proc/{Pid}") is { Year: > 2000 } at ? at : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
