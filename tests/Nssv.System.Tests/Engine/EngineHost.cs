using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Agent;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Shouldly;

namespace Nssv.System.Tests.Engine;

/// <summary>A real engine on the lab host's libvirtd, with a data and an image storage that hold the micro guest.</summary>
public sealed class EngineHost : IAsyncDisposable
{
    public static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(120);

    private readonly string _root = $"/var/lib/nssv-engine-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly ConcurrentQueue<(long At, DomainStatus Status)> _seen = new();
    private readonly SemaphoreSlim _news = new(0);

    private EngineHost(Id? platform) => (Engine, Platform) = (null!, platform ?? NewId());

    public HostEngine Engine { get; private set; }
    public Id Platform { get; }
    public Id Data { get; } = NewId();
    public Id Images { get; } = NewId();
    public Id MicroImage { get; } = NewId();
    public Id MicroLayer { get; } = NewId();
    public string Home => $"{_root}/agent";
    public string DataPath => $"{_root}/storage/data";
    public string ImagePath => $"{_root}/storage/images";
    public string ImportFolder => $"{_root}/import";
    public int Resyncs { get; private set; }
    public IReadOnlyList<DomainStatus> Seen => [.. _seen.Select(s => s.Status)];

    public static Id NewId() => new(Guid.CreateVersion7());

    public static async Task<EngineHost> Open(bool withMicro = true)
    {
        (Environment.GetEnvironmentVariable("NSSV_IN_LAB") == "1" || File.Exists("/run/lab-ready"))
            .ShouldBeTrue("These tests make domains on this machine's libvirtd: run them inside a lab host (./nssv test system), or set NSSV_IN_LAB=1 there.");
        var host = new EngineHost(null);
        Directory.CreateDirectory(host._root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(host.ImportFolder);
        host.Engine = host.NewEngine();
        await host.Engine.Start(CancellationToken.None);
        await host.Run<StorageCapacity>(new AttachDataStorage(host.Data, "local", host.DataPath));
        await host.Run<StorageCapacity>(new AttachImageStorage(host.Images, "local", host.ImagePath));
        if (withMicro)
            await host.AddMicro();
        return host;
    }

    /// <summary>The agent's process ends and another one starts on the same home.</summary>
    public async Task RestartEngine()
    {
        await Engine.DisposeAsync();
        Engine = NewEngine();
        await Engine.Start(CancellationToken.None);
    }

    public async Task<T> Run<T>(Command<T> command) =>
        (await Engine.Run(command, new CommandScope(NewId(), "test"), CancellationToken.None)).ShouldBeOfType<T>();

    public async Task<Problem> Refused(Command command) =>
        (await Should.ThrowAsync<ProblemException>(() => Engine.Run(command, new CommandScope(NewId(), "test"), CancellationToken.None))).Problem;

    public async Task<DiskSpec> NewDisk(int index, bool micro = false, long size = 128L << 20)
    {
        var (volume, layer) = (NewId(), NewId());
        await Run(new CreateLayer(Data, layer, VolumeFormat.Qcow2, size, micro ? MicroLayer : null, micro ? VolumeFormat.Qcow2 : null));
        return new DiskSpec(volume, Data, layer, VolumeFormat.Qcow2, index, volume.Value.ToString("N")[..20]);
    }

    public async Task<DomainSpec> MicroSpec(int nics = 1, Firmware firmware = Firmware.Bios) => new()
    {
        VirtualMachineId = NewId(),
        Title = "web <1> & \"co\"",
        RunGeneration = 1,
        Architecture = Architecture.X86_64,
        Firmware = firmware,
        CpuCount = 1,
        MemoryBytes = 192L << 20,
        Disks = [await NewDisk(0, micro: true)],
        Nics = [.. Enumerable.Range(0, nics).Select(i => new NicSpec(NewId(), NewId(), "isolated", $"52:54:00:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}:{i:x2}", i, NicModel.Virtio))],
    };

    /// <summary>Defines and starts; returns what the serial console says until <paramref name="until"/>.</summary>
    public async Task<string> Boot(DomainSpec spec, string until = "MICRO-READY")
    {
        await Run(new DefineDomain(spec));
        (await Run(new StartDomain(spec.VirtualMachineId, spec.RunGeneration))).State.ShouldBe(DomainState.Running);
        await using var console = await Engine.OpenConsole(spec.VirtualMachineId, CancellationToken.None);
        return await ReadUntil(console, until, BootLimit);
    }

    public static async Task<string> ReadUntil(Stream console, string text, TimeSpan limit)
    {
        var said = new StringBuilder();
        var buffer = new byte[4096];
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            while (!said.ToString().Contains(text, StringComparison.Ordinal))
            {
                var count = await console.ReadAsync(buffer, deadline.Token);
                count.ShouldBeGreaterThan(0, $"the console ended before it said '{text}'; it said: {said}");
                said.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The console did not say '{text}' within {limit.TotalSeconds} s; it said: {said}");
        }

        return said.ToString();
    }

    /// <summary>Waits for a status that the engine reported by event.</summary>
    public async Task<DomainStatus> Event(Func<DomainStatus, bool> wanted, string what, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (_seen.Select(s => s.Status).FirstOrDefault(wanted) is { } found)
                return found;
            var left = limit - watch.Elapsed;
            if (left <= TimeSpan.Zero || !await _news.WaitAsync(left))
                throw new TimeoutException($"No event '{what}' within {limit.TotalSeconds} s; seen: {string.Join(", ", Seen)}");
        }
    }

    public void ForgetEvents() => _seen.Clear();

    public static async Task Until(Func<Task<bool>> condition, string what, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        using var pulse = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            if (watch.Elapsed > limit)
                throw new TimeoutException($"Not within {limit.TotalSeconds} s: {what}");
            await pulse.WaitForNextTickAsync();
        }
    }

    public static string Shell(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var domain in await Engine.ListDomains(CancellationToken.None))
            await Run(new RemoveDomain(domain.VirtualMachineId));
        await Engine.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private HostEngine NewEngine()
    {
        var engine = new HostEngine(new EngineOptions { PlatformId = Platform, Home = Home, ImportFolders = [ImportFolder] }, NullLogger<HostEngine>.Instance, TimeProvider.System);
        engine.DomainChanged += status =>
        {
            _seen.Enqueue((Stopwatch.GetTimestamp(), status));
            _news.Release();
        };
        engine.DomainsResynced += () => Resyncs++;
        return engine;
    }

    private async Task AddMicro()
    {
        var file = Environment.GetEnvironmentVariable("NSSV_MICRO_IMAGE") ?? Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../micro/micro.qcow2"));
        File.Exists(file).ShouldBeTrue($"The micro guest is not at {file}: build it (./nssv image micro), or set NSSV_MICRO_IMAGE.");
        File.Copy(file, $"{ImportFolder}/micro.qcow2");
        var imported = await Run(new ImportImage(Images, MicroImage, ImageFormat.Qcow2, ImageKind.System, Architecture.X86_64, new ImageSource(File: $"{ImportFolder}/micro.qcow2"), null));
        imported.VirtualSizeBytes.ShouldBe(96L << 20);
        await Run(new CacheImage(Data, MicroLayer, Images, MicroImage, null));
    }
}
