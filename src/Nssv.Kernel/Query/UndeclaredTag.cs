using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Query;

/// <summary>A tag that a filter names and this build does not declare: mistyped, or of a plugin that is not here (any more).</summary>
/// <param name="Table">Whose tags are asked for.</param>
/// <param name="Position">Of its name in the filter.</param>
internal sealed record UndeclaredTag(TableModel Table, string Name, int Position)
{
    /// <summary>400, as a field's that there is not.</summary>
    public ProblemException Refusal(TagCatalog tags)
    {
        var known = tags.All.Where(tag => tag.Carriers.Any(type => type.IsAssignableFrom(Table.Type))).Select(tag => tag.Name).ToList();
        var detail = $"Position {Position}: there is no system tag '{Fields.Shown(Name)}'.";
        return known.Count > 0 ? Fields.Unknown("filter", detail, Name, known)
            : FilterProblems.At(Position, $"there is no system tag '{Fields.Shown(Name)}'.", $"There are none for {Table.One}; words of your own are labels: labels.key = \"value\".");
    }
}
