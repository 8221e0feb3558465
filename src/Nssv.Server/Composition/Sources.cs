using System.Security.Cryptography;

namespace Nssv.Server.Composition;

/// <summary>Ids of production: UUIDv7 by the clock.</summary>
internal sealed class RandomIds(TimeProvider time) : IIdSource
{
    public Id Next() => new(Guid.CreateVersion7(time.GetUtcNow()));
}

/// <summary>Chance of production.</summary>
internal sealed class RandomChance : IChance
{
    public double Next() => Random.Shared.NextDouble();
}

/// <summary>Secrets of production: the operating system's generator.</summary>
internal sealed class RandomSecrets : ISecretSource
{
    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
