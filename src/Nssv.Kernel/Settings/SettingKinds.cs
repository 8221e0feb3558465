using System.Globalization;
using System.Text.Json;

namespace Nssv.Kernel.Settings;

/// <summary>A whole number; name its unit.</summary>
public sealed class IntegerSetting(string name, string title, string description, long defaultValue, long minimum, long maximum)
    : SettingDeclaration<long>(name, SettingKind.Integer, title, description, defaultValue)
{
    public override string Minimum => Write(minimum);
    public override string Maximum => Write(maximum);
    public override string Allowed => $"a whole number from {minimum} to {maximum}{(Unit is null ? "" : $" ({Unit})")}";

    protected override bool TryRead(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= minimum && value <= maximum;

    protected override string Write(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>"true" or "false".</summary>
public sealed class BooleanSetting(string name, string title, string description, bool defaultValue)
    : SettingDeclaration<bool>(name, SettingKind.Boolean, title, description, defaultValue)
{
    public override string Allowed => "true or false";

    protected override bool TryRead(string text, out bool value) => (value = text == "true") || text == "false";

    protected override string Write(bool value) => value ? "true" : "false";
}

/// <summary>Printable text of a length, possibly empty.</summary>
public sealed class TextSetting(string name, string title, string description, string defaultValue, int longest)
    : SettingDeclaration<string>(name, SettingKind.Text, title, description, defaultValue)
{
    public override string Maximum => $"{longest} characters";
    public override string Allowed => $"printable text of at most {longest} characters";

    protected override bool TryRead(string text, out string value)
    {
        value = text;
        return text.Length <= longest && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c));
    }

    protected override string Write(string value) => value;
}

/// <summary>A time in whole seconds: "90s", "15m", "12h", "7d", or several of them: "1d12h".</summary>
public sealed class DurationSetting(string name, string title, string description, TimeSpan defaultValue, TimeSpan minimum, TimeSpan maximum)
    : SettingDeclaration<TimeSpan>(name, SettingKind.Duration, title, description, defaultValue)
{
    public override string Minimum => Write(minimum);
    public override string Maximum => Write(maximum);
    public override string Allowed => $"a duration from {Minimum} to {Maximum}, such as 90s, 15m, 12h or 7d";

    protected override bool TryRead(string text, out TimeSpan value) => ValueText.TryDuration(text, out value) && value >= minimum && value <= maximum;

    protected override string Write(TimeSpan value) => ValueText.Of(value);
}

/// <summary>A number of bytes: "4096", "512MiB", "10GiB". Units are powers of 1,024.</summary>
public sealed class SizeSetting(string name, string title, string description, long defaultBytes, long minimumBytes, long maximumBytes)
    : SettingDeclaration<long>(name, SettingKind.Size, title, description, defaultBytes)
{
    public override string Minimum => Write(minimumBytes);
    public override string Maximum => Write(maximumBytes);
    public override string Allowed => $"a size from {Minimum} to {Maximum}, such as 512MiB or 10GiB";

    protected override bool TryRead(string text, out long value) => ValueText.TrySize(text, out value) && value >= minimumBytes && value <= maximumBytes;

    protected override string Write(long value) => ValueText.OfSize(value);
}

/// <summary>One of an enumeration's values, by its camelCase name.</summary>
public sealed class ChoiceSetting<T>(string name, string title, string description, T defaultValue)
    : SettingDeclaration<T>(name, SettingKind.Choice, title, description, defaultValue) where T : struct, Enum
{
    public override IReadOnlyList<string> Choices => [.. Enum.GetValues<T>().Select(Write)];
    public override string Allowed => "one of " + string.Join(", ", Choices);

    protected override bool TryRead(string text, out T value)
    {
        foreach (var known in Enum.GetValues<T>())
        {
            if (Write(known) == text)
            {
                value = known;
                return true;
            }
        }
        value = default;
        return false;
    }

    protected override string Write(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
