using System.Globalization;
using Nssv.Cli.Platform.Processes;

namespace Nssv.Cli.Platform;

/// <summary>The programs of an instance and how they are called.</summary>
internal sealed class Programs(InstanceHome home)
{
    public static string Simulator { get; } = At("Nssv.Simulator", "nssv-simulator.dll");

    public Daemon Manager { get; } = new("manager", At("Nssv.Server", "nssv-server.dll"), ["serve", "--home", home.Root], home.Root, home.ManagerPid, home.ManagerLog);

    public Daemon Agent { get; } = new("agent", At("Nssv.Agent", "nssv-agent.dll"), ["serve", "--home", home.Agent], home.Agent, home.AgentPid, home.AgentLog)
    {
        // Memory here is the guests'. The collector's first generation is as large as the processor's cache lets it be (80 MB on a server): 1 MiB, in hex.
        // The C library keeps a pool of memory for each thread that ever asked for some: two.
        Variables = [("DOTNET_GCgen0size", "100000"), ("MALLOC_ARENA_MAX", "2")],
    };

    /// <summary>Makes the authority, certificates, database and first account where they are not yet.</summary>
    /// <param name="database">PostgreSQL's URL; it goes by the environment, since it may hold a password. Null: as it is, or was.</param>
    public Task<Tool.Outcome> Init(InstanceFile instance, string? database, CancellationToken cancellation) => Tool.Run(
        Dotnet.Path,
        [
            Manager.Program, "init", "--home", home.Root, "--platform-id", instance.PlatformId,
            "--https-port", Number(instance.Ports.Https), "--agent-api-port", Number(instance.Ports.AgentApi), "--agent-port", Number(instance.Ports.Agent),
        ],
        cancellation, ("NSSV_DATABASE", database));

    /// <summary>Makes this home that of a further manager of the platform whose manager has its home in <paramref name="from"/>.</summary>
    public Task<Tool.Outcome> Join(InstanceFile instance, string from, string? database, CancellationToken cancellation) => Tool.Run(
        Dotnet.Path,
        [
            Manager.Program, "join", "--home", home.Root, "--from", from, "--https-port", Number(instance.Ports.Https), "--agent-api-port", Number(instance.Ports.AgentApi),
        ],
        cancellation, ("NSSV_DATABASE", database));

    /// <summary>Makes the agent's key on this machine and has the manager certify it.</summary>
    public Task<Tool.Outcome> Enroll(InstanceFile instance, string tokenFile, CancellationToken cancellation) => Tool.Run(
        Dotnet.Path,
        [
            Agent.Program, "enroll", "--home", home.Agent, "--manager", $"https://localhost:{Number(instance.Ports.AgentApi)}", "--ca", home.Authority, "--token-file", tokenFile,
            "--address", LocalHost.Address, "--port", Number(instance.Ports.Agent),
        ],
        cancellation);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Built side by side: …/bin/Nssv.Cli/release/ and …/bin/Nssv.Server/release/. Installed: all in one folder.
    private static string At(string project, string file)
    {
        var here = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var built = Path.Combine(here, "..", "..", project, Path.GetFileName(here), file);
        return Path.GetFullPath(File.Exists(built) ? built : Path.Combine(here, file));
    }
}
