using System.Buffers.Binary;
using Nssv.Agent.Storage;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Storage;

public sealed class Qcow2HeaderTests
{
    private const int FileLength = 5 * 65536;

    [Fact]
    public void A_sound_header_is_read()
    {
        var header = Qcow2Header.Parse(Sound(), FileLength)!;
        header.Lie.ShouldBeNull();
        header.VirtualSize.ShouldBe(1L << 30);
        (header.Version, header.ClusterBits, header.HasBackingFile, header.Snapshots, header.CryptMethod).ShouldBe((3u, 16, false, 0u, 0u));
    }

    [Fact]
    public void Other_files_are_no_qcow2()
    {
        Qcow2Header.Parse([], 0).ShouldBeNull();
        Qcow2Header.Parse("QFI"u8, 3).ShouldBeNull();
        Qcow2Header.Parse(new byte[512], 512).ShouldBeNull();
    }

    [Theory]
    [InlineData(4, 4u, "Version")]
    [InlineData(20, 8u, "Clusters")]
    [InlineData(20, 22u, "Clusters")]
    [InlineData(20, 0xffffffffu, "Clusters")]
    [InlineData(24, 0x80000000u, "disk of")]
    [InlineData(24, 0x10000000u, "L1 table of")]
    [InlineData(36, 0u, "L1 table of")]
    [InlineData(36, 0xffffffffu, "L1 table of")]
    [InlineData(36, 0x10000u, "outside")]
    [InlineData(40, 0x7fffffffu, "outside")]
    [InlineData(44, 0u, "outside")]
    [InlineData(44, 0x30001u, "outside")]
    [InlineData(48, 0x7fffffffu, "reference count table")]
    [InlineData(52, 0xffff0000u, "reference count table")]
    [InlineData(56, 0u, "reference count table")]
    [InlineData(56, 0xffffffffu, "reference count table")]
    [InlineData(96, 7u, "Reference counts")]
    [InlineData(100, 0u, "header of")]
    [InlineData(100, 105u, "header of")]
    [InlineData(100, 0xfffffff8u, "header of")]
    public void A_header_that_cannot_be_true_is_found(int offset, uint value, string lie) =>
        Qcow2Header.Parse(With(offset, value), FileLength)!.Lie.ShouldNotBeNull().ShouldContain(lie);

    [Fact]
    public void What_refers_elsewhere_is_seen()
    {
        var backed = Sound();
        BinaryPrimitives.WriteUInt64BigEndian(backed.AsSpan(8), 512);
        BinaryPrimitives.WriteUInt32BigEndian(backed.AsSpan(16), 11);
        "/etc/passwd"u8.CopyTo(backed.AsSpan(512));
        var header = Qcow2Header.Parse(backed, FileLength)!;
        (header.HasBackingFile, header.BackingFile).ShouldBe((true, "/etc/passwd"));

        // A name that lies outside is not read, and still counts.
        BinaryPrimitives.WriteUInt64BigEndian(backed.AsSpan(8), ulong.MaxValue - 4);
        header = Qcow2Header.Parse(backed, FileLength)!;
        (header.HasBackingFile, header.BackingFile).ShouldBe((true, null));

        var external = Sound();
        BinaryPrimitives.WriteUInt32BigEndian(external.AsSpan(104), 0x44415441);
        BinaryPrimitives.WriteUInt32BigEndian(external.AsSpan(108), 4);
        Qcow2Header.Parse(external, FileLength)!.HasDataFileName.ShouldBeTrue();

        var endless = Sound();
        BinaryPrimitives.WriteUInt32BigEndian(endless.AsSpan(104), 0x12345678);
        BinaryPrimitives.WriteUInt32BigEndian(endless.AsSpan(108), 0xffffffff);
        Qcow2Header.Parse(endless, FileLength)!.Lie.ShouldNotBeNull().ShouldContain("extension");
    }

    [Fact]
    public void No_bytes_make_it_throw()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Sound()[..random.Next(8, 4096)];
            for (var i = 0; i < 8; i++)
                bytes[random.Next(4, Math.Min(bytes.Length, 120))] = (byte)random.Next(256);
            _ = Qcow2Header.Parse(bytes, random.NextInt64(1L << 40));
        }
    }

    /// <summary>As qemu-img makes it for 1 GiB: header, reference count table, its block, L1 table.</summary>
    private static byte[] Sound()
    {
        var bytes = new byte[65536];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32BigEndian(span, Qcow2Header.Magic);
        BinaryPrimitives.WriteUInt32BigEndian(span[4..], 3);
        BinaryPrimitives.WriteUInt32BigEndian(span[20..], 16);
        BinaryPrimitives.WriteUInt64BigEndian(span[24..], 1UL << 30);
        BinaryPrimitives.WriteUInt32BigEndian(span[36..], 2);
        BinaryPrimitives.WriteUInt64BigEndian(span[40..], 0x30000);
        BinaryPrimitives.WriteUInt64BigEndian(span[48..], 0x10000);
        BinaryPrimitives.WriteUInt32BigEndian(span[56..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(span[96..], 4);
        BinaryPrimitives.WriteUInt32BigEndian(span[100..], 104);
        return bytes;
    }

    private static byte[] With(int offset, uint value)
    {
        var bytes = Sound();
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(offset), value);
        return bytes;
    }
}
