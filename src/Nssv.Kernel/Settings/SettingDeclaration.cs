namespace Nssv.Kernel.Settings;

/// <summary>What a setting's value is. It travels as text in one canonical form, such as "7", "true", "12h" or "10GiB".</summary>
public enum SettingKind { Integer, Boolean, Text, Duration, Size, Choice }

/// <summary>
/// Something about the platform that a person may change while it runs, declared once by whose behaviour it is: a static property of a class with
/// <see cref="SettingGroupAttribute"/>. Never a secret: its value is in answers, events and the audit.
/// </summary>
public abstract class SettingDeclaration
{
    protected SettingDeclaration(string name, SettingKind kind, string title, string description)
    {
        if (name.Split('.') is not { Length: > 1 } parts || !parts.All(part => part.Length > 0 && char.IsAsciiLetterLower(part[0]) && part.All(char.IsAsciiLetterOrDigit)))
            throw new ArgumentException($"'{name}' is no name of a setting: area.camelCase", nameof(name));
        if (title.Length == 0 || description.Length == 0)
            throw new ArgumentException($"the setting {name} needs a title and a description", nameof(name));
        (Name, Kind, Title, Description, Id) = (name, kind, title, description, Id.OfName($"setting/{name}"));
    }

    /// <summary>"area.camelCase"; unique, and for ever.</summary>
    public string Name { get; }

    /// <summary>Of its row: made from the name, so that it is the same on every node and platform.</summary>
    public Id Id { get; }

    public SettingKind Kind { get; }

    /// <summary>A few words.</summary>
    public string Title { get; }

    /// <summary>What it does, and what becomes of what is there when it is changed.</summary>
    public string Description { get; }

    /// <summary>Of a number: "days"; null where the value tells it.</summary>
    public string? Unit { get; init; }

    /// <summary>The least that is allowed, as text; null: there is none.</summary>
    public virtual string? Minimum => null;

    /// <summary>The most that is allowed, as text; null: there is none.</summary>
    public virtual string? Maximum => null;

    /// <summary>What may be chosen from; empty unless it is a choice.</summary>
    public virtual IReadOnlyList<string> Choices => [];

    /// <summary>What is allowed, in words that follow "must be".</summary>
    public abstract string Allowed { get; }

    public abstract string DefaultText { get; }

    /// <summary>The value's one text; null when it is not allowed.</summary>
    public abstract string? Canonical(string text);

    /// <summary>The value as its owner wants it; null when the text is not allowed.</summary>
    internal abstract object? ValueOf(string text);

    internal abstract object DefaultValue { get; }
}

/// <summary>A setting whose value is a <typeparamref name="T"/> to its owner.</summary>
public abstract class SettingDeclaration<T>(string name, SettingKind kind, string title, string description, T defaultValue)
    : SettingDeclaration(name, kind, title, description) where T : notnull
{
    public T Default { get; } = defaultValue;

    public sealed override string DefaultText => Write(Default);

    /// <summary>Reads a text; false when it is none of a <typeparamref name="T"/>, or out of range.</summary>
    protected abstract bool TryRead(string text, out T value);

    /// <summary>The one text of a value; is read back as the same.</summary>
    protected abstract string Write(T value);

    public sealed override string? Canonical(string text) => TryRead(text, out var value) ? Write(value) : null;

    internal sealed override object? ValueOf(string text) => TryRead(text, out var value) ? value : null;

    internal sealed override object DefaultValue => Default;
}

/// <summary>The static properties of this class that are <see cref="SettingDeclaration"/>s are settings of the platform; found by themselves, as turns and steps are.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SettingGroupAttribute : Attribute;
