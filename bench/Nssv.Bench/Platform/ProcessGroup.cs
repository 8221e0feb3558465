using System.Globalization;

namespace Nssv.Bench.Platform;

/// <summary>A process as /proc shows it (proc(5)).</summary>
internal sealed class ProcessGroup(int pid)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux of ours

    /// <summary>It, and its children of this moment.</summary>
    public static ProcessGroup Of(int pid) => new(pid) { Children = [.. ChildrenOf(pid).Select(child => new ProcessGroup(child))] };

    public IReadOnlyList<ProcessGroup> Children { get; private init; } = [];

    /// <summary>Resident, shared pages included.</summary>
    public double Megabytes => Kilobytes("VmRSS:") / 1_024.0;

    /// <summary>Of them, what is not mapped from files, which other processes may share.</summary>
    public double OwnMegabytes => Kilobytes("RssAnon:") / 1_024.0;

    /// <summary>Seconds of processor time so far.</summary>
    public double Cpu
    {
        get
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    private long Kilobytes(string name) => long.Parse(Line(name).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);

    private string Line(string name) => File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..];

    private static IEnumerable<int> ChildrenOf(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task")
        .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(child => int.Parse(child, CultureInfo.InvariantCulture));
}
