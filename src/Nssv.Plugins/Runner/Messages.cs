using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Nssv.Plugins.Runner;

/// <summary>What goes between manager and plugin: a JSON object a line. Additions are optional fields; what one side does not know it leaves alone.</summary>
internal static class Messages
{
    /// <summary>A plugin and a manager of different numbers do not understand each other.</summary>
    public const int Protocol = 1;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}

/// <summary>From the manager. Without <see cref="Call"/> it cancels the call with this id.</summary>
internal sealed record Asked(long Id, string? Call, string? Extension = null, JsonNode? Body = null);

/// <summary>From the plugin: the result, the reason of a refusal, or the error.</summary>
internal sealed record Answered(long Id, JsonNode? Result = null, Refusal? Refused = null, string? Error = null);

internal sealed record Refusal(string Reason, string? Advice);

internal static class Calls
{
    public const string Begin = "begin";
    public const string Heard = "heard";
    public const string Run = "run";
    public const string Undo = "undo";
    public const string Hindrances = "hindrances";
    public const string Refusals = "refusals";
}

/// <summary>Body of <see cref="Calls.Begin"/>.</summary>
internal sealed record BeginCall(int Protocol, string DataFolder);

/// <summary>What a plugin says of itself.</summary>
internal sealed record Description(int Protocol, string Contract, string Name, string Version, IReadOnlyList<Described> Extensions);

/// <summary>One extension; which fields it has depends on what it is.</summary>
internal sealed record Described(string Type, string Name)
{
    public IReadOnlyList<string> Kinds { get; init; } = [];
    public string? Flow { get; init; }
    public string? Beside { get; init; }
    public Place Place { get; init; }
    public bool Required { get; init; }
    public double DeadlineSeconds { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public TagValue Value { get; init; }
    public string? Pattern { get; init; }
    public long? Minimum { get; init; }
    public long? Maximum { get; init; }
    public IReadOnlyList<string>? Choices { get; init; }

    public const string Observer = "observer";
    public const string Step = "step";
    public const string Guard = "deletion-guard";
    public const string Rule = "placement-rule";
    public const string Tag = "tag";

    public static Described Of(Extension extension) => extension switch
    {
        EventObserver observer => new(Observer, observer.Name) { Kinds = observer.Kinds },
        InsertedStep step => new(Step, step.Name)
        {
            Flow = step.Flow,
            Beside = step.Beside,
            Place = step.Place,
            Required = step.Required,
            DeadlineSeconds = step.Deadline.TotalSeconds,
        },
        DeletionGuard guard => new(Guard, guard.Name) { Kinds = [guard.Kind] },
        PlacementRule rule => new(Rule, rule.Name),
        SystemTag tag => new(Tag, tag.Name)
        {
            Kinds = tag.Kinds,
            Title = tag.Title,
            Description = tag.Description,
            Value = tag.Value,
            Pattern = tag.Pattern,
            Minimum = tag.Minimum,
            Maximum = tag.Maximum,
            Choices = tag.Choices,
        },
        _ => throw new InvalidOperationException($"{extension.GetType().Name} is no kind of extension that this version knows"),
    };
}

/// <summary>Body of <see cref="Calls.Refusals"/>.</summary>
internal sealed record PlacementCall(JsonObject VirtualMachine, IReadOnlyList<JsonObject> Hosts);
