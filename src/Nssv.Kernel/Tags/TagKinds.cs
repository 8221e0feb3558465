using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Settings;

namespace Nssv.Kernel.Tags;

/// <summary>Printable text of a length, of a form if one is given.</summary>
/// <param name="pattern">Regular expression that the whole text must match; null: any.</param>
public sealed class TextTag(string name, string title, string description, int longest, string? pattern, params IReadOnlyList<Type> carriers)
    : TagDeclaration<string>(name, TagKind.Text, title, description, carriers)
{
    /// <summary>As long as a label's value at most.</summary>
    internal const int Longest = 255;

    private readonly int _longest = longest is > 0 and <= Longest ? longest : throw new ArgumentOutOfRangeException(nameof(longest), $"the tag {name}: 1 to {Longest} characters");
    private readonly Regex? _pattern = pattern is null ? null : new($"^(?:{pattern})\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    public override string Allowed => $"printable text of 1 to {_longest} characters{(pattern is null ? "" : $" that matches {pattern}")}";

    protected override bool TryRead(string text, out string value)
    {
        value = text;
        return IsPrintable(text) && text.Length <= _longest && _pattern?.IsMatch(text) != false;
    }

    internal static bool IsPrintable(string? text) => text is { Length: > 0 and <= Longest } && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c));

    protected override string Write(string value) => value;
}

/// <summary>A whole number of 18 digits at most.</summary>
public sealed class IntegerTag(string name, string title, string description, long minimum, long maximum, params IReadOnlyList<Type> carriers)
    : TagDeclaration<long>(name, TagKind.Integer, title, description, carriers)
{
    private readonly TagBounds _bounds = new(name, minimum, maximum, -TextNumber.Greatest, TextNumber.Greatest, "numbers of 18 digits at most");

    public override string Allowed => $"a whole number from {_bounds.Minimum} to {_bounds.Maximum}";

    protected override bool TryRead(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && _bounds.Include(value);

    protected override string Write(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>"true" or "false".</summary>
public sealed class BooleanTag(string name, string title, string description, params IReadOnlyList<Type> carriers)
    : TagDeclaration<bool>(name, TagKind.Boolean, title, description, carriers)
{
    public override string Allowed => "true or false";

    protected override bool TryRead(string text, out bool value) => (value = text == "true") || text == "false";

    protected override string Write(bool value) => value ? "true" : "false";
}

/// <summary>One of an enumeration's values, by its camelCase name.</summary>
public sealed class ChoiceTag<T>(string name, string title, string description, params IReadOnlyList<Type> carriers)
    : TagDeclaration<T>(name, TagKind.Choice, title, description, carriers) where T : struct, Enum
{
    public override IReadOnlyList<string> Choices => [.. Enum.GetValues<T>().Select(Write)];
    public override string Allowed => "one of " + string.Join(", ", Choices);

    protected override bool TryRead(string text, out T value)
    {
        var all = Enum.GetValues<T>();
        var at = Array.FindIndex(all, known => Write(known) == text);
        value = at < 0 ? default : all[at];
        return at >= 0;
    }

    protected override string Write(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

/// <summary>One of the texts that are listed.</summary>
public sealed class ListedTag(string name, string title, string description, IReadOnlyList<string> choices, params IReadOnlyList<Type> carriers)
    : TagDeclaration<string>(name, TagKind.Choice, title, description, carriers)
{
    public override IReadOnlyList<string> Choices { get; } =
        choices.Count == 0 ? throw new ArgumentException($"the tag {name} needs something to choose from")
        : !choices.All(TextTag.IsPrintable) ? throw new ArgumentException($"the tag {name}: each choice is printable text of 1 to {TextTag.Longest} characters")
        : choices.GroupBy(choice => choice, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice ? throw new ArgumentException($"the tag {name} has the choice '{twice.Key}' twice")
        : choices;

    public override string Allowed => "one of " + string.Join(", ", Choices);

    protected override bool TryRead(string text, out string value) => Choices.Contains(value = text);

    protected override string Write(string value) => value;
}

/// <summary>A number of bytes: "4096", "512MiB", "10GiB". Units are powers of 1,024.</summary>
public sealed class SizeTag(string name, string title, string description, long minimumBytes, long maximumBytes, params IReadOnlyList<Type> carriers)
    : TagDeclaration<long>(name, TagKind.Size, title, description, carriers)
{
    private readonly TagBounds _bounds = new(name, minimumBytes, maximumBytes, 0, TextNumber.Greatest, "numbers of 18 digits at most, and not negative");

    public override string Allowed => $"a size from {Write(_bounds.Minimum)} to {Write(_bounds.Maximum)}, such as 512MiB or 10GiB";

    protected override bool TryRead(string text, out long value) => ValueText.TrySize(text, out value) && _bounds.Include(value);

    protected override string Write(long value) => ValueText.OfSize(value);
}

/// <summary>A time in whole seconds: "90s", "15m", "12h", "7d", or several of them: "1d12h".</summary>
public sealed class DurationTag(string name, string title, string description, TimeSpan minimum, TimeSpan maximum, params IReadOnlyList<Type> carriers)
    : TagDeclaration<TimeSpan>(name, TagKind.Duration, title, description, carriers)
{
    private readonly TagBounds _seconds = new(name, (long)minimum.TotalSeconds, (long)maximum.TotalSeconds, 0, ValueText.LongestSeconds, "from 0s to 36500d");

    public override string Allowed => $"a duration from {Write(minimum)} to {Write(maximum)}, such as 90s, 15m, 12h or 7d";

    protected override bool TryRead(string text, out TimeSpan value) => ValueText.TryDuration(text, out value) && _seconds.Include((long)value.TotalSeconds);

    protected override string Write(TimeSpan value) => ValueText.Of(value);
}

/// <summary>The id of a resource, which must be there when the tag is set. When it is deleted later, the tag stays and leads nowhere: its owner says what then.</summary>
public sealed class ReferenceTag<T>(string name, string title, string description, params IReadOnlyList<Type> carriers)
    : TagDeclaration<Id>(name, TagKind.Reference, title, description, carriers) where T : Resource
{
    public override Type RefersTo => typeof(T);
    public override string Allowed => $"the id of a {JsonNamingPolicy.KebabCaseLower.ConvertName(typeof(T).Name)}";

    protected override bool TryRead(string text, out Id value) => Id.TryParse(text, null, out value);

    protected override string Write(Id value) => value.ToString();

    internal override async ValueTask<bool> IsThere(IStore store, string value) => await store.Find<T>(Id.Parse(value)) is not null;
}
