using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Nssv.Server.Metrics;

/// <summary>The process as Prometheus' own client libraries show one (names: prometheus.io/docs/instrumenting/writing_clientlibs), and .NET's part of it.</summary>
internal static class ProcessMetrics
{
    public static void Add(Meter meter)
    {
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, null, "Processor time that the process has used.");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Memory(1), null, "Memory of the process that is in RAM.");
        meter.CreateObservableGauge("process_virtual_memory_bytes", () => Memory(0), null, "Address space of the process.");
        meter.CreateObservableGauge("process_open_fds", () => Directory.EnumerateFileSystemEntries("/proc/self/fd").LongCount(), null, "Open file descriptors.");
        meter.CreateObservableGauge("process_max_fds", MostFiles, null, "Most file descriptors that may be open.");
        var started = new DateTimeOffset(Process.GetCurrentProcess().StartTime).ToUnixTimeMilliseconds() / 1000d;
        meter.CreateObservableGauge("process_start_time_seconds", () => started, null, "When the process started, in seconds since 1970.");
        meter.CreateObservableGauge("process_threads", () => Directory.EnumerateFileSystemEntries("/proc/self/task").LongCount(), null, "Threads of the process.");
        meter.CreateObservableGauge("dotnet_thread_pool_threads", () => ThreadPool.ThreadCount, null, "Threads of .NET's pool.");
        meter.CreateObservableGauge("dotnet_thread_pool_queue_length", () => ThreadPool.PendingWorkItemCount, null, "Work that waits for a thread of the pool.");
        meter.CreateObservableGauge("dotnet_gc_heap_bytes", () => GC.GetTotalMemory(false), null, "Memory of live and not yet collected objects.");
        meter.CreateObservableCounter("dotnet_gc_pause_seconds_total", () => GC.GetTotalPauseDuration().TotalSeconds, null, "Time for which collections stopped the process.");
        meter.CreateObservableCounter("dotnet_gc_collections_total", Collections, null, "Garbage collections, by the oldest generation that they took in.");
    }

    private static IEnumerable<Measurement<long>> Collections() =>
        Enumerable.Range(0, GC.MaxGeneration + 1).Select(generation => new Measurement<long>(
            GC.CollectionCount(generation) - (generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0), new KeyValuePair<string, object?>("generation", generation)));

    /// <summary>Of /proc/self/statm (proc(5)): pages in all, pages in RAM.</summary>
    private static double Memory(int field) => double.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[field], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static double MostFiles() => File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } line
        && double.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], System.Globalization.CultureInfo.InvariantCulture, out var most) ? most : double.PositiveInfinity;
}
