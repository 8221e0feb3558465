using System.Text;
using System.Text.Json;
using Nssv.Agent.Execution;
using Nssv.Kernel;

namespace Nssv.Simulator.Fleet;

/// <summary>
/// What a fleet keeps between its processes, in NSSV_HOME/simulator: its hosts with their keys (written as they enrol), and what they hold (written when the
/// process ends in order, and now and then).
/// </summary>
internal sealed class FleetFolder : IDisposable
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly Lock _gate = new();

    private FleetFolder(string folder, FileStream held, FleetSettings settings) => (_folder, _lock, Settings) = (folder, held, settings);

    public FleetSettings Settings { get; private set; }

    public string ControlSocket => Path.Combine(_folder, "control.sock");

    private string SettingsFile => Path.Combine(_folder, "fleet.json");
    private string HostsFile => Path.Combine(_folder, "hosts.jsonl");
    private string HoldingsFile => Path.Combine(_folder, "holdings.jsonl");

    /// <summary>Opens the folder for this process alone. What is there of another platform is removed: its keys open nothing here.</summary>
    /// <exception cref="SimulatorException">Another simulator runs on it.</exception>
    public static FleetFolder Open(string folder, Id platformId)
    {
        Directory.CreateDirectory(folder, OwnerAlone | UnixFileMode.UserExecute);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, "lock"), new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.None, UnixCreateMode = OwnerAlone });
        }
        catch (IOException exception)
        {
            throw new SimulatorException($"Another simulator runs on {folder}.", "Stop it first: its Ctrl-C, or a signal to its process.", exception);
        }
        var opened = new FleetFolder(folder, held, new() { PlatformId = platformId });
        if (opened.ReadSettings() is { } known && known.PlatformId == platformId)
            opened.Settings = known;
        else
            opened.Clear();
        return opened;
    }

    public void Write(FleetSettings settings)
    {
        AtomicFile.Write(SettingsFile, JsonSerializer.SerializeToUtf8Bytes(settings, KernelJson.Options));
        Settings = settings;
    }

    public IReadOnlyList<HostIdentity> ReadHosts() => [.. Lines<HostIdentity>(HostsFile)];

    /// <summary>A host has enrolled: its key is on the disk before it is used.</summary>
    public void Append(HostIdentity host)
    {
        lock (_gate)
        {
            using var file = new FileStream(HostsFile, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, UnixCreateMode = OwnerAlone });
            file.Write([.. JsonSerializer.SerializeToUtf8Bytes(host, KernelJson.Options), (byte)'\n']);
        }
    }

    /// <summary>Keeps these hosts alone.</summary>
    public void WriteHosts(IEnumerable<HostIdentity> hosts) => WriteLines(HostsFile, hosts);

    public IReadOnlyDictionary<Id, HostRemains> ReadHoldings() => Lines<HostRemains>(HoldingsFile).ToDictionary(remains => remains.HostId);

    public void WriteHoldings(IEnumerable<HostRemains> hosts) => WriteLines(HoldingsFile, hosts);

    /// <summary>Removes everything that was kept.</summary>
    public void Clear()
    {
        foreach (var file in (string[])[SettingsFile, HostsFile, HoldingsFile])
            File.Delete(file);
    }

    public void Dispose() => _lock.Dispose();

    private FleetSettings? ReadSettings()
    {
        try
        {
            return File.Exists(SettingsFile) ? JsonSerializer.Deserialize<FleetSettings>(File.ReadAllBytes(SettingsFile), KernelJson.Options) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The last line may be cut off by a crash: its host is then unknown, and is removed from the platform as one that never came.</summary>
    private static IEnumerable<T> Lines<T>(string path)
    {
        if (!File.Exists(path))
            yield break;
        foreach (var line in File.ReadLines(path, Encoding.UTF8))
        {
            T? row;
            try
            {
                row = JsonSerializer.Deserialize<T>(line, KernelJson.Options);
            }
            catch (JsonException)
            {
                yield break;
            }
            if (row is not null)
                yield return row;
        }
    }

    private void WriteLines<T>(string path, IEnumerable<T> rows)
    {
        lock (_gate)
        {
            var temporary = $"{path}.part";
            using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerAlone, BufferSize = 1 << 16 }))
            {
                foreach (var row in rows)
                {
                    JsonSerializer.Serialize(file, row, KernelJson.Options);
                    file.WriteByte((byte)'\n');
                }
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
    }
}

/// <summary>fleet.json.</summary>
internal sealed record FleetSettings
{
    public required Id PlatformId { get; init; }

    /// <summary>On which the hosts listen; their agents' URLs have it, so it stays.</summary>
    public int Port { get; init; }

    /// <summary>The managers' URLs for agents.</summary>
    public IReadOnlyList<string> Managers { get; init; } = [];
}

/// <summary>What one host needs to go on as if it had never been away.</summary>
internal sealed record HostRemains(Id HostId, SimulatedHoldings Holdings, JournalRemains Journal);
