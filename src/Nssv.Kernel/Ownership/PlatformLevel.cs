namespace Nssv.Kernel.Ownership;

/// <summary>
/// What this build knows that its neighbours must know too before anybody uses it: steps in flows, columns and tables, values of enumerations. Grows by one with a
/// release that brings any of these; managers of two neighbouring levels may work side by side.
/// </summary>
public static class PlatformLevel
{
#if NEIGHBOUR
    /// <summary>Of the second build, with which the tests play an upgrade.</summary>
    public const long Current = 3;
#else
    /// <summary>Of this build.</summary>
    public const long Current = 2;
#endif

    /// <summary>From here on a member that does not hear another one may leave its shards to it, and claims those of one that has.</summary>
    public const long StandingAside = 2;
}
