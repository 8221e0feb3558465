using System.Globalization;
using Nssv.Client.Units;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nssv.Simulator.Scenarios;

/// <summary>A mapping of a scenario file, each entry read once: what was not read by the end is a mistake of its writer.</summary>
internal sealed class ScenarioSection
{
    private readonly YamlMappingNode _node;
    private readonly Dictionary<string, YamlNode> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private ScenarioSection(YamlMappingNode node)
    {
        _node = node;
        foreach (var (key, value) in node.Children)
            _entries[key is YamlScalarNode { Value: { } name } ? name : throw Wrong(key, "A name", "is expected")] = value;
    }

    public IEnumerable<string> Names => _entries.Keys;

    public static ScenarioSection Parse(string text)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            return yaml.Documents is [{ RootNode: YamlMappingNode root }] ? new(root) : throw new ScenarioException("line 1: a scenario is one mapping that begins with 'groups:'.");
        }
        catch (YamlException exception)
        {
            throw new ScenarioException($"line {exception.Start.Line}: {exception.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>Null when there is none.</summary>
    /// <param name="orValue">A plain value there is no mistake, and is left to be read as one.</param>
    public ScenarioSection? Section(string name, bool orValue = false) => Take(name) switch
    {
        null => null,
        YamlMappingNode mapping => new(mapping),
        YamlScalarNode when orValue => null,
        var other => throw Wrong(other, name, "is a group of settings"),
    };

    public IReadOnlyList<ScenarioSection> Sections(string name) => Take(name) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Select(item => item is YamlMappingNode mapping ? new ScenarioSection(mapping) : throw Wrong(item, name, "is a list of groups of settings"))],
        var other => throw Wrong(other, name, "is a list"),
    };

    public string? Text(string name) => Scalar(name);

    public long? Number(string name, long least, long most) => Scalar(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw Wrong(name, $"is a number from {least} to {most}, not '{text}'");

    public double? Real(string name, double least, double most) => Scalar(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"is a number from {least} to {most}, not '{text}'"));

    public bool? Flag(string name) => Scalar(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        var text => throw Wrong(name, $"is true or false, not '{text}'"),
    };

    public long? Size(string name) => Scalar(name) is not { } text ? null
        : SizeText.TryParse(text, out var bytes) ? bytes : throw Wrong(name, $"is a size such as 512GiB, not '{text}'");

    public TimeSpan? Time(string name) => Scalar(name) is { } text ? TimeOf(_entries[name], name, text) : null;

    public IReadOnlyList<TimeSpan>? Times(string name) => Take(name) switch
    {
        null => null,
        YamlSequenceNode list => [.. list.Select(item => TimeOf(item, name, item is YamlScalarNode { Value: { } text } ? text : ""))],
        var other => throw Wrong(other, name, "is a list of times"),
    };

    /// <summary>Everything is read; what is left over has no meaning.</summary>
    public void End()
    {
        if (_entries.Keys.FirstOrDefault(name => !_read.Contains(name)) is { } strange)
            throw Wrong(_entries[strange], strange, _read.Count == 0 ? "is not known here" : $"is not known here; there are {string.Join(", ", _read.Order(StringComparer.Ordinal))}");
    }

    public ScenarioException Wrong(string name, string what) => Wrong(_entries.GetValueOrDefault(name) ?? _node, name, what);

    private static ScenarioException Wrong(YamlNode node, string name, string what) => new($"line {node.Start.Line}: '{name}' {what}.");

    private static TimeSpan TimeOf(YamlNode node, string name, string text) =>
        DurationText.TryParse(text, out var time) ? time : throw Wrong(node, name, $"is a time such as 200ms, 5s or 30m, not '{text}'");

    private string? Scalar(string name) => Take(name) switch
    {
        null => null,
        YamlScalarNode { Value: { } text } => text,
        var other => throw Wrong(other, name, "is a single value"),
    };

    private YamlNode? Take(string name)
    {
        _read.Add(name);
        return _entries.GetValueOrDefault(name);
    }
}

/// <summary>What is wrong with a scenario; its message is for people.</summary>
internal sealed class ScenarioException(string message) : Exception(message);
