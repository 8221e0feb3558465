using Nssv.Server.Certificates;

namespace Nssv.Server.Composition;

/// <summary><c>nssv-server serve|init|join --home DIR [--option value]…</c></summary>
internal sealed class CommandLine
{
    private static readonly string[] Known =
        ["home", "platform-id", "https-port", "http-port", "agent-api-port", "agent-api-host", "agent-port", "certificate", "password-file", "name", "from", "assembly"];

    private readonly List<(string Name, string Value)> _options = [];

    private CommandLine(string verb) => Verb = verb;

    public string Verb { get; }

    public string Home => Path.GetFullPath(this["home"] ?? Environment.GetEnvironmentVariable("NSSV_HOME") ?? "/var/lib/nssv");

    public string? this[string option] => _options.LastOrDefault(given => given.Name == option).Value;

    public IReadOnlyList<string> All(string option) => [.. _options.Where(given => given.Name == option).Select(given => given.Value)];

    /// <exception cref="ConfigurationException">An option is unknown or has no value.</exception>
    public static CommandLine Parse(string[] arguments)
    {
        var line = new CommandLine(arguments.FirstOrDefault() ?? "");
        for (var i = 1; i < arguments.Length; i += 2)
        {
            var name = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i][2..] : "";
            if (!Known.Contains(name))
                throw new ConfigurationException($"'{arguments[i]}' is no option of nssv-server.", $"Options: {string.Join(", ", Known.Select(known => "--" + known))}.");
            if (i + 1 == arguments.Length)
                throw new ConfigurationException($"'{arguments[i]}' needs a value.", "Give it behind the option.");
            line._options.Add((name, arguments[i + 1]));
        }
        return line;
    }

    /// <summary>manager.json, then the environment, then this line.</summary>
    public ServerSettings Settings()
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Home, "manager", ServerSettings.FileName), optional: false)
            .AddEnvironmentVariables("NSSV_")
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["https:port"] = this["https-port"],
                ["http:port"] = this["http-port"],
                ["agentApi:port"] = this["agent-api-port"],
                ["agentApi:host"] = this["agent-api-host"],
                ["https:certificate"] = this["certificate"],
                ["https:passwordFile"] = this["password-file"],
            }.Where(pair => pair.Value is not null))
            .Build();
        return ServerSettings.Read(Home, configuration);
    }
}
