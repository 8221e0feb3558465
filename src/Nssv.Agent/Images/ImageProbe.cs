using System.Buffers.Binary;
using System.Text.Json;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;
using Nssv.Contracts.Images;

namespace Nssv.Agent.Images;

/// <summary>
/// Decides whether a file may become an image. Our own reader looks first; only what passes it is shown to qemu-img, which runs as nobody. The answer
/// is the disk's size.
/// </summary>
internal sealed class ImageProbe(long maximumVirtualSize)
{
    private const int Sector = 512, IsoSector = 2048, IsoDescriptor = 16 * IsoSector;
    private const string QemuImg = "/usr/bin/qemu-img";

    private static readonly TimeSpan InfoLimit = TimeSpan.FromSeconds(30), CheckLimit = TimeSpan.FromMinutes(10);

    public async Task<long> Run(string file, ImageFormat claimed, CancellationToken cancel)
    {
        long length;
        Qcow2Header? header;
        await using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read))
        {
            length = stream.Length;
            CheckFormat(stream, claimed);
            if (claimed is ImageFormat.Iso)
                return Iso(stream);
            header = claimed is ImageFormat.Qcow2 ? Qcow2Header.Read(stream) : null;
        }

        if (claimed is ImageFormat.Raw)
            return CheckSize((length + Sector - 1) / Sector * Sector);
        CheckQcow2(header!);
        await Info(file, header!, cancel).ConfigureAwait(false);
        await CheckClusters(file, cancel).ConfigureAwait(false);
        return header!.VirtualSize;
    }

    /// <summary>What the first bytes say the file is: a name that people know, or null when they say nothing (a raw disk).</summary>
    public static string? Recognise(Stream file)
    {
        var start = new byte[IsoDescriptor + 8];
        file.Position = 0;
        var have = start.AsSpan(0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
        return Qcow2Header.HasMagic(have) ? "qcow2"
            : Starts(have, "KDMV"u8) || Starts(have, "# Disk DescriptorFile"u8) || Starts(have, "COWD"u8) ? "vmdk"
            : Starts(have, "conectix"u8) ? "vpc"
            : Starts(have, "vhdxfile"u8) ? "vhdx"
            : Starts(have, "<<< "u8) ? "vdi"
            : Starts(have, "QED\0"u8) ? "qed"
            : Starts(have, "LUKS\xba\xbe"u8[..4]) ? "luks"
            : Starts(have, [0x1f, 0x8b]) ? "gzip"
            : Starts(have, [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z']) ? "xz"
            : Starts(have, [0x28, 0xb5, 0x2f, 0xfd]) ? "zstd"
            : Starts(have, "BZh"u8) ? "bzip2"
            : Starts(have, "PK\x3\x4"u8) ? "zip"
            : have.Length > IsoDescriptor + 6 && have.Slice(IsoDescriptor + 1, 5).SequenceEqual("CD001"u8) ? "iso"
            : null;
    }

    private static bool Starts(ReadOnlySpan<byte> start, ReadOnlySpan<byte> magic) => start.StartsWith(magic);

    private static void CheckFormat(Stream file, ImageFormat claimed)
    {
        if (file.Length == 0)
            throw ImageProblems.Cut("It is empty.").AsException();
        var found = Recognise(file) ?? "raw";
        var said = claimed.ToString().ToLowerInvariant();
        if (found != said)
            throw ImageProblems.Format(said, found).AsException();
    }

    private void CheckQcow2(Qcow2Header header)
    {
        var problem = header switch
        {
            { Lie: { } lie } => ImageProblems.Lies(lie),
            { HasBackingFile: true } => ImageProblems.BackingFile(header.BackingFile),
            { HasDataFileName: true } => ImageProblems.DataFile(),
            { CryptMethod: not 0 } or { HasCryptoHeader: true } => ImageProblems.Encrypted(),
            { Snapshots: not 0 } => ImageProblems.Snapshots(header.Snapshots),
            _ when (header.IncompatibleFeatures & ~Qcow2Header.Known) != 0 => ImageProblems.UnknownFeatures(header.IncompatibleFeatures),
            _ when (header.IncompatibleFeatures & Qcow2Header.DataFile) != 0 => ImageProblems.DataFile(),
            _ when (header.IncompatibleFeatures & Qcow2Header.Corrupt) != 0 => ImageProblems.Unclean("It is marked as corrupt."),
            _ when (header.IncompatibleFeatures & Qcow2Header.Dirty) != 0 => ImageProblems.Unclean("It is marked as in use."),
            _ => null,
        };
        if (problem is not null)
            throw problem.AsException();
        CheckSize(header.VirtualSize);
    }

    private long CheckSize(long size) =>
        size < Sector || size > maximumVirtualSize ? throw ImageProblems.VirtualSize(size, maximumVirtualSize).AsException() : size;

    private static async Task Info(string file, Qcow2Header header, CancellationToken cancel)
    {
        var result = await Unprivileged.Run(QemuImg, ["info", "--output=json", "-f", "qcow2", file], 0, InfoLimit, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw ImageProblems.NotRead(result.Complaint).AsException();
        using var info = JsonDocument.Parse(result.Output);
        if (info.RootElement.TryGetProperty("backing-filename", out var backing))
            throw ImageProblems.BackingFile(backing.GetString()).AsException();
        var size = info.RootElement.GetProperty("virtual-size").GetInt64();
        if (size != header.VirtualSize)
            throw ImageProblems.SizeLies(header.VirtualSize, size).AsException();
    }

    /// <summary>qemu-img reads what lies beyond the end of a file as zeros; only its check tells that something is missing there.</summary>
    private static async Task CheckClusters(string file, CancellationToken cancel)
    {
        const int leaks = 3;
        var result = await Unprivileged.Run(QemuImg, ["check", "-q", "-f", "qcow2", file], 0, CheckLimit, cancel).ConfigureAwait(false);
        if (result.ExitCode is not (0 or leaks))
            throw ImageProblems.Cut(result.Complaint).AsException();
    }

    /// <summary>ECMA-119, 8.4: the primary volume descriptor, with each figure in both byte orders.</summary>
    private static long Iso(FileStream file)
    {
        Span<byte> descriptor = stackalloc byte[IsoSector];
        file.Position = IsoDescriptor;
        if (file.ReadAtLeast(descriptor, IsoSector, throwOnEndOfStream: false) < IsoSector)
            throw ImageProblems.Cut("It ends before its volume descriptor.").AsException();
        long blocks = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[80..]);
        long block = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[128..]);
        if (descriptor[0] != 1 || descriptor[6] != 1 || blocks != BinaryPrimitives.ReadUInt32BigEndian(descriptor[84..]) || block != BinaryPrimitives.ReadUInt16BigEndian(descriptor[130..]) || block is not (512 or 1024 or 2048))
            throw ImageProblems.Lies("Its primary volume descriptor contradicts itself.").AsException();
        return blocks * block > file.Length
            ? throw ImageProblems.Cut($"Its volume has {blocks * block} bytes, the file {file.Length}.").AsException()
            : file.Length;
    }
}
