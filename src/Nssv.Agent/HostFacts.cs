namespace Nssv.Agent;

/// <summary>What the kernel says of this host. Read from /proc: where there is no SMBIOS, libvirt's node information is wrong.</summary>
internal sealed record HostFacts(string BootId, int CpuCount, long MemoryBytes, string CpuModel)
{
    public static HostFacts Read()
    {
        var processors = File.ReadLines("/proc/cpuinfo").Select(l => l.Split(':', 2)).Where(p => p.Length == 2).ToLookup(p => p[0].Trim(), p => p[1].Trim());
        return new HostFacts(
            File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
            Math.Max(1, processors["processor"].Count()),
            File.ReadLines("/proc/meminfo").Where(l => l.StartsWith("MemTotal:", StringComparison.Ordinal)).Select(Kibibytes).First(),
            processors["model name"].FirstOrDefault() ?? "");
    }

    private static long Kibibytes(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
}
