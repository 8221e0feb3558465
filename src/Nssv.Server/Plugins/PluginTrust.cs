namespace Nssv.Server.Plugins;

/// <summary>Whether a plugin is asked at present. Pure: failures and times in, a verdict out.</summary>
/// <param name="InARow">Failures since the last call that went well.</param>
/// <param name="RestsUntil">Not asked before then; null: it is asked.</param>
/// <param name="Reason">Of the last failure, for the administrator.</param>
internal sealed record PluginTrust(int InARow, int Rests, DateTimeOffset? RestsUntil, string? Reason)
{
    public static readonly PluginTrust Full = new(0, 0, null, null);

    public bool IsResting(DateTimeOffset now) => now < RestsUntil;

    /// <summary>The first call after a rest is a trial: when it fails, the next rest begins at once and is twice as long.</summary>
    public PluginTrust Failed(string reason, DateTimeOffset now, PluginLimits limits)
    {
        // What was under way when it began to rest says nothing new.
        if (IsResting(now))
            return this;
        if (InARow + 1 < limits.Failures)
            return this with { InARow = InARow + 1, Reason = reason };
        var rest = limits.FirstRest * Math.Pow(2, Math.Min(Rests, 20));
        return new(InARow, Rests + 1, now + (rest < limits.LongestRest ? rest : limits.LongestRest), reason);
    }
}
