using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Query;

namespace Nssv.Kernel.Tags;

/// <summary>
/// What may be set: a tag that is declared, on a kind that carries it, with a value that its declaration allows. What is not changed is not looked at, so a tag whose
/// plugin has gone stays where it is; taking one away is always allowed.
/// </summary>
public sealed class TagRules(TagCatalog catalog, ResourceModels models)
{
    /// <summary>The tags as they are stored: each value in its one form.</summary>
    /// <exception cref="ProblemException">400, with the tag as the field.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> Stored(
        Type carrier, IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> wanted, IStore store)
    {
        var stored = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in wanted)
            stored.Add(name, before.TryGetValue(name, out var was) && was == value ? value : await Canonical(carrier, name, value, store));
        return stored;
    }

    private async ValueTask<string> Canonical(Type carrier, string name, string value, IStore store)
    {
        var kind = models.Table(carrier);
        var declaration = catalog.Find(name) ?? throw Unknown(name, kind, "tag-unknown", $"There is no system tag '{Fields.Shown(name)}'.").AsException();
        if (!declaration.Carriers.Any(type => type.IsAssignableFrom(carrier)))
            throw Unknown(name, kind, "tag-not-carried", $"'{name}' is not for {kind.One}: it is for {string.Join(", ", declaration.Carriers.Select(PublicName))}.").AsException();
        var canonical = (value is null ? null : declaration.Canonical(value))
            ?? throw Problems.Invalid($"tags.{name}", $"'{Fields.Shown(value ?? "null")}' is no value of '{name}', which is {declaration.Allowed}.", $"Give {declaration.Allowed}.", "tag-value").AsException();
        return await declaration.IsThere(store, canonical) ? canonical
            : throw Problems.Invalid($"tags.{name}", $"There is no {models.Table(declaration.RefersTo!).Singular} '{canonical}'.", code: "reference-not-found").AsException();
    }

    private Problem Unknown(string name, TableModel kind, string code, string detail)
    {
        List<string> known = [.. catalog.All.Where(tag => tag.Carriers.Any(type => type.IsAssignableFrom(kind.Type))).Select(tag => tag.Name)];
        var nearest = Fields.Nearest(name, known);
        return Problems.Invalid($"tags.{Fields.Shown(name)}", detail, known.Count == 0
            ? $"There are no system tags for {kind.One}; use labels for words of your own."
            : $"{Fields.Meant(name, nearest)}System tags of {kind.One}: {string.Join(", ", known)}. For words of your own there are labels.", code) with
        { Candidates = nearest };
    }

    private string PublicName(Type type) => models.Table(type).PublicName;
}
