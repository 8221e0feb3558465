using System.Text.Json;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;
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
                var declared = plugin.Description!.Extensions.Where(extension => extension.Type == Described.Tag).Select(tag => Declare(plugin, tag, models)).ToList();
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

    private static TextTag Declare(HostedPlugin plugin, Described tag, ResourceModels models) =>
        new(NameOf(plugin.Name, tag.Name), tag.Title ?? "", tag.Description ?? "", Longest, tag.Pattern, [.. tag.Kinds.Select(kind => Carrier(kind, models))]) { Owner = $"plugin {plugin.Name}" };

    private static Type Carrier(string kind, ResourceModels models) =>
        models.TrySingular(kind, out var table) && typeof(NamedResource).IsAssignableFrom(table.Type) ? table.Type : throw new ArgumentException($"'{kind}' is no kind that carries tags");

    private static string Camel(string name) => string.Concat(name.Split('-').Select((part, i) => i == 0 || part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
}
