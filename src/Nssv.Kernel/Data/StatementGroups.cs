namespace Nssv.Kernel.Data;

/// <summary>Statements that are sent as one: new rows of one table, the same change of several rows, the same check of several units, or a single statement.</summary>
internal sealed class StatementGroup(int position, Statement first)
{
    /// <summary>Place in the order of sending.</summary>
    public int Position { get; } = position;

    public Statement First { get; } = first;
    public List<(CompiledUnit Unit, int Statement)> Members { get; } = [];
}

/// <summary>
/// Brings a batch's statements together so that there are few of them. New rows, changes of one row and checks move, and only forward, past statements whose
/// outcome they cannot change: new rows and checks never past one of their own table, changes never past one of their own row, and none past a new row that it
/// may refer to or past hand-written SQL. If something fails, the batch is rolled
/// back and its units run one by one, so who failed is told there.
/// </summary>
internal static class StatementGroups
{
    public static List<StatementGroup> Of(IReadOnlyList<CompiledUnit> units)
    {
        List<StatementGroup> groups = [];
        Dictionary<string, StatementGroup> rows = new(StringComparer.Ordinal);
        Dictionary<string, List<StatementGroup>> checks = new(StringComparer.Ordinal);
        Dictionary<string, int> lastRows = new(StringComparer.Ordinal);
        Dictionary<string, Dictionary<string, StatementGroup>> changes = new(StringComparer.Ordinal);
        Dictionary<(string Table, string Key), int> touched = [];
        foreach (var unit in units)
        {
            for (var i = 0; i < unit.Statements.Count; i++)
            {
                var group = GroupFor(unit.Statements[i]);
                group.Members.Add((unit, i));
                touched[(unit.Statements[i].Table, unit.Statements[i].Key)] = group.Position;
            }
        }
        return groups;

        StatementGroup GroupFor(in Statement statement)
        {
            var table = statement.Table;
            switch (statement.Reach)
            {
                case Reach.Insert:
                    checks.Remove(table);
                    if (rows.TryGetValue(table, out var open) && !RefersBehind(statement, open))
                        return open;
                    lastRows[table] = groups.Count;
                    return rows[table] = Open(statement);
                case Reach.Check:
                    if (checks.TryGetValue(table, out var same) && same.Find(Same(statement)) is { } earlier)
                        return earlier;
                    rows.Remove(table);
                    if (same is null)
                        checks[table] = same = [];
                    same.Add(Open(statement));
                    return same[^1];
                case Reach.Row:
                    if (!changes.TryGetValue(table, out var texts))
                        changes[table] = texts = new(StringComparer.Ordinal);
                    if (texts.TryGetValue(statement.Sql, out var alike) && MayMove(statement, alike))
                        return alike;
                    rows.Remove(table);
                    checks.Remove(table);
                    return texts[statement.Sql] = Open(statement);
                case Reach.Table:
                    rows.Remove(table);
                    checks.Remove(table);
                    changes.Remove(table);
                    return Open(statement);
                default:
                    rows.Clear();
                    checks.Clear();
                    changes.Clear();
                    return Open(statement);
            }
        }

        bool MayMove(in Statement statement, StatementGroup alike)
        {
            if (touched.TryGetValue((statement.Table, statement.Key), out var last) && last >= alike.Position)
                return false;
            foreach (var reference in statement.Change!.Table.References)
            {
                if (statement.Change.Columns.Contains(reference.Column) && lastRows.TryGetValue(reference.Target.Name, out var row) && row > alike.Position)
                    return false;
            }
            return true;
        }

        bool RefersBehind(in Statement statement, StatementGroup open)
        {
            foreach (var reference in statement.Model!.References)
            {
                if (lastRows.TryGetValue(reference.Target.Name, out var last) && last > open.Position)
                    return true;
            }
            return false;
        }

        StatementGroup Open(in Statement statement)
        {
            var group = new StatementGroup(groups.Count, statement);
            groups.Add(group);
            return group;
        }
    }

    private static Predicate<StatementGroup> Same(Statement statement) =>
        group => group.First.Sql == statement.Sql && group.First.Values.AsSpan().SequenceEqual(statement.Values);
}
