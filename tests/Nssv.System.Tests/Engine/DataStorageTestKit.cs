using Nssv.Agent.Storage;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Engine;

/// <summary>What every data storage driver must do. A new kind proves itself by one class that opens it.</summary>
public abstract class DataStorageTestKit : IAsyncLifetime
{
    private const long Size = 64L << 20;

    private IDataStorageDriver _storage = null!;

    /// <summary>A fresh storage, ready.</summary>
    protected abstract Task<IDataStorageDriver> Open();

    protected abstract ValueTask Close();

    /// <summary>A file outside the storage with these bytes.</summary>
    protected abstract string Outside(byte[] bytes);

    public async ValueTask InitializeAsync() => _storage = await Open();

    public async ValueTask DisposeAsync()
    {
        await Close();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(VolumeFormat.Qcow2)]
    [InlineData(VolumeFormat.Raw)]
    public async Task A_layer_is_made_once_found_and_deleted(VolumeFormat format)
    {
        var id = EngineHost.NewId();
        (await _storage.Find(id, default)).ShouldBeNull();
        (await _storage.Create(id, format, Size, default)).SizeBytes.ShouldBe(Size);
        (await _storage.Create(id, format, Size, default)).SizeBytes.ShouldBe(Size);
        (await _storage.Find(id, default)).ShouldNotBeNull().SizeBytes.ShouldBe(Size);
        (await _storage.List(default)).ShouldHaveSingleItem().LayerId.ShouldBe(id);
        (await Code(() => _storage.Create(id, format, Size * 2, default))).ShouldBe("layer-exists");
        (await _storage.Prepare(id, LayerAccess.Exclusive, default)).ShouldNotBeNull();
        await _storage.Delete(id, default);
        await _storage.Delete(id, default);
        (await _storage.List(default)).ShouldBeEmpty();
        (await Code(() => _storage.Prepare(id, LayerAccess.Exclusive, default))).ShouldBe("layer-not-found");
    }

    [Fact]
    public async Task A_child_reads_from_its_parent_which_then_stays()
    {
        var (parent, child, small) = (EngineHost.NewId(), EngineHost.NewId(), EngineHost.NewId());
        (await Code(() => _storage.CreateChild(child, Size, parent, VolumeFormat.Qcow2, default))).ShouldBe("layer-not-found");
        await _storage.Create(parent, VolumeFormat.Qcow2, Size, default);
        (await Code(() => _storage.CreateChild(small, Size / 2, parent, VolumeFormat.Qcow2, default))).ShouldBe("layer-smaller-than-parent");
        (await _storage.CreateChild(child, Size * 2, parent, VolumeFormat.Qcow2, default)).SizeBytes.ShouldBe(Size * 2);
        (await _storage.CreateChild(child, Size * 2, parent, VolumeFormat.Qcow2, default)).SizeBytes.ShouldBe(Size * 2);
        (await Code(() => _storage.Create(child, VolumeFormat.Qcow2, Size * 2, default))).ShouldBe("layer-exists");
        (await Code(() => _storage.Delete(parent, default))).ShouldBe("layer-has-children");
        await _storage.Delete(child, default);
        await _storage.Delete(parent, default);
        (await _storage.List(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_import_is_verified_and_whole_or_not_there()
    {
        var bytes = new byte[3 << 20];
        Random.Shared.NextBytes(bytes.AsSpan(1 << 20, 4096));
        var sha = Convert.ToHexStringLower(global::System.Security.Cryptography.SHA256.HashData(bytes));
        var (good, bad, arrived) = (EngineHost.NewId(), EngineHost.NewId(), EngineHost.NewId());
        (await Code(() => _storage.Import(bad, new LayerSource(Outside(bytes), VolumeFormat.Raw, new string('0', 64)), default))).ShouldBe("checksum-mismatch");
        (await _storage.Find(bad, default)).ShouldBeNull();
        (await _storage.Import(good, new LayerSource(Outside(bytes), VolumeFormat.Raw, sha), default)).SizeBytes.ShouldBe(bytes.Length);
        var inbox = await _storage.Inbox(arrived, default);
        await File.WriteAllBytesAsync(inbox, bytes);
        (await _storage.Import(arrived, new LayerSource(inbox, VolumeFormat.Raw, sha), default)).SizeBytes.ShouldBe(bytes.Length);
        (await _storage.List(default)).Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1000)]
    [InlineData(long.MaxValue)]
    public async Task Sizes_that_cannot_be_are_refused(long size) =>
        (await Code(() => _storage.Create(EngineHost.NewId(), VolumeFormat.Qcow2, size, default))).ShouldBe("invalid-size");

    [Fact]
    public async Task A_full_storage_says_so_and_keeps_nothing()
    {
        var available = (await _storage.Measure(default)).AvailableBytes;
        (await Code(() => _storage.Create(EngineHost.NewId(), VolumeFormat.Raw, (available / 512 + 2048) * 512, default))).ShouldBe("storage-full");
        (await _storage.List(default)).ShouldBeEmpty();
    }

    protected static async Task<string> Code(Func<Task> act) => (await Should.ThrowAsync<ProblemException>(act)).Problem.Code;
}
