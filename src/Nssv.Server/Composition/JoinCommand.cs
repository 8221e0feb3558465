using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Server.Certificates;

namespace Nssv.Server.Composition;

/// <summary>
/// Makes what a further manager of a platform needs before its first start: an identity of its own, certified by the platform's authority, whose key is copied
/// from the home of a manager that is one already. Nothing is written before it is sure that both are of one platform and its database can be shared.
/// </summary>
internal static class JoinCommand
{
    private const string Advice = "Give --from the NSSV_HOME of a manager of the platform, or a copy of its manager/manager.json, manager/ca.pfx and admin-password.";

    public static async Task<int> Run(CommandLine line, TimeProvider time)
    {
        var from = Path.GetFullPath(line["from"] ?? throw new ConfigurationException("--from is missing.", Advice));
        if (SameFolder(from, line.Home))
            throw new ConfigurationException($"{line.Home} is the home of the manager that is to be joined.", "Choose another home for this one, with NSSV_HOME.");
        var source = new Source(from);
        var own = SettingsFile.Read(Path.Combine(line.Home, "manager", ServerSettings.FileName));
        if (own is not null && Text(own, "platformId") != source.PlatformId)
            throw new ConfigurationException($"{line.Home} holds the platform {Text(own, "platformId")}, not {source.PlatformId}.", "Use another home for another platform.");
        if (own is not null && Text(own, "managerId") == source.ManagerId)
            throw new ConfigurationException($"{line.Home} is a copy of the home {from}: both would be the same manager.", "Join from an empty home.");

        var first = source.ForAnother();
        if (Environment.GetEnvironmentVariable("NSSV_DATABASE") is { Length: > 0 } given)
            first["database"] = given;
        await Check(Text(own ?? first, "database"), source, time);

        var settings = SettingsFile.Write(line, new RandomIds(time), first);
        var files = new CertificateFiles(settings.Folder);
        PrivateFile.Write(files.AuthorityKey, File.ReadAllBytes(source.AuthorityKey));
        files.Create(settings.PlatformId, settings.ManagerId, CertificateFiles.NamesOfThisMachine(settings.Names), time);
        if (File.Exists(source.Password))
            PrivateFile.Write(settings.PasswordFile, File.ReadAllBytes(source.Password));
        Console.WriteLine($"The manager {settings.ManagerId} of platform {settings.PlatformId} is ready to start.");
        return 0;
    }

    /// <summary>The database is one that can be shared, and holds this platform; brings it to this software's version.</summary>
    private static async Task Check(string? url, Source source, TimeProvider time)
    {
        if (url is null)
        {
            throw new ConfigurationException($"The platform of {source.Folder} keeps its data in SQLite, which one manager has for itself.",
                "Several managers need a platform on PostgreSQL: './nssv up --database URL' begins one.");
        }

        var platform = Id.Parse(source.PlatformId);
        var settings = new ServerSettings { Home = source.Folder, PlatformId = platform, ManagerId = Id.Parse(source.ManagerId), Database = url };
        await using var database = DataServices.Open(settings, DataServices.Models);
        switch (await PlatformInDatabase.Find(database))
        {
            case null:
                throw new ConfigurationException("The database holds no platform yet.", "Start the platform's first manager on it, then repeat the command; or correct the database.");
            case { } other when other != platform:
                throw PlatformInDatabase.IsAnother(other, settings);
        }

        Migrator.Apply(database, time, Migrations.All);
    }

    private static bool SameFolder(string left, string right) =>
        Path.TrimEndingDirectorySeparator(Real(left)) == Path.TrimEndingDirectorySeparator(Real(right));

    private static string Real(string folder) => Directory.Exists(folder) && new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true) is { } target ? target.FullName : folder;

    private static string? Text(JsonObject json, string key) => json[key]?.GetValue<string>();

    /// <summary>A manager's home, or what was copied from it.</summary>
    private sealed class Source
    {
        private readonly JsonObject _settings;

        public Source(string folder)
        {
            Folder = folder;
            try
            {
                _settings = SettingsFile.Read(Path.Combine(folder, "manager", ServerSettings.FileName))
                    ?? throw new ConfigurationException($"{folder} is no manager's home: it has no manager/{ServerSettings.FileName}.", Advice);
                using var authority = CertificateFiles.Open(AuthorityKey, null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
            {
                throw new ConfigurationException($"The manager's home {folder} cannot be read: {e.Message}", Advice, e);
            }
        }

        public string Folder { get; }

        public string AuthorityKey => Path.Combine(Folder, "manager", "ca.pfx");

        public string Password => Path.Combine(Folder, "admin-password");

        public string PlatformId => Text(_settings, "platformId") ?? throw Incomplete("platformId");

        public string ManagerId => Text(_settings, "managerId") ?? throw Incomplete("managerId");

        /// <summary>What all managers of a platform have in common.</summary>
        public JsonObject ForAnother()
        {
            var common = new JsonObject { ["platformId"] = PlatformId };
            foreach (var key in new[] { "database", "membership" })
            {
                if (_settings[key] is { } value)
                    common[key] = value.DeepClone();
            }

            return common;
        }

        private ConfigurationException Incomplete(string key) => new($"{Folder}/manager/{ServerSettings.FileName} has no {key}.", Advice);
    }
}
