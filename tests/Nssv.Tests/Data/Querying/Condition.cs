using System.Text;
using System.Text.Json;
using Nssv.Kernel;

namespace Nssv.Tests.Data.Querying;

/// <summary>A generated query: what a person would write, and what it means, said as plainly as possible.</summary>
/// <param name="Text">In the grammar of filters; complete in itself beside AND.</param>
internal sealed record Condition(string Text, Func<World, Func<NamedRow, bool>, NamedRow, bool> Holds, bool IsOr = false, bool IsAnd = false)
{
    public string InParentheses => IsOr || IsAnd ? $"({Text})" : Text;
}

/// <summary>A row whose public fields are looked up by their names in the API.</summary>
internal sealed record NamedRow(Nssv.Kernel.Model.NamedResource Row)
{
    public object? this[string field] => Row.GetType().GetProperties().Single(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name) == field).GetValue(Row);
}

/// <summary>Makes conditions by chance: any depth of AND, OR, NOT and relations over every kind of field.</summary>
internal sealed class Conditions(Random chance, World world)
{
    private static readonly Dictionary<Type, string[]> Fields = new()
    {
        [typeof(Nssv.Tests.Data.Querying.Site)] = [],
        [typeof(Shelf)] = ["height", "parentShelfId"],
        [typeof(Device)] = ["state", "wantedState", "sizeBytes", "leaseSeconds", "load", "enabled", "seenAt", "shelfId"],
        [typeof(DevicePart)] = ["slot"],
    };

    public Condition Make(Type type, int depth) => chance.Next(depth <= 0 ? 4 : 8) switch
    {
        4 => Joined(type, depth, isOr: false),
        5 => Joined(type, depth, isOr: true),
        6 => Negated(Make(type, depth - 1)),
        7 => Related(type, depth),
        _ => Leaf(type),
    };

    private Condition Joined(Type type, int depth, bool isOr)
    {
        List<Condition> parts = [.. Enumerable.Range(0, chance.Next(2, 4)).Select(_ => Make(type, depth - 1))];
        return isOr
            ? new(string.Join(" OR ", parts.Select(part => part.InParentheses)), (world, sees, row) => parts.Exists(part => part.Holds(world, sees, row)), IsOr: true)
            // What OR joins needs no parentheses inside of AND.
            : new(string.Join(chance.Next(2) == 0 ? " AND " : " ", parts.Select(part => part.IsOr && chance.Next(2) == 0 ? part.Text : part.InParentheses)), (world, sees, row) => parts.TrueForAll(part => part.Holds(world, sees, row)), IsAnd: true);
    }

    private Condition Negated(Condition part) => new((chance.Next(2) == 0 ? "NOT " : "-") + part.InParentheses, (world, sees, row) => !part.Holds(world, sees, row));

    /// <summary>Over one relation; its inner condition may go over the next.</summary>
    private Condition Related(Type type, int depth)
    {
        List<(string Name, Type Type, Func<NamedRow, NamedRow, bool> Links)> ways =
        [
            .. World.Relations.Where(relation => relation.From == type).Select(relation => (relation.Name, relation.To, (Func<NamedRow, NamedRow, bool>)((from, to) => relation.Reference(from.Row) == to.Row.Id))),
            .. World.Relations.Where(relation => relation.To == type).Select(relation => (relation.Back, relation.From, (Func<NamedRow, NamedRow, bool>)((from, to) => relation.Reference(to.Row) == from.Row.Id))),
        ];
        var (name, target, links) = ways[chance.Next(ways.Count)];
        var kind = chance.Next(5);
        var inner = kind switch { 0 => new Condition("", (_, _, _) => true), 1 => Make(target, depth - 1), _ => chance.Next(2) == 0 && depth > 1 ? Related(target, depth - 1) : Leaf(target) };
        // A parenthesis takes any condition; a dot only one that begins with a field.
        var text = kind == 0 ? $"{name}:*" : kind == 1 ? $"{name}:({inner.Text})" : $"{name}.{inner.Text}";
        var holds = bool (World world, Func<NamedRow, bool> sees, NamedRow row) =>
            world.Rows[target].Select(other => new NamedRow(other)).Any(other => sees(other) && links(row, other) && inner.Holds(world, sees, other));
        if (kind == 0 && chance.Next(3) == 0)
            return new($"{name} = null", (world, sees, row) => !holds(world, sees, row));
        return new(text, (world, sees, row) => holds(world, sees, row));
    }

