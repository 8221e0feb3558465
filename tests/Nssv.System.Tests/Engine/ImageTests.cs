using System.Security.Cryptography;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Engine;

[Collection("libvirt")]
public sealed class ImageTests : IAsyncLifetime
{
    private EngineHost _host = null!;

    private string Folder => _host.ImportFolder;

    public async ValueTask InitializeAsync() => _host = await EngineHost.Open(withMicro: false);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_upload_becomes_our_own_file_once()
    {
        var id = EngineHost.NewId();
        var bytes = await Qcow2(64);
        var sha = Convert.ToHexStringLower(SHA256.HashData(bytes));
        (await _host.Refused(Import(id, new ImageSource(Upload: true)))).Code.ShouldBe("image-upload-missing");
        await _host.Engine.ReceiveUpload(_host.Images, id, new MemoryStream(bytes), bytes.Length, default);
        (await _host.Refused(Import(id, new ImageSource(Upload: true)) with { Checksum = $"sha256:{new string('0', 64)}" })).Code.ShouldBe("checksum-mismatch");
        var imported = await _host.Run(Import(id, new ImageSource(Upload: true)) with { Checksum = $"sha256:{sha}" });
        (imported.VirtualSizeBytes, imported.Sha256).ShouldBe((64L << 20, sha));
        (await _host.Run(Import(id, new ImageSource(Upload: true)))).ShouldBe(imported);
        Left().ShouldBe(["images/" + id + ".json", "images/" + id + ".qcow2", "nssv-storage.json"]);
        await _host.Run(new DeleteImage(_host.Images, id));
        await _host.Run(new DeleteImage(_host.Images, id));
        Left().ShouldBe(["nssv-storage.json"]);
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_nothing()
    {
        var id = EngineHost.NewId();
        (await Should.ThrowAsync<ProblemException>(() => _host.Engine.ReceiveUpload(null, id, new MemoryStream(new byte[100]), 200, default))).Problem.Code.ShouldBe("image-upload-incomplete");
        Left().ShouldBe(["nssv-storage.json"]);
    }

    [Theory]
    [InlineData("backing", "image-has-backing-file")]
    [InlineData("data-file", "image-has-data-file")]
    [InlineData("snapshot", "image-has-snapshots")]
    [InlineData("encrypted", "image-encrypted")]
    [InlineData("unknown-feature", "image-unknown-features")]
    [InlineData("huge", "image-virtual-size-invalid")]
    [InlineData("huge-without-table", "image-header-lies")]
    [InlineData("lying-l1", "image-header-lies")]
    [InlineData("cut", "image-truncated")]
    [InlineData("raw-as-qcow2", "image-format-mismatch")]
    [InlineData("vmdk", "image-format-mismatch")]
    [InlineData("empty", "image-truncated")]
    public async Task A_hostile_image_is_refused_and_nothing_is_kept(string kind, string code)
    {
        var id = EngineHost.NewId();
        (await _host.Refused(Import(id, new ImageSource(File: await Hostile(kind))))).Code.ShouldBe(code);
        Left().ShouldBe(["nssv-storage.json"]);
    }

    [Fact]
    public async Task Qcow2_said_to_be_raw_and_another_architecture_are_refused()
    {
        await File.WriteAllBytesAsync($"{Folder}/a", await Qcow2(8));
        var import = Import(EngineHost.NewId(), new ImageSource(File: $"{Folder}/a"));
        (await _host.Refused(import with { Format = ImageFormat.Raw })).Code.ShouldBe("image-format-mismatch");
        (await _host.Refused(import with { Architecture = Architecture.Aarch64 })).Code.ShouldBe("image-architecture-mismatch");
        (await _host.Refused(import with { Source = new ImageSource(File: "/etc/passwd") })).Code.ShouldBe("image-file-refused");
        (await _host.Refused(import with { Source = new ImageSource(Url: "http://127.0.0.1:1/x") })).Code.ShouldBe("image-url-refused");
        (await _host.Refused(import with { Source = new ImageSource() })).Code.ShouldBe("image-source-invalid");
    }

    [Fact]
    public async Task A_raw_disk_keeps_its_holes_and_an_iso_its_bytes()
    {
        var (raw, iso, layer) = (EngineHost.NewId(), EngineHost.NewId(), EngineHost.NewId());
        await using (var file = File.Create($"{Folder}/disk"))
        {
            file.SetLength(512L << 20);
            file.Position = 100L << 20;
            await file.WriteAsync(new byte[] { 1, 2, 3 });
        }

        var imported = await _host.Run(Import(raw, new ImageSource(File: $"{Folder}/disk")) with { Format = ImageFormat.Raw });
        imported.VirtualSizeBytes.ShouldBe(512L << 20);
        imported.StoredSizeBytes.ShouldBeLessThan(4L << 20);

        EngineHost.Shell("xorriso", "-as", "mkisofs", "-quiet", "-o", $"{Folder}/cd.iso", "/etc/apt");
        var bytes = await File.ReadAllBytesAsync($"{Folder}/cd.iso");
        await _host.Run(Import(iso, new ImageSource(File: $"{Folder}/cd.iso")) with { Format = ImageFormat.Iso });
        (await _host.Run(new CacheImage(_host.Data, layer, _host.Images, iso, null))).SizeBytes.ShouldBe(bytes.Length);
        (await File.ReadAllBytesAsync($"{_host.DataPath}/layers/{layer}.raw")).ShouldBe(bytes);
        await File.WriteAllBytesAsync($"{Folder}/short.iso", bytes[..(bytes.Length / 2)]);
        (await _host.Refused(Import(EngineHost.NewId(), new ImageSource(File: $"{Folder}/short.iso")) with { Format = ImageFormat.Iso })).Code.ShouldBe("image-truncated");
    }

    [Fact]
    public async Task Two_that_cache_one_image_make_one_layer()
    {
        var (image, layer) = (EngineHost.NewId(), EngineHost.NewId());
        await File.WriteAllBytesAsync($"{Folder}/a", await Qcow2(8));
        await _host.Run(Import(image, new ImageSource(File: $"{Folder}/a")));
        var both = await Task.WhenAll(_host.Run(new CacheImage(_host.Data, layer, _host.Images, image, null)), _host.Run(new CacheImage(_host.Data, layer, _host.Images, image, null)));
        both[0].ShouldBe(both[1]);
        (await _host.Engine.ListLayers(default)).ShouldHaveSingleItem().LayerId.ShouldBe(layer);
        await _host.RestartEngine();
        (await _host.Engine.ListLayers(default)).ShouldHaveSingleItem().LayerId.ShouldBe(layer);
    }

    private ImportImage Import(Id id, ImageSource source) => new(_host.Images, id, ImageFormat.Qcow2, ImageKind.Data, Architecture.X86_64, source, null);

    private string[] Left() => [.. Directory.EnumerateFileSystemEntries(_host.ImagePath, "*", SearchOption.AllDirectories)
        .Where(f => File.Exists(f) || f.Contains("/tmp/", StringComparison.Ordinal)).Select(f => Path.GetRelativePath(_host.ImagePath, f)).Order(StringComparer.Ordinal)];

    private async Task<byte[]> Qcow2(int mebibytes)
    {
        var file = $"{Folder}/{Guid.NewGuid():N}";
        Make("create", "-q", "-f", "qcow2", file, $"{mebibytes}M");
        EngineHost.Shell("qemu-io", "-c", "write -P 7 1M 2M", file);
        return await File.ReadAllBytesAsync(file);
    }

    private async Task<string> Hostile(string kind)
    {
        var file = $"{Folder}/{kind}";
        switch (kind)
        {
            case "backing":
                Make("create", "-q", "-u", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", file, "8M");
                break;
            case "data-file":
                Make("create", "-q", "-f", "qcow2", "-o", $"data_file={Folder}/elsewhere,data_file_raw=on", file, "8M");
                break;
            case "snapshot":
                await File.WriteAllBytesAsync(file, await Qcow2(8));
                Make("snapshot", "-c", "before", file);
                break;
            case "encrypted":
                Make("create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", file, "8M");
                break;
            case "huge":
                // 128 TiB, as qemu-img makes it.
                Make("create", "-q", "-f", "qcow2", "-o", "cluster_size=2M", file, "128T");
                break;
            case "vmdk":
                Make("create", "-q", "-f", "vmdk", file, "8M");
                break;
            case "raw-as-qcow2":
                await File.WriteAllBytesAsync(file, new byte[1 << 20]);
                break;
            case "empty":
                await File.WriteAllBytesAsync(file, []);
                break;
            default:
                var bytes = await Qcow2(8);
                await File.WriteAllBytesAsync(file, kind switch
                {
                    "unknown-feature" => Patch(bytes, 72, 0x80),
                    "huge-without-table" => Patch(bytes, 24, 0x7f, 0xff, 0xff, 0xff),
                    "lying-l1" => Patch(bytes, 40, 0x00, 0x7f),
                    "cut" => bytes[..(1 << 20)],
                    _ => throw new ArgumentOutOfRangeException(nameof(kind)),
                });
                break;
        }

        return file;
    }

    private static byte[] Patch(byte[] bytes, int at, params byte[] with)
    {
        with.CopyTo(bytes, at);
        return bytes;
    }

    private static void Make(params string[] arguments) => EngineHost.Shell("qemu-img", arguments).ShouldBe("");
}
