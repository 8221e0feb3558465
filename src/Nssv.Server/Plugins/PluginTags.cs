using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;
using Nssv.Plugins;
using Nssv.Plugins.Runner;

namespace Nssv.Server.Plugins;

/// <summary>What plugins declare of tags, as the platform has them.</summary>
internal static class PluginTags
{
    private const int Longest = 255;

    /// <summary>A plugin whose declaration makes no sense, or is another's already, is refused, with the reason.</summary>
    /// <param name="known">Names of the platform's own tags.</param>
    public static IReadOnlyList<TagDeclaration> Declared(PluginSet plugins, ResourceModels models, IEnumerable<string> known)
    {
        HashSet<string> taken = [.. known];
        List<TagDeclaration> tags = [];
        foreach (var plugin in plugins.All.Where(plugin => plugin is { State: not PluginState.Refused, Description: not null }))
        {
            try
            {
                var declared = plugin.Description!.Extensions.Where(extension => extension.Type == Described.Tag).Select(tag => Declare(plugin.Name, tag, models)).ToList();
                if (declared.FirstOrDefault(tag => taken.Contains(tag.Name)) is { } other || (other = declared.GroupBy(tag => tag.Name).FirstOrDefault(group => group.Count() > 1)?.First()) is not null)
                    throw new ArgumentException($"there is another tag '{other.Name}'");
                taken.UnionWith(declared.Select(tag => tag.Name));
                tags.AddRange(declared);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                plugin.Refuse($"What it declares of tags cannot be used: {e.Message}.");
            }
        }

        return tags;
    }

    /// <summary>"until" of plugin "legal-hold": "legalHold.until".</summary>
    public static string NameOf(string plugin, string tag) => $"{Camel(plugin)}.{Camel(tag)}";

    /// <exception cref="ArgumentException">It makes no sense.</exception>
    public static TagDeclaration Declare(string plugin, Described tag, ResourceModels models)
    {
        var (name, title, description) = (NameOf(plugin, tag.Name), tag.Title ?? "", tag.Description ?? "");
        Type[] carriers = [.. tag.Kinds.Select(kind => Carrier(kind, models))];
        Fits(name, tag);
        TagDeclaration declared = tag.Value switch
        {
            TagValue.Text => new TextTag(name, title, description, Longest, tag.Pattern, carriers),
            TagValue.Integer => new IntegerTag(name, title, description, tag.Minimum!.Value, tag.Maximum!.Value, carriers),
            TagValue.Boolean => new BooleanTag(name, title, description, carriers),
            TagValue.Choice => new ListedTag(name, title, description, tag.Choices ?? [], carriers),
            TagValue.Size => new SizeTag(name, title, description, tag.Minimum!.Value, tag.Maximum!.Value, carriers),
            TagValue.Duration => new DurationTag(name, title, description, TimeSpan.FromSeconds(tag.Minimum!.Value), TimeSpan.FromSeconds(tag.Maximum!.Value), carriers),
            _ => throw new ArgumentException($"the tag {name}: there is no kind of value {tag.Value}"),
        };
        declared.Owner = $"plugin {plugin}";
        return declared;
    }

    /// <summary>Who says of a value what its kind does not have means something else than what would be made of it.</summary>
    private static void Fits(string name, Described tag)
    {
        var isNumber = tag.Value is TagValue.Integer or TagValue.Size or TagValue.Duration;
        if (tag.Pattern is not null && tag.Value != TagValue.Text)
            throw new ArgumentException($"the tag {name}: only text has a pattern");
        if (tag.Choices is { Count: > 0 } && tag.Value != TagValue.Choice)
            throw new ArgumentException($"the tag {name}: only a choice has choices");
        if (!isNumber && (tag.Minimum ?? tag.Maximum) is not null)
            throw new ArgumentException($"the tag {name}: only an integer, a size or a duration has a minimum and a maximum");
        if (isNumber && (tag.Minimum is null || tag.Maximum is null))
            throw new ArgumentException($"the tag {name} needs a minimum and a maximum");
    }

    private static Type Carrier(string kind, ResourceModels models) =>
        models.TrySingular(kind, out var table) && typeof(NamedResource).IsAssignableFrom(table.Type) ? table.Type : throw new ArgumentException($"'{kind}' is no kind that carries tags");

    private static string Camel(string name) => string.Concat(name.Split('-').Select((part, i) => i == 0 || part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
}