    private Condition Leaf(Type type)
    {
        string[] fields = ["name", "name", "description", "labels", "labels", "tags", "tags", "createdAt", "id", .. Fields[type]];
        var field = fields[chance.Next(fields.Length)];
        if (field == "labels")
            return Labels();
        if (field == "tags")
            return Tags();
        var pick = new NamedRow(world.Rows[type][chance.Next(world.Rows[type].Count)]);
        return Leaf(field, row => row[field], pick[field], field);
    }

    private Condition Labels()
    {
        var key = World.LabelKeys[chance.Next(World.LabelKeys.Length)];
        var written = key.Any(c => !char.IsLetterOrDigit(c) && c is not ('.' or '/')) ? Quote(key) : key;
        Func<NamedRow, object?> value = row => row.Row.Labels.GetValueOrDefault(key);
        return chance.Next(6) switch
        {
            0 => new("labels:*", (_, _, row) => row.Row.Labels.Count > 0),
            1 => new($"labels:{written}", (_, _, row) => value(row) is not null),
            _ => Leaf($"labels.{written}", value, World.Names[chance.Next(World.Names.Length)], "label"),
        };
    }

    private Condition Tags()
    {
        var (name, values) = World.TagValues.ElementAt(chance.Next(World.TagValues.Count));
        var path = $"tags.{name}";
        Func<NamedRow, string?> text = row => row.Row.Tags.GetValueOrDefault(name);
        if (name is "sample.code" or "gone.level")
            return Leaf(path, text, values[chance.Next(values.Length)].Text, "tag");
        // What says no number meets no comparison, but it is there.
        Func<NamedRow, object?> number = row => values.FirstOrDefault(value => value.Text == text(row)).Number;
        List<long> known = [.. values.Select(value => value.Number).OfType<long>().Distinct()];
        var sample = known[chance.Next(known.Count)] + (chance.Next(4) == 0 ? 1 : 0);
        return chance.Next(8) switch
        {
            0 => new($"{path} = null", (_, _, row) => text(row) is null),
            1 => new(chance.Next(2) == 0 ? $"{path} != null" : chance.Next(2) == 0 ? $"{path}:*" : $"{path} = *", (_, _, row) => text(row) is not null),
            _ => Compared(path, number, sample, known[chance.Next(known.Count)], name),
        };
    }

    private Condition Leaf(string path, Func<NamedRow, object?> value, object? sample, string field)
    {
        switch (chance.Next(8))
        {
            case 0:
                return new($"{path} = null", (_, _, row) => value(row) is null);
            case 1:
                return chance.Next(2) == 0 ? new($"{path} != null", (_, _, row) => value(row) is not null) : new($"{path}:*", (_, _, row) => value(row) is not null);
        }
        if (sample is null)
            return new($"{path} = null", (_, _, row) => value(row) is null);
        if (sample is string text && chance.Next(2) == 0)
            return chance.Next(2) == 0 ? Wildcards(path, value, text) : Contains(path, value, text);
        return Compared(path, value, sample, Other(sample), field);
    }

