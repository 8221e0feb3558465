using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class ImageTests
{
    private static readonly Problem Damaged = new(422, "checksum-mismatch", "The bytes are not what they should be.", "Found another checksum.");

    [Fact]
    public async Task A_file_becomes_a_ready_image()
    {
        await using var place = await Place.Of();
        var id = ServiceBed.NewId();
        var operation = await place.Bed.Do(Create(id, new ImageSource(File: "/import/micro.qcow2")));
        operation.Result!["imageId"]!.GetValue<string>().ShouldBe(id.ToString());
        var image = await place.Bed.Store.Get<Image>(id);
        image.State.ShouldBe(ImageState.Ready);
        image.VirtualSizeBytes.ShouldBeGreaterThan(0);
        image.StoredSizeBytes.ShouldBeGreaterThan(0);
        image.Sha256!.Length.ShouldBe(64);
        place.Host.Machine.Images.ShouldBe([id]);
    }

    [Fact]
    public async Task An_import_that_fails_leaves_no_row_and_no_file()
    {
        await using var place = await Place.Of(new EngineBehaviour { Refuse = (command, _) => command is ImportImage ? Damaged : null });
        var id = ServiceBed.NewId();
        var operation = await place.Bed.Run(Create(id, new ImageSource(Url: "https://example.org/micro.qcow2")));
        (operation.State, operation.Error!.Code, operation.CleanupPending).ShouldBe((OperationState.Failed, Damaged.Code, false));
        (await place.Bed.Store.Find<Image>(id)).ShouldBeNull();
        place.Host.Machine.Images.ShouldBeEmpty();
        // Standing still is a failure of the import alone: what takes it back tells of no progress.
        place.Bed.Sent.Where(command => command.Name.StartsWith("image.", StringComparison.Ordinal)).Select(command => (command.Name, command.StallSeconds)).Distinct()
            .ShouldBe([("image.import", 900), ("image.delete", (int?)null)]);
    }

    [Fact]
    public async Task How_far_an_import_is_is_seen_at_its_operation_while_it_runs()
    {
        var end = new TaskCompletionSource();
        await using var place = await Place.Of(new EngineBehaviour
        {
            BeforeEffect = (command, scope) =>
            {
                if (command is not ImportImage)
                    return Task.CompletedTask;
                scope.Progress!.Report(50);
                return end.Task;
            },
        });
        var operation = await place.Bed.Accept(Create(ServiceBed.NewId(), new ImageSource(File: "/import/micro.qcow2")));

        // The second of three steps, half done.
        await Poll.Until("progress within the step", async () => (await place.Bed.Store.Get<Operation>(operation.Id)).Progress == 50);
        (await place.Bed.Store.List<Event>()).ShouldContain(change => change.ResourceId == operation.Id && change.Data["progress"] != null && change.Data["progress"]!.GetValue<int>() == 50);
        end.SetResult();
        var ended = await place.Bed.Ended(operation.Id);
        (ended.State, ended.Progress).ShouldBe((OperationState.Succeeded, 100));
    }

    [Fact]
    public async Task An_upload_is_waited_for()
    {
        await using var place = await Place.Of();
        var id = ServiceBed.NewId();
        var operation = await place.Bed.Accept(Create(id, new ImageSource(Upload: true)));
        await Waiting(place, operation.Id);
        (await place.Bed.Store.Get<Image>(id)).State.ShouldBe(ImageState.Uploading);

        var upload = await place.Uploads.Begin(id, place.Bed.Admin);
        upload.ShouldBe(new ImageUpload(id, place.Storage, place.Host.HostId, operation.Id));
        place.Host.Machine.Images.ShouldBeEmpty();
        (await place.Uploads.Complete(upload)).Id.ShouldBe(operation.Id);

        (await place.Bed.Ended(operation.Id)).State.ShouldBe(OperationState.Succeeded);
        (await place.Bed.Store.Get<Image>(id)).State.ShouldBe(ImageState.Ready);
        (await Should.ThrowAsync<ProblemException>(() => place.Uploads.Begin(id, place.Bed.Admin))).Problem.Code.ShouldBe("upload-not-expected");
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_nothing()
    {
        await using var place = await Place.Of();
        var id = ServiceBed.NewId();
        var operation = await place.Bed.Accept(Create(id, new ImageSource(Upload: true)));
        await Waiting(place, operation.Id);
        await place.Bed.Services.GetRequiredService<IBus>().Cancel(operation.Id);
        var ended = await place.Bed.Ended(operation.Id);
        (ended.State, ended.Error!.Code).ShouldBe((OperationState.Failed, "cancelled"));
        (await place.Bed.Store.Find<Image>(id)).ShouldBeNull();
    }

    [Fact]
    public async Task Deleting_an_image_that_waits_for_its_upload_cancels_that()
    {
        await using var place = await Place.Of();
        var id = ServiceBed.NewId();
        var create = await place.Bed.Accept(Create(id, new ImageSource(Upload: true)));
        await Waiting(place, create.Id);
        await place.Bed.Do(new RemoveImage(id));
        (await place.Bed.Ended(create.Id)).State.ShouldBe(OperationState.Failed);
        (await place.Bed.Store.Find<Image>(id)).ShouldBeNull();
    }

    [Fact]
    public async Task A_deleted_image_takes_its_unused_copies_along()
    {
        await using var place = await Place.Of();
        var image = await place.Ready();
        var data = await place.DataStorage();
        var layer = await Samples.Cached(place.Bed, place.Host.HostId, data, image);
        await place.Bed.Do(new RemoveImage(image) { Expunge = true });
        (await place.Bed.Store.Find<Image>(image)).ShouldBeNull();
        (await place.Bed.Store.Find<VolumeLayer>(layer.Id)).ShouldBeNull();
        place.Host.Machine.Images.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_image_in_use_names_its_users_and_stays()
    {
        await using var place = await Place.Of();
        var image = await place.Ready();
        var data = await place.DataStorage();
        var layer = await Samples.Cached(place.Bed, place.Host.HostId, data, image);
        var volume = Samples.Volume(place.Host.HostId, data, image: null);
        await place.Bed.Insert(volume, Samples.Layer(place.Host.HostId, data, volume: volume.Id, parent: layer.Id));

        var byLayer = await place.Bed.Refused(new RemoveImage(image));
        (byLayer.Status, byLayer.Code).ShouldBe((409, "image-in-use"));
        byLayer.Detail!.ShouldContain("volume-layer of volume 'disk'");

        var machine = Samples.Machine(place.Cluster, image);
        await place.Bed.Insert(machine);
        (await place.Bed.Refused(new RemoveImage(image))).Detail!.ShouldContain($"virtual-machine 'web-3' ({machine.Id})");
        (await place.Bed.Store.Get<Image>(image)).State.ShouldBe(ImageState.Ready);
        place.Host.Machine.Images.ShouldBe([image]);
    }

    [Fact]
    public async Task A_machine_made_at_the_moment_of_deletion_keeps_the_image()
    {
        await using var place = await Place.Of();
        var image = await place.Ready();
        var machines = new Queue<VirtualMachine>([Samples.Machine(place.Cluster, image)]);
        place.Bed.BeforeCommit = async unit =>
        {
            if (unit.Changes.Any(change => change is Change.Update { After: Image { State: ImageState.Deleting } }) && machines.TryDequeue(out var machine))
                await place.Bed.Insert(machine);
        };

        var operation = await place.Bed.Run(new RemoveImage(image) { Expunge = true });

        machines.ShouldBeEmpty();
        (operation.State, operation.Error!.Code).ShouldBe((OperationState.Failed, "image-in-use"));
        (await place.Bed.Store.Get<Image>(image)).State.ShouldBe(ImageState.Ready);
        place.Host.Machine.Images.ShouldBe([image]);
    }

    [Fact]
    public async Task A_disk_built_on_a_copy_at_the_moment_of_deletion_keeps_copy_and_image()
    {
        await using var place = await Place.Of();
        var image = await place.Ready();
        var data = await place.DataStorage();
        var layer = await Samples.Cached(place.Bed, place.Host.HostId, data, image);
        var volume = Samples.Volume(place.Host.HostId, data, image: null);
        await place.Bed.Insert(volume);
        var children = new Queue<VolumeLayer>([Samples.Layer(place.Host.HostId, data, volume: volume.Id, parent: layer.Id)]);
        place.Bed.BeforeCommit = async unit =>
        {
            if (unit.Changes.Any(change => change is Change.Update { After: VolumeLayer { State: LayerState.Deleting } }) && children.TryDequeue(out var child))
                await place.Bed.Insert(child);
        };

        var operation = await place.Bed.Run(new RemoveImage(image) { Expunge = true });

        (operation.State, operation.Error!.Code).ShouldBe((OperationState.Failed, "layer-in-use"));
        (await place.Bed.Store.Get<VolumeLayer>(layer.Id)).State.ShouldBe(LayerState.Ready);
        (await place.Bed.Store.Get<Image>(image)).State.ShouldBe(ImageState.Ready);
    }

    [Fact]
    public async Task Of_several_storages_one_must_be_named()
    {
        await using var place = await Place.Of();
        var second = ServiceBed.NewId();
        await place.Bed.Do(new CreateImageStorage { Id = second, Name = "second", HostId = place.Host.HostId, Path = "/srv/second" });
        await place.Bed.Do(new AttachImageStorageToDataCenter(second) { DataCenterId = place.DataCenter });
        var problem = await place.Bed.Refused(Create(ServiceBed.NewId(), new ImageSource(Upload: true)));
        (problem.Status, problem.Code, problem.Field).ShouldBe((400, "image-storage-ambiguous", "imageStorageId"));
        problem.Candidates!.Count.ShouldBe(2);
        problem.Candidates.ShouldContain($"{second} second");
        await place.Bed.Do(Create(ServiceBed.NewId(), new ImageSource(File: "/import/x")) with { ImageStorageId = second });
    }

    [Fact]
    public async Task Without_any_storage_the_advice_is_to_make_one()
    {
        await using var bed = new ServiceBed();
        (await bed.Refused(Create(ServiceBed.NewId(), new ImageSource(Upload: true)))).Code.ShouldBe("image-storage-missing");
    }

    [Theory]
    [InlineData(false, null, null, "source-not-one")]
    [InlineData(true, "https://example.org/x", null, "source-not-one")]
    [InlineData(false, "https://example.org/x", "/import/x", "source-not-one")]
    [InlineData(false, "ftp://example.org/x", null, "url-scheme")]
    [InlineData(false, "file:///etc/passwd", null, "url-scheme")]
    [InlineData(false, "https://me:secret@example.org/x", null, "url-credentials")]
    [InlineData(false, "example.org/x", null, "url-invalid")]
    [InlineData(false, "https://exa mple.org/", null, "url-invalid")]
    [InlineData(false, null, "import/x", "file-not-absolute")]
    [InlineData(false, null, "/import/../etc/passwd", "file-not-absolute")]
    [InlineData(false, null, "/import/a\u0000b", "file-not-printable")]
    [InlineData(false, null, "", "file-length")]
    public void A_source_is_one_and_looks_right(bool upload, string? url, string? file, string code) =>
        ImageRules.Source("source", new ImageSource(upload, url, file)).ShouldHaveSingleItem().Code.ShouldBe(code);

    [Theory]
    [InlineData("md5:00", false)]
    [InlineData("sha256:00", false)]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", false)]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", true)]
    [InlineData(null, true)]
    public void A_checksum_has_one_form(string? checksum, bool valid) => ImageRules.Checksum("checksum", checksum).Any().ShouldBe(!valid);

    [Fact]
    public async Task An_image_storage_that_cannot_be_made_leaves_no_row()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster, new EngineBehaviour { Refuse = (command, _) => command is AttachImageStorage ? Damaged : null });
        var operation = await bed.Run(new CreateImageStorage { Id = ServiceBed.NewId(), Name = "s", HostId = host.HostId, Path = "/srv/images" });
        operation.State.ShouldBe(OperationState.Failed);
        (await bed.Store.Count<ImageStorage>()).ShouldBe(0);
    }

    [Fact]
    public async Task An_image_storage_is_deleted_once_it_is_empty()
    {
        await using var place = await Place.Of();
        var image = await place.Ready();
        (await place.Bed.Refused(new DeleteImageStorage(place.Storage))).Detail!.ShouldContain("image 'micro'");
        await place.Bed.Do(new RemoveImage(image) { Expunge = true });
        await place.Bed.Do(new DeleteImageStorage(place.Storage));
        (await place.Bed.Store.Count<ImageStorage>() + await place.Bed.Store.Count<ImageStorageAttachment>()).ShouldBe(0);
        place.Host.Machine.Effects[^1].What.ShouldBe("storage.detach-images");
    }

    [Fact]
    public async Task A_host_that_keeps_the_storage_keeps_it_ready()
    {
        await using var place = await Place.Of(new EngineBehaviour { Refuse = (command, _) => command is DetachImageStorage ? Damaged : null });
        (await place.Bed.Run(new DeleteImageStorage(place.Storage))).State.ShouldBe(OperationState.Failed);
        (await place.Bed.Store.Get<ImageStorage>(place.Storage)).State.ShouldBe(ImageStorageState.Ready);
    }

    [Fact]
    public async Task An_image_storage_needs_a_host_that_answers()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var host = ServiceBed.NewId();
        await bed.Do(new CreateHost { Id = host, Name = "h", ClusterId = cluster, Address = "h" });
        (await bed.Refused(new CreateImageStorage { Id = ServiceBed.NewId(), Name = "s", HostId = host, Path = "/srv/i" })).Code.ShouldBe("host-not-connected");
    }

    private static CreateImage Create(Id id, ImageSource source) => new() { Id = id, Name = "micro", Kind = ImageKind.System, Format = ImageFormat.Qcow2, Source = source };

    private static Task Waiting(Place place, Id operation) =>
        Poll.Until("the operation to wait for the upload", async () => (await place.Bed.Store.Get<Operation>(operation)).State == OperationState.Waiting);

    /// <summary>A host with an image storage that its data center uses.</summary>
    private sealed class Place : IAsyncDisposable
    {
        public required ServiceBed Bed { get; init; }
        public required SimulatedHost Host { get; init; }
        public required Id DataCenter { get; init; }
        public required Id Cluster { get; init; }
        public required Id Storage { get; init; }

        public IImageUploads Uploads => Bed.Services.GetRequiredService<IImageUploads>();

        public static async Task<Place> Of(EngineBehaviour? behaviour = null)
        {
            var bed = new ServiceBed();
            var (dataCenter, cluster) = await bed.Cluster();
            var host = await bed.Host(cluster, behaviour);
            var storage = ServiceBed.NewId();
            await bed.Do(new CreateImageStorage { Id = storage, Name = "images", HostId = host.HostId, Path = "/srv/images" });
            await bed.Do(new AttachImageStorageToDataCenter(storage) { DataCenterId = dataCenter });
            return new Place { Bed = bed, Host = host, DataCenter = dataCenter, Cluster = cluster, Storage = storage };
        }

        public async Task<Id> Ready()
        {
            var id = ServiceBed.NewId();
            await Bed.Do(Create(id, new ImageSource(File: "/import/micro.qcow2")));
            return id;
        }

        public async Task<Id> DataStorage()
        {
            var id = ServiceBed.NewId();
            await Bed.Do(new CreateDataStorage { Id = id, Name = "data", DataCenterId = DataCenter, Path = "/srv/data" });
            await Bed.Do(new AttachDataStorageToCluster(id) { ClusterId = Cluster });
            return id;
        }

        public ValueTask DisposeAsync() => Bed.DisposeAsync();
    }
}
