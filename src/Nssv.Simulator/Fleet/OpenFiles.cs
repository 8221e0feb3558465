using System.Globalization;

namespace Nssv.Simulator.Fleet;

/// <summary>How many hosts a process has files for: each takes two, a connection of its own to the manager and one of the manager's to it.</summary>
internal static class OpenFiles
{
    private const int PerHost = 2;

    /// <summary>For libraries, listeners, the API client, and connections that are just being replaced.</summary>
    private const int Besides = 500;

    /// <summary>Why so many hosts are too many; null when they are not.</summary>
    /// <param name="managerPid">The manager holds the other ends and has its own limit; null when its process is not known.</param>
    public static string? Refusal(int hosts, int? managerPid)
    {
        if (Refusal(hosts, Limit("self"), "This process") is { } own)
            return own;
        return managerPid is { } pid && File.Exists($"/proc/{pid}/limits") ? Refusal(hosts, Limit(pid.ToString(CultureInfo.InvariantCulture)), "The manager") : null;
    }

    internal static string? Refusal(int hosts, long limit, string who) => hosts * (long)PerHost + Besides <= limit ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"{hosts:#,0} hosts need {hosts * (long)PerHost + Besides:#,0} open files, two a host. {who} may open {limit:#,0}: enough for {Math.Max(0, (limit - Besides) / PerHost):#,0} hosts. Ask for fewer, or raise the limit (ulimit -Hn, LimitNOFILE).");

    /// <summary>proc(5): "Max open files", soft limit; .NET raises its own soft limit to the hard one.</summary>
    private static long Limit(string process)
    {
        var line = File.ReadLines($"/proc/{process}/limits").First(text => text.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? long.MaxValue : long.Parse(soft, CultureInfo.InvariantCulture);
    }
}
