using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Nssv.Agent.Execution;
using Nssv.Agent.Protocol;
using Nssv.Kernel;

namespace Nssv.Agent;

/// <summary>The agent's folder: who it is (agent.json, agent.pfx, ca.crt) and what it remembers (journal.db).</summary>
/// <param name="Folder">Readable by its owner alone.</param>
internal sealed record AgentHome(string Folder)
{
    private static readonly JsonSerializerOptions Indented = new(KernelJson.Options) { WriteIndented = true };

    public string SettingsFile => Path.Combine(Folder, "agent.json");
    private string ManagersFile => Path.Combine(Folder, "managers.json");
    public string CertificateFile => Path.Combine(Folder, "agent.pfx");
    public string AuthorityFile => Path.Combine(Folder, "ca.crt");
    public string JournalFile => Path.Combine(Folder, "journal.db");

    public void Create() =>
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <exception cref="SetupException">Not enrolled, or what is there cannot be read.</exception>
    public AgentSettings ReadSettings()
    {
        if (!File.Exists(SettingsFile))
            throw new SetupException($"This host is not enrolled: there is no {SettingsFile}.", "Enrol it with 'nssv-agent enroll'.");
        try
        {
            return JsonSerializer.Deserialize<AgentSettings>(File.ReadAllBytes(SettingsFile), KernelJson.Options) ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new SetupException($"{SettingsFile} cannot be read: {exception.Message}", "Correct it, or enrol the host anew.", exception);
        }
    }

    /// <summary>Certificate and key of this agent, and the authority's certificate.</summary>
    /// <exception cref="SetupException">One is missing or broken.</exception>
    public (X509Certificate2 Own, X509Certificate2 Authority) ReadCertificates()
    {
        try
        {
            return (X509CertificateLoader.LoadPkcs12FromFile(CertificateFile, null), X509CertificateLoader.LoadCertificateFromFile(AuthorityFile));
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"The agent's certificates in {Folder} cannot be read: {exception.Message}", "Enrol the host anew.", exception);
        }
    }

    /// <summary>Certificate and key in one file, so that a crash leaves the old pair or the new one.</summary>
    public void Write(X509Certificate2 own) => AtomicFile.Write(CertificateFile, own.Export(X509ContentType.Pkcs12));

    /// <summary>The way to the managers: those of the enrolment, and those that have joined since, which are kept.</summary>
    public ManagerRoute Route(AgentSettings settings)
    {
        List<string> known = [];
        try
        {
            if (File.Exists(ManagersFile))
                known = JsonSerializer.Deserialize<List<string>>(File.ReadAllBytes(ManagersFile)) ?? [];
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            // Only a memory: the managers of the enrolment tell it anew.
        }

        return new([.. known.Where(url => Uri.TryCreate(url, UriKind.Absolute, out _)).Concat(settings.Managers).Distinct()],
            managers => AtomicFile.Write(ManagersFile, JsonSerializer.SerializeToUtf8Bytes(managers)));
    }

    /// <summary>Keeps what an enrolment gave. The settings come last: without them the host counts as not enrolled.</summary>
    public void Write(AgentSettings settings, X509Certificate2 own, string authorityPem)
    {
        Write(own);
        AtomicFile.Write(AuthorityFile, System.Text.Encoding.ASCII.GetBytes(authorityPem), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        AtomicFile.Write(SettingsFile, JsonSerializer.SerializeToUtf8Bytes(settings, Indented));
    }
}

/// <summary>agent.json: what an enrolment decided, and what an administrator of the host may add.</summary>
internal sealed record AgentSettings
{
    public required Id PlatformId { get; init; }
    public required Id HostId { get; init; }

    /// <summary>The managers' URLs for agents. Heartbeats go to the first that answers, until it names the one that looks after this host.</summary>
    public required IReadOnlyList<string> Managers { get; init; }

    /// <summary>Under which managers and other agents reach this agent.</summary>
    public required string Url { get; init; }

    /// <summary>Address to listen on; null is every address of the host.</summary>
    public string? ListenAddress { get; init; }

    public required int ListenPort { get; init; }

    /// <summary>Image files may be imported from below these folders.</summary>
    public IReadOnlyList<string> ImportFolders { get; init; } = [];

    /// <summary>Networks (CIDR) from which image URLs may fetch although they are loopback, link-local or private.</summary>
    public IReadOnlyList<string> ImportNetworks { get; init; } = [];
}

/// <summary>The agent cannot do what was asked until a person changes something.</summary>
internal sealed class SetupException(string message, string advice, Exception? inner = null) : Exception(message, inner)
{
    public string Advice { get; } = advice;
}
