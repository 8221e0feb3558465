using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Server.Certificates;

namespace Nssv.Server.Composition;

/// <summary>manager.json as a start prepares it.</summary>
internal static class SettingsFile
{
    /// <summary>Writes what was asked for now over what the file holds already. The platform and this manager keep their ids, and the data stays where it is.</summary>
    /// <param name="first">Entries of a file that is new.</param>
    public static ServerSettings Write(CommandLine line, RandomIds ids, JsonObject? first = null)
    {
        var folder = Path.Combine(line.Home, "manager");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(folder, ServerSettings.FileName);
        var json = Read(path) ?? first ?? [];
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
        if (json["database"] is { } recorded && recorded.GetValue<string>() != settings.Database)
            throw new ConfigurationException($"NSSV_DATABASE names another database than {path}.", $"Unset it; or, if the database has moved, correct {ServerSettings.FileName}.");
        // Where the data is must not depend on the environment of a later start.
        if (settings.HasPeers && json["database"] is null)
        {
            json["database"] = settings.Database;
            Write(path, json);
        }

        return settings;
    }

    /// <summary>Null when there is none.</summary>
    public static JsonObject? Read(string path) => File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : null;

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
