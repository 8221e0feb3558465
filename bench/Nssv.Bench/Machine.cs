using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nssv.Bench;

/// <summary>What the figures depend on beside the code.</summary>
internal static class Machine
{
    private const int DiskSamples = 200;
    private const int HashedBytes = 256 << 10;
    private static readonly TimeSpan SpeedWindow = TimeSpan.FromSeconds(0.5);

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

    /// <summary>
    /// MB that a core hashes in a second (SHA-256) while all the others do the same. A virtual machine among others may have half of what it had a minute ago, and every figure with it.
    /// </summary>
    public static double CoreSpeed()
    {
        var blocks = new long[Environment.ProcessorCount];
        var clock = Stopwatch.StartNew();
        var threads = blocks.Select((_, core) => new Thread(() =>
        {
            var block = new byte[HashedBytes];
            for (; clock.Elapsed < SpeedWindow; blocks[core]++)
                SHA256.HashData(block);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return blocks.Sum() * (HashedBytes / 1e6) / clock.Elapsed.TotalSeconds / blocks.Length;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static string Describe(string folder) => string.Create(CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}, commit to disk {SyncMilliseconds(folder):0.00} ms, {Now}");

    public static string Now => string.Create(CultureInfo.InvariantCulture, $"a core hashes {CoreSpeed():0} MB/s, load average {Load}");
}
