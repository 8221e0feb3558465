using System.Buffers.Binary;
using Nssv.Kernel;

namespace Nssv.Simulation.Tests.World;

/// <summary>Everything that happens by chance in one run: SplitMix64 (Steele, Lea, Flood 2014), the same on every machine and version.</summary>
internal sealed class Dice(ulong seed) : IChance
{
    private ulong _state = seed;

    public ulong Bits()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public int Below(int bound) => (int)(Bits() % (ulong)bound);

    public double Next() => (Bits() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => Next() < probability;

    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + (most - least) * Next();

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>A source of its own, so that one part's throws do not move another's.</summary>
    public Dice Fork() => new(Bits());
}

/// <summary>UUIDv7 in form, from the seed in content: ordered by making, as in production.</summary>
internal sealed class SeededIds(Dice dice, TimeProvider time) : IIdSource
{
    private long _count;

    public Id Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        var milliseconds = time.GetUtcNow().ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16 | 0x7000 | (_count++ & 0xfff));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], dice.Bits() & 0x3fffffffffffffff | 0x8000000000000000);
        return new(new Guid(bytes, bigEndian: true));
    }
}

/// <summary>No secret at all, but as many bytes as are wanted.</summary>
internal sealed class SeededSecrets(Dice dice) : ISecretSource
{
    public void Fill(Span<byte> bytes)
    {
        foreach (ref var b in bytes)
            b = (byte)dice.Bits();
    }
}
