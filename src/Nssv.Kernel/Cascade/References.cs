using System.Text;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>
/// Finds what still refers to a row, from the declared references alone: asked before every deletion. Foreign keys refuse whatever slips in between.
/// Its parts (<see cref="OnDelete.Part"/>) are no hindrance themselves, but what refers to them is.
/// </summary>
/// <param name="cascades">Asked late: it is made from the turns, and they ask here.</param>
public sealed class References(ResourceModels models, IStore store, Lazy<CascadeCatalog> cascades)
{
    private const int Named = 3;
    private const int Depth = 3;

    /// <summary>Null when nothing refuses the deletion; else the problem, naming kinds and the first few of each.</summary>
    /// <param name="code">A more telling code than "in-use", where there is one.</param>
    public async ValueTask<Problem?> Hindrance<T>(T row, string code = "in-use") where T : Resource
    {
        var table = models.Table<T>();
        List<string> uses = [];
        List<string> kinds = [];
        var canCascade = true;
        foreach (var referring in Referring(table))
        {
            var rows = await Read(referring, row.Id);
            if (rows.Count == 0)
                continue;
            var count = rows.Count <= Named ? rows.Count : await Count(referring, row.Id);
            uses.Add(Describe(referring.From, rows, count));
            if (cascades.Value.ByPeople(referring.From))
                kinds.Add(referring.From.Singular);
            canCascade &= referring.Cascades;
        }

        return uses.Count == 0 ? null : new Problem(
            409, code, "Something still uses the resource.",
            $"{Title(table, row)} is used by {string.Join("; ", uses)}.",
            kinds.Count == 0
                ? canCascade ? "Delete all of it together with cascade=true; dryRun=true shows what that is." : "See what to do about it with dryRun=true."
                : $"Delete or detach each {Listed(kinds)} first, then delete the {table.Singular}. {(canCascade ? "Or delete all of it together with cascade=true; dryRun=true shows what that is." : "See all of it, and what to do about each, with dryRun=true.")}");
    }

    /// <exception cref="ProblemException">409 in-use.</exception>
    public async ValueTask MakeSureFree<T>(T row, string code = "in-use") where T : Resource
    {
        if (await Hindrance(row, code) is { } problem)
            throw problem.AsException();
    }

    /// <summary>Each table whose rows refuse the deletion, with the condition under which they do.</summary>
    private IEnumerable<(TableModel From, string Where, bool Cascades)> Referring(TableModel target)
    {
        List<(TableModel From, string Where, bool Cascades)> all = [];
        Collect(target, "= @p0", Depth, all);
        return all.GroupBy(r => r.From).Select(group => (group.Key, string.Join(" OR ", group.Select(r => r.Where)), group.All(r => r.Cascades)));
    }

    private void Collect(TableModel target, string which, int depth, List<(TableModel From, string Where, bool Cascades)> all)
    {
        foreach (var reference in models.ReferencesTo(target.Type))
        {
            var where = $"{Sql.Quote(reference.Column.Name)} {which}";
            if (reference.OnDelete != OnDelete.Part)
                all.Add((reference.From, where, reference.OnDelete != OnDelete.Refuse));
            else if (reference.From is { IsResource: true } from && depth > 0)
                Collect(from, $"IN (SELECT \"id\" FROM {Sql.Quote(from.Name)} WHERE {where})", depth - 1, all);
        }
    }

    private async ValueTask<IReadOnlyList<string>> Read((TableModel From, string Where, bool Cascades) referring, Id id)
    {
        var (from, where, _) = referring;
        var key = Sql.Quote(from.Key[0].Name);
        var (name, of) = NameOf(from, where);
        var sql = new StringBuilder("SELECT ").Append(key).Append(", ").Append(name).Append(" FROM ").Append(Sql.Quote(from.Name))
            .Append(" WHERE ").Append(where).Append(" ORDER BY ").Append(key).Append(" LIMIT ").Append(Named + 1);
        return await store.Select(sql.ToString(), [id], reader => reader.IsDBNull(1) ? reader.GetString(0) : $"{of}'{reader.GetString(1)}' ({reader.GetString(0)})");
    }

    /// <summary>What people know a row by: its name, or that of what it belongs to (a link by its other end).</summary>
    private static (string Sql, string Of) NameOf(TableModel from, string where)
    {
        if (from.TryColumn(nameof(NamedResource.Name), out var name))
            return (Sql.Quote(name.Name), "");
        foreach (var reference in from.References)
        {
            if (reference.Target.TryColumn(nameof(NamedResource.Name), out var other) && !where.Contains(Sql.Quote(reference.Column.Name), StringComparison.Ordinal))
            {
                return ($"(SELECT o.{Sql.Quote(other.Name)} FROM {Sql.Quote(reference.Target.Name)} o WHERE o.\"id\" = {Sql.Quote(from.Name)}.{Sql.Quote(reference.Column.Name)})",
                    $"of {reference.Target.Singular} ");
            }
        }

        return ("NULL", "");
    }

    private async ValueTask<long> Count((TableModel From, string Where, bool Cascades) referring, Id id) =>
        (await store.Select($"SELECT count(*) FROM {Sql.Quote(referring.From.Name)} WHERE {referring.Where}", [id], reader => reader.GetInt64(0)))[0];

    private static string Describe(TableModel from, IReadOnlyList<string> rows, long count)
    {
        var shown = string.Join(", ", rows.Take(Named));
        return count == 1 ? $"{from.Singular} {shown}" : count <= Named ? $"{count} {from.Singular}s: {shown}" : $"{count} {from.Singular}s: {shown} and {count - Named} more";
    }

    /// <summary>As people write a list: "a, b and c".</summary>
    private static string Listed(List<string> words) => words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} and {words[^1]}";

    private static string Title(TableModel table, Resource row) =>
        row is NamedResource named ? $"{table.Singular} '{named.Name}'" : $"{table.Singular} {row.Id}";
}
