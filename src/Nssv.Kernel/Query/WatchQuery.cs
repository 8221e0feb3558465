using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Query;

/// <summary>Which rows of a table a watcher wants, and what of each: checked once, then asked about rows as they change.</summary>
public sealed class WatchQuery
{
    private readonly ResourceModels _models;
    private readonly TagCatalog _tags;
    private readonly FilterNode? _node;
    private readonly Selection? _selection;

    private WatchQuery(ResourceModels models, TagCatalog tags, TableModel table, ListQuery query, FilterNode? node, Selection? selection) =>
        (_models, _tags, Table, Query, _node, _selection) = (models, tags, table, query, node, selection);

    public TableModel Table { get; }

    /// <summary>Filter, fields and expand; nothing else of it counts.</summary>
    public ListQuery Query { get; }

    /// <summary>Whether a row meets the filter can be told from the row alone.</summary>
    public bool FiltersAlone => _node is null || FilterEvaluation.IsOwn(_node);

    /// <summary>What is shown of a row is in the row itself.</summary>
    public bool ShowsAlone => _selection is null or { Children.Count: 0 };

    /// <summary>Rows are shown as they are.</summary>
    public bool ShowsAll => _selection is null;

    /// <param name="now">What "now" in the filter means.</param>
    /// <exception cref="ProblemException">400, as a list's.</exception>
    public static WatchQuery Read(ResourceModels models, TagCatalog tags, TableModel table, ListQuery query, DateTimeOffset now) =>
        new(models, tags, table, query, FilterBinder.Read(models, tags, table, query.Filter, now), Selection.Of(models, table, query));

    /// <summary>The same at another moment; itself unless the filter speaks of now.</summary>
    public WatchQuery At(DateTimeOffset now) =>
        Query.Filter?.Contains("now", StringComparison.Ordinal) == true ? new(_models, _tags, Table, Query, FilterBinder.Read(_models, _tags, Table, Query.Filter, now), _selection) : this;

    /// <summary>Only where <see cref="FiltersAlone"/>.</summary>
    public bool Holds(object row) => _node is null || FilterEvaluation.Holds(_node, Table.Codec.Raw(row));

    /// <summary>What <see cref="ResourceView"/> writes of a row. Only where <see cref="ShowsAlone"/>.</summary>
    public object Shown(object row)
    {
        if (_selection is null)
            return row;
        var raw = Table.Codec.Raw(row);
        return new ProjectedRow(_selection, [.. _selection.Read.Select(column =>
            raw[column.Ordinal] is { } value && column.Kind == ColumnKind.Json ? Sql.Json(value, column.ClrType) : raw[column.Ordinal])]);
    }
}
