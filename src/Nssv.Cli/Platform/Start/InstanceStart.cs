using System.Text;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Inventory;
using Nssv.Cli.Commands.Version;
using Nssv.Cli.Platform.Processes;
using Nssv.Client;
using Nssv.Client.Units;

namespace Nssv.Cli.Platform.Start;

/// <summary>
/// Brings the instance on this machine to where it should be. Each step looks first and acts only on what is missing, so that a repeat mends:
/// folders → ports → authority, database, account → manager → data center, cluster, host → agent → storages → image.
/// </summary>
internal sealed class InstanceStart(Invocation invocation, Checklist steps)
{
    private static readonly TimeSpan ReadyTime = TimeSpan.FromSeconds(90);
    private readonly InstanceHome home = invocation.Home;
    private readonly Programs programs = new(invocation.Home);

    /// <param name="database">PostgreSQL's URL for a platform that begins; null: as it is.</param>
    public async Task<InstanceFile> Run(string? database, CancellationToken cancellation)
    {
        PortChoice.AskedFor(invocation.Environment.Given("NSSV_PORT")); // refused before anything is made
        await steps.Step("Folders", () => Task.FromResult(MakeFolders()));
        using var alone = StartLock.Take(home);
        InstanceFile instance = null!;
        await steps.Step("Ports", () => Task.FromResult<string?>(Describe((instance = Ports()).Ports)));
        await steps.Step("Certificates, database and account", () => Init(instance, database, cancellation));
        await steps.Step("Manager", () => ManagerStart.Ensure(invocation, programs, cancellation));
        var first = new FirstResources(invocation.Client, home);
        string dataCenter = "", cluster = "", host = "";
        await steps.Step("Data center, cluster and host", async () =>
        {
            dataCenter = (await first.Ensure("data-centers", "datacenter", () => new JsonObject { ["name"] = "datacenter" }, cancellation)).Id;
            cluster = (await first.Ensure("clusters", "cluster", () => new JsonObject { ["name"] = "cluster", ["dataCenterId"] = dataCenter, ["architecture"] = Architecture.OfThisMachine }, cancellation)).Id;
            host = (await first.Ensure("hosts", LocalHost.Name, () => new JsonObject { ["name"] = LocalHost.Name, ["clusterId"] = cluster, ["address"] = LocalHost.Address }, cancellation)).Id;
            return LocalHost.Name;
        });
        await steps.Step("Agent", () => StartAgent(instance, host, cancellation));
        await steps.Step("Data storage", async () =>
        {
            var (storage, _) = await first.Ensure("data-storages", "local", () => new JsonObject { ["name"] = "local", ["kind"] = "local", ["dataCenterId"] = dataCenter, ["path"] = home.Data }, cancellation);
            await first.EnsureAttached("data-storages", "data-storage-attachments", storage, "dataStorageId", "clusterId", cluster, cancellation);
            return home.Data;
        });
        var images = "";
        await steps.Step("Image storage", async () =>
        {
            images = (await first.Ensure("image-storages", "local", () => new JsonObject { ["name"] = "local", ["kind"] = "local", ["hostId"] = host, ["path"] = home.Images }, cancellation)).Id;
            await first.EnsureAttached("image-storages", "image-storage-attachments", images, "imageStorageId", "dataCenterId", dataCenter, cancellation);
            return home.Images;
        });
        await steps.Step($"Image '{MicroImage.Name}'", () => new MicroImage(invocation, first, home).Ensure(images, cancellation));
        return InstanceFile.Load(home)!;
    }

    /// <summary>A platform without a host of its own, for simulated ones.</summary>
    public async Task RunManagerAlone(CancellationToken cancellation)
    {
        await steps.Step("Folders", () => Task.FromResult(MakeFolders()));
        using var alone = StartLock.Take(home);
        InstanceFile instance = null!;
        await steps.Step("Ports", () => Task.FromResult<string?>(Describe((instance = Ports()).Ports)));
        await steps.Step("Certificates, database and account", () => Init(instance, database: null, cancellation));
        await steps.Step("Manager", () => ManagerStart.Ensure(invocation, programs, cancellation));
    }

    /// <summary>107 bytes less "/agent/console/", a machine's id and ".sock".</summary>
    private const int LongestHome = 107 - 15 - 36 - 5;

    /// <summary>The database, the logs and a first small machine need some hundred MiB.</summary>
    private const long RoomToBegin = 2L << 30;

