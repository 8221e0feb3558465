namespace Nssv.Plugins;

/// <summary>Declares a tag that resources may carry, with the values that it may have.</summary>
/// <param name="name">What the tag is called behind the plugin's name: "until" of plugin "legal-hold" is "legalHold.until".</param>
/// <param name="title">A few words for people.</param>
/// <param name="description">What it means, one or two sentences.</param>
/// <param name="kinds">Singular kebab-case kinds of resource that may carry it.</param>
public sealed class SystemTag(string name, string title, string description, params IReadOnlyList<string> kinds) : Extension
{
    public override string Name => name;
    public string Title => title;
    public string Description => description;
    public IReadOnlyList<string> Kinds => kinds;

    /// <summary>What a value is, and so which of the following say more about it.</summary>
    public TagValue Value { get; init; }

    /// <summary>Of text: regular expression that the whole value must match; null: any text of up to 255 characters.</summary>
    public string? Pattern { get; init; }

    /// <summary>Of an integer, a size (bytes) or a duration (seconds), each of which needs both bounds.</summary>
    public long? Minimum { get; init; }

    /// <summary>The greatest value; as <see cref="Minimum"/>.</summary>
    public long? Maximum { get; init; }

    /// <summary>Of a choice: every value that there is.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];
}

/// <summary>What a tag's value is. Filters compare integers, sizes and durations as numbers.</summary>
public enum TagValue
{
    Text,
    /// <summary>A whole number of 18 digits at most.</summary>
    Integer,
    /// <summary>"true" or "false".</summary>
    Boolean,
    /// <summary>One of <see cref="SystemTag.Choices"/>.</summary>
    Choice,
    /// <summary>Bytes: "4096", "512MiB", "10GiB".</summary>
    Size,
    /// <summary>Whole seconds, up to 36,500 days: "90s", "15m", "1d12h".</summary>
    Duration,
}
