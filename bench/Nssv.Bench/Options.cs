namespace Nssv.Bench;

/// <summary>What to measure, and how long.</summary>
/// <param name="Only">Names of databases and of measurements; none of a kind: all of it.</param>
/// <param name="Rounds">Machines created on each side of a comparison.</param>
/// <param name="Hosts">Simulated hosts for the heartbeats.</param>
internal sealed record Options(IReadOnlyList<string> Only, string? Json, bool Quick, int Rounds, int? Seconds, int? Hosts)
{
    public const string Usage = """
        Usage: nssv bench [--only NAME]... [--json FILE] [--quick] [--rounds N] [--seconds N] [--hosts N]

        Names of measurements: create, power-off, idle (a whole platform), flows, reads, accepts (a manager under load),
        queries (lists, counts and labels of 300,000 machines),
        fleet (machines made on simulated hosts of a second process, over mutual TLS, at 0, 50,000 and 100,000 machines), heartbeats
        (5,000 such hosts), start (a manager's start with 300,000 machines and 1,000 unfinished operations), in-flight (as
        many operations at once as are accepted), managers (two of them on PostgreSQL: take-over,
        forwarded calls), cascade (the plan for a data center with 10,000 machines), watchers (100 of them while machines are
        created), audit (its chain of 1,000,000 entries verified).
        Names of databases for the latter: sqlite, postgresql.
        --quick measures shorter and repeats less; --rounds is how many machines are created on each side (10), --seconds how
        long each measurement under load takes (8), --hosts how many hosts send heartbeats.
        """;

    public bool Wants(string name) => !Only.Intersect(Databases.Contains(name) ? Databases : Measurements).Any() || Only.Contains(name);

    /// <summary>Whether any of these measurements is wanted.</summary>
    public bool WantsAny(params string[] measurements) => measurements.Any(Wants) && !(Only.Count > 0 && Only.All(Databases.Contains) && measurements.Contains("create"));

    /// <summary>Seconds of one measurement under load.</summary>
    public TimeSpan Window => TimeSpan.FromSeconds(Seconds ?? (Quick ? 3 : 8));

    /// <exception cref="ArgumentException">The arguments make no sense.</exception>
    public static Options Parse(string[] arguments)
    {
        List<string> only = [];
        string? json = null;
        var quick = false;
        int? rounds = null, seconds = null, hosts = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    quick = true;
                    break;
                case "--only" when Databases.Contains(Value()) || Measurements.Contains(Value()):
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
                case "--seconds" when int.TryParse(Value(), out var number) && number is > 0 and <= 300:
                    seconds = number;
                    i++;
                    break;
                case "--hosts" when int.TryParse(Value(), out var number) && number is > 0 and <= 9_000:
                    hosts = number;
                    i++;
                    break;
                default:
                    throw new ArgumentException($"'{string.Join(' ', arguments.Skip(i))}' is not understood.");
            }

            string Value() => i + 1 < arguments.Length ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value.");
        }
        return new(only, json, quick, rounds ?? (quick ? 3 : 10), seconds, hosts);
    }

    private static readonly string[] Databases = ["sqlite", "postgresql"];
    private static readonly string[] Measurements = ["create", "power-off", "idle", "flows", "reads", "accepts", "queries", "fleet", "heartbeats", "start", "in-flight", "managers", "cascade", "watchers", "audit"];
}
