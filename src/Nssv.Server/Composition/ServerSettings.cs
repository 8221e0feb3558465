using System.Globalization;
using System.Net;
using Nssv.Kernel.Agents;
using Nssv.Server.Admission;
using Nssv.Server.Certificates;

namespace Nssv.Server.Composition;

/// <summary>How this manager is set up: NSSV_HOME/manager/manager.json, environment variables NSSV_… (as NSSV_HTTPS__PORT), options of the command line; the later wins.</summary>
public sealed record ServerSettings
{
    public const int DefaultHttpsPort = 443;
    public const int DefaultAgentApiPort = 7443;

    /// <summary>NSSV_HOME.</summary>
    public required string Home { get; init; }

    public required Id PlatformId { get; init; }

    /// <summary>This node among the platform's managers.</summary>
    public required Id ManagerId { get; init; }

    /// <summary>Address to listen on; null: all of them.</summary>
    public IPAddress? Listen { get; init; }

    public int HttpsPort { get; init; } = DefaultHttpsPort;

    /// <summary>PKCS#12 of the administrator's own; null: the platform's.</summary>
    public string? Certificate { get; init; }

    /// <summary>File with the password of <see cref="Certificate"/>.</summary>
    public string? CertificatePasswordFile { get; init; }

    /// <summary>Null, as it is unless switched on: no HTTP. It never does more than redirect.</summary>
    public int? HttpPort { get; init; }

    public int AgentApiPort { get; init; } = DefaultAgentApiPort;

    /// <summary>Name or address under which agents reach this manager; null: this machine's first address.</summary>
    public string? AgentApiHost { get; init; }

    /// <summary>Further names and addresses for the certificates.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>PostgreSQL's URL; null: SQLite in the manager's folder.</summary>
    public string? Database { get; init; }

    /// <summary>A member that has not renewed its lease for so long is taken over; the same on every management node.</summary>
    public TimeSpan Lease { get; init; } = DefaultLease;

    /// <summary>The database can be shared by several management nodes, and this one expects that it is.</summary>
    public bool HasPeers => Database is { Length: > 0 };

    /// <summary>Where agents and the other management nodes reach this one.</summary>
    public Uri PeerUrl => new UriBuilder(Uri.UriSchemeHttps, ReachedAs, AgentApiPort).Uri;

    /// <summary>Where people reach this one.</summary>
    public Uri ApiUrl => new UriBuilder(Uri.UriSchemeHttps, ReachedAs, HttpsPort).Uri;

    /// <summary>How much is taken in at one time.</summary>
    internal AdmissionLimits Limits { get; init; } = new();

    /// <summary>How much is asked of hosts at one time.</summary>
    public DispatchLimits Dispatch { get; init; } = new();

    public LogFormat Logs { get; init; } = LogFormat.Text;

    public string Folder => Path.Combine(Home, "manager");
    public string SettingsFile => Path.Combine(Folder, FileName);
    public string DatabaseFile => Path.Combine(Folder, "nssv.db");
    public string LockFile => Path.Combine(Folder, "manager.lock");

    /// <summary>What Prometheus shows to read /metrics.</summary>
    public string ScrapeTokenFile => Path.Combine(Folder, "metrics-token");

    public string PasswordFile => Path.Combine(Home, "admin-password");

    public const string FileName = "manager.json";

    private const int LongestLeaseSeconds = 60;
    private static readonly TimeSpan DefaultLease = TimeSpan.FromSeconds(3);

    private string ReachedAs => AgentApiHost ?? CertificateFiles.NamesOfThisMachine([])
        .FirstOrDefault(name => IPAddress.TryParse(name, out var address) && !IPAddress.IsLoopback(address)) ?? "localhost";

    /// <summary>Read from a configuration whose keys are those of manager.json.</summary>
    /// <exception cref="ConfigurationException">A value is missing or makes no sense.</exception>
    public static ServerSettings Read(string home, IConfiguration configuration) => new()
    {
        Home = home,
        PlatformId = IdOf(configuration, "platformId"),
        ManagerId = IdOf(configuration, "managerId"),
        Listen = configuration["listen"] is not { } listen ? null
            : IPAddress.TryParse(listen, out var address) ? address : throw Wrong("listen", "an IP address"),
        HttpsPort = Port(configuration, "https:port") ?? DefaultHttpsPort,
        Certificate = configuration["https:certificate"],
        CertificatePasswordFile = configuration["https:passwordFile"],
        HttpPort = Port(configuration, "http:port"),
        AgentApiPort = Port(configuration, "agentApi:port") ?? DefaultAgentApiPort,
        AgentApiHost = configuration["agentApi:host"],
        Names = [.. configuration.GetSection("names").GetChildren().Select(name => name.Value).OfType<string>()],
        Database = configuration["database"],
        Lease = Seconds(configuration, "membership:leaseSeconds") ?? DefaultLease,
        Limits = new()
        {
            Operations = Count(configuration, "limits:operations") ?? new AdmissionLimits().Operations,
            Waiting = Count(configuration, "limits:waitingRequests") ?? new AdmissionLimits().Waiting,
        },
        Dispatch = new(Count(configuration, "limits:commandsPerHost") ?? new DispatchLimits().CommandsPerHost),
        Logs = configuration["logs"] switch
        {
            null or "" or "text" => LogFormat.Text,
            "json" => LogFormat.Json,
            _ => throw Wrong("logs", "'text' or 'json'"),
        },
    };

    private static Id IdOf(IConfiguration configuration, string key) =>
        Id.TryParse(configuration[key], null, out var id) ? id : throw Wrong(key, "an id");

    private static int? Port(IConfiguration configuration, string key) => configuration[key] switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort => port,
        _ => throw Wrong(key, $"a port from 1 to {IPEndPoint.MaxPort}"),
    };

    private static TimeSpan? Seconds(IConfiguration configuration, string key) => configuration[key] switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= LongestLeaseSeconds => TimeSpan.FromSeconds(seconds),
        _ => throw Wrong(key, $"a whole number of seconds from 1 to {LongestLeaseSeconds}"),
    };

    private static int? Count(IConfiguration configuration, string key) => configuration[key] switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 1_000_000 => count,
        _ => throw Wrong(key, "a number from 1 to 1000000"),
    };

    private static ConfigurationException Wrong(string key, string expected) =>
        new($"The setting '{key}' must be {expected}.", $"Correct it in {FileName} of the manager's folder, or make the file anew with 'nssv-server init'.");
}
