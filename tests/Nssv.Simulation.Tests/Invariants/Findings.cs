namespace Nssv.Simulation.Tests.Invariants;

/// <summary>Which invariants (design, 7) a run broke, and how.</summary>
internal sealed class Findings
{
    private readonly List<(string Invariant, string What)> _all = [];

    public IReadOnlyList<(string Invariant, string What)> All => _all;

    public void Add(string invariant, string what) => _all.Add((invariant, what));

    public void AddAll(string invariant, IEnumerable<string> what) => _all.AddRange(what.Select(w => (invariant, w)));

    public void Expect(bool holds, string invariant, string what)
    {
        if (!holds)
            Add(invariant, what);
    }
}

/// <summary>Short names of the invariants that a simulation can break.</summary>
internal static class Invariant
{
    public const string Claims = "1 claims one at a time, in order";
    public const string Turns = "1 turns one at a time";
    public const string Ended = "2 every accepted operation ends";
    public const string NothingLeft = "2 nothing is left of what failed";
    public const string Once = "2 an effect happens once";
    public const string Superseded = "3 what is superseded changes nothing";
    public const string RunsTwice = "4 a machine never runs twice";
    public const string Acknowledged = "7 what was acknowledged is there";
    public const string Truth = "7 the rows say what is on the hosts";
    public const string Events = "8 events are dense and tell the truth";
    public const string Audit = "the audit has each mutation once";
    public const string World = "the rules of the simulation";
}
