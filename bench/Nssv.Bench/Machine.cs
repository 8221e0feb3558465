using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Nssv.Bench;

/// <summary>What the figures depend on beside the code.</summary>
internal static class Machine
{
    private const int DiskSamples = 200;

    public static string Load => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3));

    /// <summary>Median of appending 4 KiB and waiting for the disk, in milliseconds: what one commit costs at least.</summary>
    public static double SyncMilliseconds(string folder)
    {
        var path = Path.Combine(folder, "sync-probe");
        var samples = new List<double>(DiskSamples);
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            var page = new byte[4_096];
            for (var i = 0; i < DiskSamples; i++)
            {
                var start = Stopwatch.GetTimestamp();
                file.Write(page);
                RandomAccess.FlushToDisk(file.SafeFileHandle);
                samples.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        File.Delete(path);
        return Median(samples);
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static string Describe(string folder) => string.Create(CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, commit to disk {SyncMilliseconds(folder):0.00} ms, load average {Load}");
}
