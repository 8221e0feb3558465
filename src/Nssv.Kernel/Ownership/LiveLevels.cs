namespace Nssv.Kernel.Ownership;

/// <summary>
/// The levels of the live nodes, as one of them sees them. The lowest falls at once and rises late: an older node that crashes in the middle of an upgrade comes back,
/// and must know what has been begun meanwhile. A node that has just started remembers nobody.
/// </summary>
internal sealed class LiveLevels(long own, TimeProvider time)
{
    /// <summary>Who has been gone for so long is not expected back.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly long _own = own;
    private long _lowest = own;
    private long _highest = own;
    private long _lowestSeenAt;

    /// <summary>What new plans may use.</summary>
    public long Lowest => Volatile.Read(ref _lowest);

    public long Highest => Volatile.Read(ref _highest);

    /// <param name="levels">Of the nodes that live now; this one may be among them.</param>
    public void Look(IReadOnlyCollection<long> levels)
    {
        var lowest = levels.Append(_own).Min();
        if (lowest <= _lowest)
            _lowestSeenAt = time.GetTimestamp();
        if (lowest <= _lowest || time.GetElapsedTime(_lowestSeenAt) >= Patience)
            Volatile.Write(ref _lowest, lowest);
        Volatile.Write(ref _highest, levels.Append(_own).Max());
    }
}