    private Condition Compared(string path, Func<NamedRow, object?> value, object sample, object another, string field)
    {
        if (chance.Next(4) == 0)
        {
            var values = new[] { sample, another };
            return new($"{path} IN ({string.Join(", ", values.Select(item => Write(item, field)))})", (_, _, row) => value(row) is { } found && values.Any(item => Compare(found, item) == 0));
        }
        string[] signs = sample is bool or Enum ? ["=", "!=", ":"] : sample is string ? ["=", "!=", "<", "<=", ">", ">="] : ["=", "!=", "<", "<=", ">", ">=", ":"];
        var sign = signs[chance.Next(signs.Length)];
        return new($"{path} {sign} {Write(sample, field)}", (_, _, row) => sign == "!="
            ? value(row) is not { } other || Compare(other, sample) != 0
            : value(row) is { } found && Compare(found, sample) is var order && sign switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, ">=" => order >= 0, _ => order == 0 });
    }

    private Condition Wildcards(string path, Func<NamedRow, object?> value, string text)
    {
        var runes = text.EnumerateRunes().Select(rune => rune.ToString()).ToList();
        var (from, to) = (chance.Next(runes.Count + 1), chance.Next(runes.Count + 1));
        var (first, last) = (string.Concat(runes.Take(Math.Min(from, to))), string.Concat(runes.Skip(Math.Max(from, to))));
        var isNot = chance.Next(3) == 0;
        return new($"{path} {(isNot ? "!=" : "=")} \"{Escape(first)}*{Escape(last)}\"", (_, _, row) => isNot != (value(row) is string found
            && found.Length >= first.Length + last.Length && found.StartsWith(first, StringComparison.Ordinal) && found.EndsWith(last, StringComparison.Ordinal)));
    }

    private Condition Contains(string path, Func<NamedRow, object?> value, string text)
    {
        var runes = text.EnumerateRunes().Select(rune => rune.ToString()).ToList();
        var part = string.Concat(runes.Skip(chance.Next(runes.Count + 1)).Take(2));
        if (chance.Next(2) == 0)
            part = Lower(part).Replace('w', 'W');
        return new($"{path} : {Quote(part)}", (_, _, row) => value(row) is string found && Lower(found).Contains(Lower(part), StringComparison.Ordinal));
    }

    private object Other(object sample) => sample switch
    {
        string => World.Names[chance.Next(World.Names.Length)],
        long => (long)chance.Next(4) << 30,
        int => chance.Next(4),
        double => chance.Next(4) / 2.0,
        bool => chance.Next(2) == 0,
        DeviceState => (DeviceState)chance.Next(3),
        DateTimeOffset => Sample.Start.AddMinutes(chance.Next(4)),
        Id => world.Rows[typeof(Shelf)][0].Id,
        _ => throw new InvalidOperationException($"{sample}"),
    };

    /// <summary>As the platform compares: texts by their bytes in UTF-8.</summary>
    public static int Compare(object a, object b) => (a, b) switch
    {
        (string x, string y) => Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y)),
        (Enum x, Enum y) => string.CompareOrdinal(JsonNamingPolicy.CamelCase.ConvertName(x.ToString()), JsonNamingPolicy.CamelCase.ConvertName(y.ToString())),
        (Id x, Id y) => string.CompareOrdinal(x.ToString(), y.ToString()),
        (int x, int y) => x.CompareTo(y),
        _ => Comparer<object>.Default.Compare(a, b),
    };

    private string Write(object value, string field) => value switch
    {
        string text => text.Length > 0 && text.All(char.IsAsciiLetterOrDigit) && chance.Next(2) == 0 ? text : Quote(text),
        long bytes when field == "sizeBytes" => chance.Next(2) == 0 && bytes % (1 << 30) == 0 ? $"{bytes >> 30}GiB" : $"{bytes}",
        long seconds when field == "leaseSeconds" => chance.Next(2) == 0 && seconds % 60 == 0 ? $"{seconds / 60}m" : $"{seconds}",
        long number when field == "sample.rank" => chance.Next(3) switch { 0 => $"{number}.0", 1 => $"\"{number}\"", _ => $"{number}" },
        long bytes when field == "sample.quota" => chance.Next(3) switch { 0 when bytes % (1 << 20) == 0 => $"{bytes >> 20}MiB", 1 when bytes % (1 << 29) == 0 => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30)}GiB"), _ => $"{bytes}" },
        long seconds when field == "sample.keep" => chance.Next(3) switch { 0 when seconds % 60 == 0 => $"{seconds / 60}m", 1 => $"{seconds / 60}m{seconds % 60}s", _ => $"{seconds}" },
        double number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        Enum state => JsonNamingPolicy.CamelCase.ConvertName(state.ToString()),
        DateTimeOffset time => KernelJson.Text(time),
        _ => value.ToString()!,
    };

    private static string Lower(string text) => string.Concat(text.Select(c => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : c));

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);

    private static string Quote(string text) => $"\"{Escape(text)}\"";
}
