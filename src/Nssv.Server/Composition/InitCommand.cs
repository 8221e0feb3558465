using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Certificates;
using Nssv.Services.Identity;

namespace Nssv.Server.Composition;

/// <summary>
/// Makes what a manager needs before its first start: settings, certificates, database, administrator. What is there already stays, so it may run again;
/// it prints nothing that is secret.
/// </summary>
internal static class InitCommand
{
    public static async Task<int> Run(CommandLine line, TimeProvider time)
    {
        var ids = new RandomIds(time);
        var settings = WriteSettings(line, ids);
        new CertificateFiles(settings.Folder).Create(settings.PlatformId, settings.ManagerId, CertificateFiles.NamesOfThisMachine(settings.Names), time);

        await using var database = DataServices.Open(settings, DataServices.Models);
        Migrator.Apply(database, time, Migrations.All);
        await using var writer = new Writer(database, MemberFence.Acquire(database, settings.ManagerId, time), new WriterOptions { Time = time });
        await FirstAccount.Create(new Store(database), writer, ids, time, new RandomSecrets(), settings.PlatformId,
            password => PrivateFile.Write(settings.PasswordFile, password + "\n"));
        Console.WriteLine($"The manager of platform {settings.PlatformId} is ready to start.");
        return 0;
    }

    /// <summary>manager.json with what was asked for now over what it holds already. The platform and this manager keep their ids.</summary>
    private static ServerSettings WriteSettings(CommandLine line, RandomIds ids)
    {
        var folder = Path.Combine(line.Home, "manager");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(folder, ServerSettings.FileName);
        var json = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
        if (json["platformId"] is { } known && line["platform-id"] is { } asked && known.GetValue<string>() != asked)
            throw new ConfigurationException($"{line.Home} holds the platform {known}, not {asked}.", "Use another home for another platform.");
        json["platformId"] ??= line["platform-id"] ?? ids.Next().ToString();
        json["managerId"] ??= ids.Next().ToString();
        Set(json, line, "https-port", "https", "port");
        Set(json, line, "http-port", "http", "port");
        Set(json, line, "agent-api-port", "agentApi", "port");
        Set(json, line, "agent-api-host", "agentApi", "host");
        Set(json, line, "certificate", "https", "certificate");
        Set(json, line, "password-file", "https", "passwordFile");
        if (line.All("name") is { Count: > 0 } names)
            json["names"] = new JsonArray([.. names.Select(name => (JsonNode)name)]);
        Write(path, json);
        var settings = line.Settings();
        // Where the data is must not depend on the environment of a later start.
        if (settings.Database is { Length: > 0 } database && json["database"] is null)
        {
            json["database"] = database;
            Write(path, json);
        }

        return settings;
    }

    private static void Write(string path, JsonObject json) =>
        PrivateFile.Write(path, json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");

    private static void Set(JsonObject json, CommandLine line, string option, string section, string key)
    {
        if (line[option] is not { } value)
            return;
        if (json[section] is not JsonObject inner)
            json[section] = inner = [];
        inner[key] = key == "port" && int.TryParse(value, out var port) ? port : value;
    }
}

/// <summary>Every migration, in the order in which tables refer to each other.</summary>
internal static class Migrations
{
    public static IReadOnlyList<MigrationSet> All { get; } = [MigrationSet.Kernel, MigrationSet.Embedded("nssv", typeof(VirtualMachine).Assembly)];
}
