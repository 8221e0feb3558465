using System.Globalization;

namespace Nssv.Simulation.Tests.World;

/// <summary>What happened, in order: a hash over all of it, the last lines, and everything on the console when asked.</summary>
internal sealed class Trace(bool verbose)
{
    private const int Kept = 60;
    private readonly Queue<string> _last = new();
    private ulong _hash = 14695981039346656037;

    public long Lines { get; private set; }

    public string Hash => _hash.ToString("x16", CultureInfo.InvariantCulture);

    public IEnumerable<string> Last => _last;

    public bool Verbose { get; } = verbose;

    public void Add(TimeSpan now, string who, string what)
    {
        Lines++;
        Mix((ulong)now.Ticks);
        Mix(who);
        Mix(what);
        var line = $"{now.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture),9} {who,-10} {what}";
        _last.Enqueue(line);
        if (_last.Count > Kept)
            _last.Dequeue();
        if (Verbose)
            Console.WriteLine(line);
    }

    /// <summary>Counts in the hash alone: too small to be told.</summary>
    public void Mix(ulong value) => _hash = (_hash ^ value) * 1099511628211;

    public void Mix(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
            Mix(b);
    }

    private void Mix(string text)
    {
        foreach (var c in text)
            Mix(c);
    }
}
