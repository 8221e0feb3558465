using System.Buffers.Binary;

namespace Nssv.Kernel.Ownership;

/// <summary>Every resource belongs to one of 1,024 shards, by a hash of its id that is the same in every process and every version.</summary>
public static class Shards
{
    public const int Count = 1024;

    public static int Of(Id resource)
    {
        Span<byte> bytes = stackalloc byte[16];
        resource.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return (int)(Mix(BinaryPrimitives.ReadUInt64BigEndian(bytes) ^ Mix(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]))) % Count);
    }

    /// <summary>
    /// Who should hold a shard: of all members the one with the highest hash with it (rendezvous hashing). When a member comes or goes, only its own shards move.
    /// </summary>
    public static Id? Winner(int shard, IEnumerable<Id> members)
    {
        Id? winner = null;
        ulong highest = 0;
        foreach (var member in members)
        {
            var weight = Weight(shard, member);
            if (winner is null || weight > highest || weight == highest && member > winner.Value)
                (winner, highest) = (member, weight);
        }

        return winner;
    }

    private static ulong Weight(int shard, Id member)
    {
        Span<byte> bytes = stackalloc byte[16];
        member.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Mix(BinaryPrimitives.ReadUInt64BigEndian(bytes) ^ Mix(BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) + (ulong)shard * 0x9E3779B97F4A7C15));
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input reaches every bit of the output.</summary>
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
