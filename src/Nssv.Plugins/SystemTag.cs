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

    /// <summary>Regular expression that the whole value must match; null: any text of up to 255 characters.</summary>
    public string? Pattern { get; init; }
}
