namespace Nssv.Kernel.Tags;

/// <summary>Least and greatest value of a tag that is a number, both allowed.</summary>
internal readonly record struct TagBounds
{
    /// <param name="limits">What bounds are allowed, <paramref name="least"/> to <paramref name="greatest"/>, in words.</param>
    /// <exception cref="ArgumentException">They are beyond that, or allow nothing.</exception>
    public TagBounds(string name, long minimum, long maximum, long least, long greatest, string limits)
    {
        if (minimum > maximum)
            throw new ArgumentException($"the tag {name}: its minimum is greater than its maximum");
        if (minimum < least || maximum > greatest)
            throw new ArgumentOutOfRangeException(nameof(minimum), $"the tag {name}: its bounds are {limits}");
        (Minimum, Maximum) = (minimum, maximum);
    }

    public long Minimum { get; }

    public long Maximum { get; }

    public bool Include(long value) => value >= Minimum && value <= Maximum;
}
