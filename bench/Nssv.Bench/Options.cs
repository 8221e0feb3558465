namespace Nssv.Bench;

/// <summary>What to measure, and how long.</summary>
/// <param name="Only">Names, or beginnings of names, of groups; empty: all.</param>
/// <param name="Rounds">Machines created on each side of a comparison.</param>
internal sealed record Options(IReadOnlyList<string> Only, string? Json, bool Quick, int Rounds)
{
    public const string Usage = """
        Usage: nssv bench [--only GROUP]... [--json FILE] [--quick] [--rounds N]

        Groups: sqlite, postgresql (accepts, reads and flows on that database), create, power-off, idle.
        --quick measures shorter and repeats less; --rounds is how many machines are created on each side (10).
        """;

    public bool Wants(string group) => Only.Count == 0 || Only.Contains(group);

    /// <summary>Seconds of one measurement under load.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(Quick ? 3 : 8);

    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 1.5 : 3);

    /// <exception cref="ArgumentException">The arguments make no sense.</exception>
    public static Options Parse(string[] arguments)
    {
        List<string> only = [];
        string? json = null;
        var quick = false;
        int? rounds = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    quick = true;
                    break;
                case "--only" when Groups.Contains(Value()):
                    only.Add(arguments[++i]);
                    break;
                case "--json":
                    json = Value();
                    i++;
                    break;
                case "--rounds" when int.TryParse(Value(), out var number) && number is > 0 and <= 100:
                    rounds = number;
                    i++;
                    break;
                default:
                    throw new ArgumentException($"'{string.Join(' ', arguments.Skip(i))}' is not understood.");
            }

            string Value() => i + 1 < arguments.Length ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value.");
        }
        return new(only, json, quick, rounds ?? (quick ? 3 : 10));
    }

    private static readonly string[] Groups = ["sqlite", "postgresql", "create", "power-off", "idle"];
}
