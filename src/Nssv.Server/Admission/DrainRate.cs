namespace Nssv.Server.Admission;

/// <summary>How fast something gets done, from a count that only grows, over the last seconds.</summary>
internal sealed class DrainRate
{
    /// <summary>What is asked for when nothing has been measured yet.</summary>
    private const int Unknown = 2;
    private const int Longest = 60;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10), Step = TimeSpan.FromSeconds(1);

    private readonly Queue<(TimeSpan At, long Total)> _samples = new();
    private (TimeSpan At, long Total)? _last;

    /// <param name="total">Done so far.</param>
    /// <param name="now">On a clock that only goes forward.</param>
    public void Sample(long total, TimeSpan now)
    {
        if (_last is { } last && now - last.At < Step)
            return;
        _last = (now, total);
        _samples.Enqueue((now, total));
        while (_samples.TryPeek(out var oldest) && now - oldest.At > Window)
            _samples.Dequeue();
    }

    /// <summary>Whole seconds after which <paramref name="surplus"/> will have drained, 1 to 60.</summary>
    public int SecondsFor(double surplus, long total, TimeSpan now)
    {
        while (_samples.TryPeek(out var old) && now - old.At > Window)
            _samples.Dequeue();
        if (!_samples.TryPeek(out var oldest) || now - oldest.At < Step)
            return Unknown;
        var perSecond = (total - oldest.Total) / (now - oldest.At).TotalSeconds;
        return perSecond <= 0 ? Longest : (int)Math.Clamp(Math.Ceiling(surplus / perSecond), 1, Longest);
    }
}
