using Nssv.Kernel;

namespace Nssv.Agent;

/// <summary>What the engine must know of this host and platform; the agent reads it from agent.json.</summary>
public sealed record EngineOptions
{
    /// <summary>Every domain, tap and storage the engine makes carries it; what carries another one is left alone.</summary>
    public required Id PlatformId { get; init; }

    /// <summary>The agent's own directory: sockets, NVRAM, the list of storages.</summary>
    public required string Home { get; init; }

    /// <summary>libvirt's unix socket; never a network transport.</summary>
    public string LibvirtUri { get; init; } = "qemu:///system";

    /// <summary>Image files may be imported from below these directories, links resolved.</summary>
    public IReadOnlyList<string> ImportFolders { get; init; } = [];

    /// <summary>Addresses, or networks as CIDR, that image URLs may name although they are loopback, link-local or private.</summary>
    public IReadOnlyList<string> ImportNetworks { get; init; } = [];

    /// <summary>The most bytes that an import takes in.</summary>
    public long MaximumImageBytes { get; init; } = 2L << 40;

    /// <summary>The largest disk an image may say it is.</summary>
    public long MaximumVirtualSizeBytes { get; init; } = 64L << 40;

    /// <summary>A download that takes longer is given up.</summary>
    public TimeSpan DownloadLimit { get; init; } = TimeSpan.FromHours(6);

    /// <summary>A client that other agents accept (mutual TLS), for images they serve.</summary>
    public Func<HttpClient>? PeerClient { get; init; }

    /// <summary>Starts this executable again as a storage worker: file and leading arguments. Null: the running executable.</summary>
    public IReadOnlyList<string>? WorkerCommand { get; init; }

    internal string ConsoleFolder => Path.Combine(Home, "console");
    internal string VncFolder => Path.Combine(Home, "vnc");
    internal string NvramFolder => Path.Combine(Home, "nvram");
    internal string StoragesFile => Path.Combine(Home, "storages.json");
    internal string ConsoleSocket(Id virtualMachineId) => Path.Combine(ConsoleFolder, $"{virtualMachineId}.sock");
    internal string VncSocket(Id virtualMachineId) => Path.Combine(VncFolder, $"{virtualMachineId}.sock");
    internal string NvramFile(Id virtualMachineId) => Path.Combine(NvramFolder, $"{virtualMachineId}.fd");
}
