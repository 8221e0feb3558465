using System.Buffers.Binary;
using System.Text;

namespace Nssv.Agent.Storage;

/// <summary>
/// The fixed header and extensions of a qcow2 file (QEMU docs/interop/qcow2.txt), read without trusting a byte of it: every offset and count is
/// checked against the file's length before anything is believed.
/// </summary>
internal sealed record Qcow2Header(
    uint Version, long VirtualSize, int ClusterBits, bool HasBackingFile, string? BackingFile, uint CryptMethod, uint Snapshots,
    ulong IncompatibleFeatures, bool HasDataFileName, bool HasCryptoHeader, string? Lie)
{
    public const uint Magic = 0x514649fb;

    // Bits 0 dirty, 1 corrupt, 2 external data file, 3 compression type, 4 extended L2.
    public const ulong Dirty = 1, Corrupt = 2, DataFile = 4, Known = 31;
    private const uint EndOfExtensions = 0, DataFileExtension = 0x44415441, CryptoExtension = 0x0537be77;
    private const int Version2Length = 72, Version3Length = 104;

    public static bool HasMagic(ReadOnlySpan<byte> start) => start.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(start) == Magic;

    /// <summary>Reads the header of an open file; null when it is no qcow2. <see cref="Lie"/> says what in it cannot be true.</summary>
    public static Qcow2Header? Read(Stream file)
    {
        file.Position = 0;
        var buffer = new byte[64 * 1024];
        var have = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return Parse(buffer.AsSpan(0, have), file.Length);
    }

    /// <param name="start">The first 64 KiB, or all of a shorter file.</param>
    public static Qcow2Header? Parse(ReadOnlySpan<byte> start, long fileLength)
    {
        if (!HasMagic(start))
            return null;
        if (start.Length < Version2Length)
            return Broken("The header is cut off.");
        var version = U32(start, 4);
        if (version is not (2 or 3))
            return Broken($"Version {version} is unknown.");
        var backingOffset = U64(start, 8);
        var clusterBits = U32(start, 20);
        var size = U64(start, 24);
        var features = 0UL;
        var headerLength = (uint)Version2Length;
        var refcountOrder = 4u;
        if (version == 3)
        {
            if (start.Length < Version3Length)
                return Broken("The header is cut off.");
            features = U64(start, 72);
            refcountOrder = U32(start, 96);
            headerLength = U32(start, 100);
        }

        var lie = Check(start, fileLength, version, clusterBits, size, refcountOrder, headerLength);
        var (dataFile, crypto) = lie is null ? Extensions(start, headerLength, ref lie) : (false, false);
        return new Qcow2Header(version, size > long.MaxValue ? long.MaxValue : (long)size, (int)Math.Min(clusterBits, 64), backingOffset != 0,
            BackingName(start, backingOffset), U32(start, 32), U32(start, 60), features, dataFile, crypto, lie);
    }

    private static string? Check(ReadOnlySpan<byte> header, long fileLength, uint version, uint clusterBits, ulong size, uint refcountOrder, uint headerLength)
    {
        if (clusterBits is < 9 or > 21)
            return $"Clusters of 2^{clusterBits} bytes are not possible.";
        var cluster = 1UL << (int)clusterBits;
        if (version == 3 && (headerLength < Version3Length || headerLength > cluster || headerLength % 8 != 0))
            return $"A header of {headerLength} bytes is not possible.";
        if (refcountOrder > 6)
            return $"Reference counts of 2^{refcountOrder} bits are not possible.";
        if (size > long.MaxValue)
            return $"A disk of {size} bytes is not possible.";
        var length = (ulong)fileLength;
        ulong l1Entries = U32(header, 36), l1Offset = U64(header, 40);
        ulong refcountOffset = U64(header, 48), refcountClusters = U32(header, 56);
        var perL1 = (UInt128)cluster * (cluster / 8);
        var needed = (ulong)((size + perL1 - 1) / perL1);
        // An extended L2 table has entries twice as large, so one covers half as much.
        if (version == 3 && (U64(header, 72) & 16) != 0)
            needed *= 2;
        if (l1Entries < needed)
            return $"The disk of {size} bytes needs an L1 table of {needed} entries; there are {l1Entries}.";
        if (l1Entries > (32UL << 20) / 8)
            return $"An L1 table of {l1Entries} entries is not possible.";
        if (l1Entries > 0 && !Inside(l1Offset, l1Entries * 8, cluster, length))
            return "The L1 table lies outside the file.";
        return refcountClusters == 0 || refcountClusters > (8UL << 20 >> (int)clusterBits) + 1 || !Inside(refcountOffset, refcountClusters * cluster, cluster, RoundUp(length, cluster))
            ? "The reference count table lies outside the file."
            : null;
    }

    private static bool Inside(ulong offset, ulong length, ulong cluster, ulong end) =>
        offset != 0 && offset % cluster == 0 && offset <= end && length <= end - offset;

    private static ulong RoundUp(ulong value, ulong unit) => (value + unit - 1) / unit * unit;

    private static (bool DataFile, bool Crypto) Extensions(ReadOnlySpan<byte> start, uint headerLength, ref string? lie)
    {
        bool dataFile = false, crypto = false;
        long at = headerLength;
        while (at + 8 <= start.Length)
        {
            var type = U32(start, (int)at);
            var length = U32(start, (int)at + 4);
            if (type == EndOfExtensions)
                return (dataFile, crypto);
            dataFile |= type == DataFileExtension;
            crypto |= type == CryptoExtension;
            at += 8 + ((length + 7L) & ~7L);
        }

        // A file that is all header extension without an end is not made by any tool.
        if (at > start.Length)
            lie = "A header extension reaches beyond the header's cluster.";
        return (dataFile, crypto);
    }

    private static string? BackingName(ReadOnlySpan<byte> start, ulong offset)
    {
        var length = U32(start, 16);
        return offset == 0 || length > 1023 || offset > (ulong)start.Length || length > (ulong)start.Length - offset
            ? null
            : Encoding.UTF8.GetString(start.Slice((int)offset, (int)length));
    }

    private static Qcow2Header Broken(string lie) => new(0, 0, 0, false, null, 0, 0, 0, false, false, lie);

    private static uint U32(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt32BigEndian(s[at..]);

    private static ulong U64(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt64BigEndian(s[at..]);
}
