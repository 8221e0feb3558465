namespace Nssv.Cli.Platform;

/// <summary>Where an instance keeps what: one folder holds all of its state.</summary>
/// <param name="Root">The folder, NSSV_HOME.</param>
internal sealed record InstanceHome(string Root)
{
    public const string DefaultRoot = "/var/lib/nssv";

    public string InstanceFile => At("nssv.json");

    public string AdminPassword => At("admin-password");

    public string Session => At("session.json");

    public string ManagerPid => At("run", "manager.pid");

    public string AgentPid => At("run", "agent.pid");

    public string ManagerLog => At("log", "manager.log");

    public string AgentLog => At("log", "agent.log");

    public string Manager => At("manager");

    public string Authority => At("manager", "ca.crt");

    public string Agent => At("agent");

    public string Data => At("storage", "data");

    public string Images => At("storage", "images");

    public string Import => At("import");

    public static InstanceHome Of(string? given, CliEnvironment environment) =>
        new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(given ?? environment.Given("NSSV_HOME") ?? DefaultRoot)));

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);
}
