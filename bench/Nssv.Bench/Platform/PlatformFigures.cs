using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Nssv.Bench.Platform;

/// <summary>What a person waits for, and what the platform takes while nobody wants anything. Real processes, real libvirt, real QEMU.</summary>
internal sealed class PlatformFigures(Options options, Figures figures, string folder)
{
    private const double OverheadAim = 250;
    private const double StoppedAim = 2_000;
    private const double ManagerAim = 250;
    private const double AgentAim = 120;
    private const double CpuAim = 2;
    private static readonly TimeSpan QuietBefore = TimeSpan.FromSeconds(30);

    public async Task Measure()
    {
        await using var instance = await Instance.Start(folder);
        if (options.Wants("create"))
            await Create(instance);
        if (options.Wants("power-off"))
            await PowerOff(instance);
        if (options.Wants("idle"))
            await Idle(instance);
    }

    /// <summary>By turns, so that both sides see the same machine; the first of each is not counted.</summary>
    private async Task Create(Instance instance)
    {
        var (first, _, _) = await CreateOne(instance, 0);
        var plain = await PlainMachine.Like(instance, first, Path.Combine(folder, "plain"));
        await instance.Delete(first);
        await plain.Measure(0);
        List<(double Running, double Ready)> ours = [], theirs = [];
        for (var i = 1; i <= options.Rounds; i++)
        {
            theirs.Add(await plain.Measure(i));
            var (id, running, ready) = await CreateOne(instance, i);
            ours.Add((running, ready));
            await instance.Delete(id);
        }
        Compare("create to running", ours.ConvertAll(one => one.Running), theirs.ConvertAll(one => one.Running));
        Compare("create to guest ready", ours.ConvertAll(one => one.Ready), theirs.ConvertAll(one => one.Ready));
    }

    private void Compare(string name, IReadOnlyList<double> ours, IReadOnlyList<double> theirs)
    {
        var (own, plain) = (Machine.Median(ours), Machine.Median(theirs));
        figures.Add(new(name, own, "ms", plain, Note: string.Create(CultureInfo.InvariantCulture, $"median of {options.Rounds}, {ours.Min():0} to {ours.Max():0}; baseline: qemu-img create, virsh define, virsh start, {theirs.Min():0} to {theirs.Max():0}")));
        figures.Add(Figure.AtMost($"{name}, over plain", own - plain, "ms", OverheadAim));
    }

    /// <summary>From sending the request until its operation has succeeded, and until the guest says that it is ready.</summary>
    private static async Task<(string Id, double Running, double Ready)> CreateOne(Instance instance, int number)
    {
        var clock = Stopwatch.StartNew();
        var operation = await instance.Create($"bench-{number}");
        var id = operation["target"]!["id"]!.GetValue<string>();
        var ready = SerialPort.UntilReady(instance.ConsoleSocket(id));
        await instance.Finish(operation);
        var running = clock.Elapsed.TotalMilliseconds;
        await ready;
        return (id, running, clock.Elapsed.TotalMilliseconds);
    }

    /// <summary>The guest powers itself off (it is asked to behind the platform's back); from the end of its QEMU process to the event that it is stopped.</summary>
    private async Task PowerOff(Instance instance)
    {
        List<double> seen = [];
        for (var i = 0; i < Math.Max(3, options.Rounds / 2); i++)
        {
            var (id, _, _) = await CreateOne(instance, 100 + i);
            using var events = await instance.Events();
            var stopped = Stopped(events, id);
            var pid = (await File.ReadAllTextAsync($"/run/libvirt/qemu/{instance.Domain(id)}.pid")).Trim();
            await Shell.Virsh("shutdown", instance.Domain(id), "--mode", "acpi");
            while (Directory.Exists($"/proc/{pid}"))
                await Task.Delay(1);
            var ended = Stopwatch.GetTimestamp();
            var told = await stopped.WaitAsync(TimeSpan.FromSeconds(30));
            seen.Add(Math.Max(0, Stopwatch.GetElapsedTime(ended, told).TotalMilliseconds));
            await instance.Delete(id);
        }
        figures.Add(Figure.AtMost("guest off to Stopped", Machine.Median(seen), "ms", StoppedAim,
            note: string.Create(CultureInfo.InvariantCulture, $"from the end of QEMU's process to the event, median of {seen.Count}; slowest {seen.Max():0} ms")));
    }

    private static async Task<long> Stopped(StreamReader events, string id)
    {
        while (await events.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            var data = JsonNode.Parse(line["data: ".Length..])!;
            if (data["resourceId"]?.GetValue<string>() == id && data["data"]?["state"]?.GetValue<string>() == "stopped")
                return Stopwatch.GetTimestamp();
        }
        throw new InvalidOperationException("The event stream ended.");
    }

    private async Task Idle(Instance instance)
    {
        var window = options.Quick ? TimeSpan.FromSeconds(10) : TimeSpan.FromSeconds(30);
        await Task.Delay(options.Quick ? window : QuietBefore);
        var manager = ProcessGroup.Of(instance.Pid("manager"));
        var agent = ProcessGroup.Of(instance.Pid("agent"));
        var start = Stopwatch.GetTimestamp();
        var (managerCpu, agentCpu, workersCpu) = (manager.Cpu, agent.Cpu, agent.Children.Sum(child => child.Cpu));
        await Task.Delay(window);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var share = (double before, double after) => (after - before) / elapsed * 100;
        figures.Add(Figure.AtMost("idle memory, manager", manager.Megabytes, "MB", ManagerAim, note: Own(manager)));
        figures.Add(Figure.AtMost("idle memory, agent", agent.Megabytes, "MB", AgentAim, note: $"without its storage workers; {Own(agent)}"));
        figures.Add(new("idle memory, storage workers", agent.Children.Sum(child => child.Megabytes), "MB", Note: $"{agent.Children.Count} processes; {string.Join(", ", agent.Children.Select(Own))}"));
        figures.Add(Figure.AtMost("idle CPU, manager", share(managerCpu, manager.Cpu), "% of a core", CpuAim));
        figures.Add(Figure.AtMost("idle CPU, agent", share(agentCpu + workersCpu, agent.Cpu + agent.Children.Sum(child => child.Cpu)), "% of a core", CpuAim, note: "with its storage workers"));
    }

    private static string Own(ProcessGroup process) => string.Create(CultureInfo.InvariantCulture, $"resident, {process.OwnMegabytes:0} MB of it its own");
}
