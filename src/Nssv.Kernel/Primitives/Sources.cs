namespace Nssv.Kernel;

/// <summary>Where ids come from. Injected, so that a simulation makes the same ids from the same seed.</summary>
public interface IIdSource
{
    Id Next();
}

/// <summary>Where chance comes from (jitter, tie-breaks). Injected for the same reason.</summary>
public interface IChance
{
    /// <summary>A number in [0, 1).</summary>
    double Next();
}
