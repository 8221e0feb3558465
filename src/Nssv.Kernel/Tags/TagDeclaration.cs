using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Tags;

/// <summary>What a system tag's value is. It is stored as text in one canonical form, such as "7", "true", "12h", "10GiB" or an id.</summary>
public enum TagKind { Text, Integer, Boolean, Choice, Size, Duration, Reference }

/// <summary>
/// A tag with a meaning, declared once by whose behaviour it is: a static property of a class with <see cref="TagGroupAttribute"/>. Never a secret: its value is in
/// answers, events and the audit.
/// </summary>
public abstract class TagDeclaration
{
    protected TagDeclaration(string name, TagKind kind, string title, string description, IReadOnlyList<Type> carriers)
    {
        if (name.Split('.') is not { Length: > 1 } parts || !parts.All(part => part.Length > 0 && char.IsAsciiLetterLower(part[0]) && part.All(char.IsAsciiLetterOrDigit)))
            throw new ArgumentException($"'{name}' is no name of a tag: area.camelCase", nameof(name));
        if (title.Length == 0 || description.Length == 0)
            throw new ArgumentException($"the tag {name} needs a title and a description", nameof(name));
        if (carriers.Count == 0 || !carriers.All(typeof(NamedResource).IsAssignableFrom))
            throw new ArgumentException($"the tag {name} needs the kinds of named resources that carry it", nameof(name));
        (Name, Kind, Title, Description, Carriers, Id) = (name, kind, title, description, carriers, Id.OfName($"tag/{name}"));
    }

    /// <summary>"area.camelCase"; unique, and for ever.</summary>
    public string Name { get; }

    /// <summary>Of its row: made from the name, so that it is the same on every node and platform.</summary>
    public Id Id { get; }

    public TagKind Kind { get; }

    /// <summary>Filters compare its values as numbers: bytes, seconds, or what it counts.</summary>
    public bool IsNumber => Kind is TagKind.Integer or TagKind.Size or TagKind.Duration;

    /// <summary>A few words.</summary>
    public string Title { get; }

    /// <summary>What it does, and from when on.</summary>
    public string Description { get; }

    /// <summary>Kinds of resources that may have it.</summary>
    public IReadOnlyList<Type> Carriers { get; }

    /// <summary>Assembly or plugin that declares it.</summary>
    public string Owner { get; set; } = "";

    /// <summary>What may be chosen from; empty unless it is a choice.</summary>
    public virtual IReadOnlyList<string> Choices => [];

    /// <summary>The kind of resource that it refers to, if it does.</summary>
    public virtual Type? RefersTo => null;

    /// <summary>What is allowed, in words that follow "must be".</summary>
    public abstract string Allowed { get; }

    /// <summary>The value's one text; null when it is not allowed.</summary>
    public abstract string? Canonical(string text);

    /// <summary>Whether what an allowed value refers to is there.</summary>
    internal virtual ValueTask<bool> IsThere(IStore store, string value) => ValueTask.FromResult(true);
}

/// <summary>A tag whose value is a <typeparamref name="T"/> to its owner.</summary>
public abstract class TagDeclaration<T>(string name, TagKind kind, string title, string description, IReadOnlyList<Type> carriers)
    : TagDeclaration(name, kind, title, description, carriers) where T : notnull
{
    /// <summary>The value on a resource; false when it has no such tag, or one that this build does not allow: then nobody has set it.</summary>
    public bool TryGet(NamedResource resource, out T value)
    {
        value = default!;
        return resource.Tags.TryGetValue(Name, out var text) && TryRead(text, out value);
    }

    /// <summary>The same of tags that are not on a resource yet.</summary>
    public bool TryGet(IReadOnlyDictionary<string, string>? tags, out T value)
    {
        value = default!;
        return tags is not null && tags.TryGetValue(Name, out var text) && TryRead(text, out value);
    }

    /// <summary>Reads a text; false when it is none of a <typeparamref name="T"/>, or out of range.</summary>
    protected abstract bool TryRead(string text, out T value);

    /// <summary>The one text of a value; is read back as the same.</summary>
    protected abstract string Write(T value);

    public sealed override string? Canonical(string text) => TryRead(text, out var value) ? Write(value) : null;
}

/// <summary>The static properties of this class that are <see cref="TagDeclaration"/>s are system tags; found by themselves, as settings are.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class TagGroupAttribute : Attribute;