    private string? MakeFolders()
    {
        ManagerStart.EnsureRoot();

        if (Encoding.UTF8.GetByteCount(home.Root) > LongestHome)
        {
            throw new PlatformException(
                $"{home.Root} is too long a path: the address of a machine's console would not fit into the 107 bytes that a unix socket's may have.",
                $"Choose an NSSV_HOME of at most {LongestHome} characters.");
        }

        foreach (var closed in HomeFolders.Make(home))
        {
            steps.Warn($"QEMU's user cannot pass {closed}, so virtual machines may not start; 'chmod o+x {closed}' lets it pass, without letting it look");
        }

        if (new DriveInfo(home.Root).AvailableFreeSpace is var free and < RoomToBegin)
        {
            steps.Warn($"only {SizeText.Format(free)} are free on the disk of {home.Root}: when it is full, the platform accepts no changes and virtual machines stop writing");
        }

        return home.Root;
    }

    private InstanceFile Ports()
    {
        var given = invocation.Environment.Given("NSSV_PORT");
        // Before the manager has its files, nothing holds a port yet: a first start that failed may go on with another one.
        if (InstanceFile.Load(home) is { } known && (File.Exists(Path.Combine(home.Manager, "manager.json")) || given is null || PortChoice.AskedFor(given) == known.Ports.Https))
        {
            if (given is not null && PortChoice.AskedFor(given) != known.Ports.Https)
            {
                throw new PlatformException($"The instance in {home.Root} uses port {known.Ports.Https}, but NSSV_PORT says {given}.", "Unset NSSV_PORT, or choose another NSSV_HOME for a further instance.");
            }

            if (programs.Manager.Find() is null)
            {
                PortChoice.EnsureFree(known.Ports.Https);
                PortChoice.EnsureFree(known.Ports.AgentApi);
            }

            if (programs.Agent.Find() is null)
            {
                PortChoice.EnsureFree(known.Ports.Agent);
            }

            return known;
        }

        // Random, not ordered by time: the first eight digits name everything in libvirt and must tell instances apart that began in the same minute.
        var id = Guid.NewGuid();
        var ports = PortChoice.Choose(PortChoice.AskedFor(given), id);
        var instance = new InstanceFile { PlatformId = id.ToString(), Version = VersionCommand.Current, Url = new Uri($"https://localhost:{ports.Https}"), Ports = ports };
        instance.Save(home);
        return instance;
    }

    private async Task<string?> Init(InstanceFile instance, string? database, CancellationToken cancellation)
    {
        if (programs.Manager.Find() is not null)
        {
            return "in use";
        }

        var outcome = await programs.Init(instance, database, cancellation);
        return outcome.ExitCode == 0
            ? null
            : throw new PlatformException("The manager's files could not be prepared.", "Mend what is said below, then repeat the command.", outcome.Complaint.Split('\n'));
    }

    private async Task<string?> StartAgent(InstanceFile instance, string hostId, CancellationToken cancellation)
    {
        var running = programs.Agent.Find();
        if (!AgentIdentity.IsOf(home, hostId))
        {
            // A host that was removed and made again has another id, and the old certificate is refused.
            await programs.Agent.Stop(cancellation);
            running = null;
            await Enroll(instance, hostId, cancellation);
        }
        else if (running is not null && programs.Agent.IsOlderThanProgram(running))
        {
            await programs.Agent.Stop(cancellation);
            running = null;
        }

        // What is known of the host may still be what the agent before said: a new one has a number of its own.
        var before = running is null ? await Incarnation(hostId, cancellation) : null;
        var pid = running?.Pid ?? programs.Agent.Start();
        await DaemonStart.WaitUntil(programs.Agent, "The agent's connection", () => IsConnected(hostId, before, cancellation), ReadyTime, cancellation);
        return $"process {pid}, connected";
    }

    private async Task Enroll(InstanceFile instance, string hostId, CancellationToken cancellation)
    {
        var tokenFile = home.At("run", "enrolment-token");
        try
        {
            AtomicFile.Write(tokenFile, (await HostCommands.EnrolmentToken(invocation.Client, hostId, cancellation)).Token, AtomicFile.Secret);
            var outcome = await programs.Enroll(instance, tokenFile, cancellation);
            if (outcome.ExitCode != 0)
            {
                throw new PlatformException("The agent could not enrol.", $"See also {home.ManagerLog}; then repeat the command.", outcome.Complaint.Split('\n'));
            }
        }
        finally
        {
            File.Delete(tokenFile);
        }
    }

    private async Task<long?> Incarnation(string hostId, CancellationToken cancellation) =>
        (await invocation.Client.Get("hosts", hostId, cancellation))["agentIncarnation"].AsInt64();

    private async Task<bool> IsConnected(string hostId, long? incarnationBefore, CancellationToken cancellation)
    {
        var host = await invocation.Client.Get("hosts", hostId, cancellation);
        return string.Equals(host["state"].AsText(), "connected", StringComparison.OrdinalIgnoreCase) && (incarnationBefore is null || host["agentIncarnation"].AsInt64() != incarnationBefore);
    }

    private static string Describe(InstancePorts ports) => $"HTTPS {ports.Https}, agents' {ports.AgentApi}, agent {ports.Agent}";
}
