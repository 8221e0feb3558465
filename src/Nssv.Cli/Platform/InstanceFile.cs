using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Client;

namespace Nssv.Cli.Platform;

/// <summary>The TCP ports of an instance, recorded once so that they never move.</summary>
internal sealed record InstancePorts(int Https, int AgentApi, int Agent);

/// <summary>What an instance is: <c>nssv.json</c> in its home.</summary>
internal sealed record InstanceFile
{
    public required string PlatformId { get; init; }

    public required string Version { get; init; }

    public required Uri Url { get; init; }

    public required InstancePorts Ports { get; init; }

    /// <summary>The ids of what the first start made, by name: found again even when renamed.</summary>
    public IReadOnlyDictionary<string, string> First { get; init; } = new Dictionary<string, string>();

    /// <summary>A further manager of a platform that began elsewhere: without hosts or storages of its own.</summary>
    public bool Joined { get; init; }

    /// <summary>The first start came to its end, so the password has been shown.</summary>
    public bool Complete { get; init; }

    /// <summary>The prefix of everything that this instance makes in libvirt.</summary>
    public string DomainPrefix => $"nssv-{PlatformId[..8]}-";

    /// <summary>Reads the file; null when there is none.</summary>
    public static InstanceFile? Load(InstanceHome home)
    {
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(home.InstanceFile));
            return new InstanceFile
            {
                PlatformId = json.At("platformId").AsText() is { Length: >= 8 } id ? id : throw new FormatException("platformId is missing"),
                Version = json.At("version").AsText() ?? "0",
                Url = new Uri(json.At("url").AsText() ?? throw new FormatException("url is missing")),
                Ports = new(Port("https"), Port("agentApi"), Port("agent")),
                First = json.At("first") is JsonObject first ? first.ToDictionary(pair => pair.Key, pair => pair.Value.AsText() ?? "") : new Dictionary<string, string>(),
                Complete = json.At("complete").IsTrue(),
                Joined = json.At("joined").IsTrue(),
            };

            int Port(string name) => json.At("ports." + name).AsInt32() ?? throw new FormatException($"ports.{name} is missing");
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception broken) when (broken is JsonException or FormatException)
        {
            throw new PlatformException($"{home.InstanceFile} cannot be read: {broken.Message}", "Restore it from a backup; without it the instance cannot be told from others.");
        }
    }

    /// <summary>Writes the file so that a crash leaves the old one or the new one.</summary>
    public void Save(InstanceHome home)
    {
        var json = new JsonObject
        {
            ["platformId"] = PlatformId,
            ["version"] = Version,
            ["url"] = Url.GetLeftPart(UriPartial.Authority),
            ["ports"] = new JsonObject { ["https"] = Ports.Https, ["agentApi"] = Ports.AgentApi, ["agent"] = Ports.Agent },
            ["first"] = new JsonObject(First.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            ["complete"] = Complete,
        };
        if (Joined)
        {
            json["joined"] = true;
        }

        AtomicFile.Write(home.InstanceFile, Output.JsonText.Of(json) + "\n", AtomicFile.Readable);
    }
}
