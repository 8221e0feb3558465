using Nssv.Contracts.Images;
using Nssv.Kernel;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Services.Images.Images;

/// <inheritdoc cref="IImageUploads"/>
internal sealed class ImageUploads(IBus bus, IStore store, IAuthoriser authoriser) : IImageUploads
{
    private const string Permission = "image.upload";

    public async Task<ImageUpload> Begin(Id imageId, Caller caller)
    {
        if (authoriser.Refusal(caller, Permission) is { } refusal)
            throw refusal.AsException();
        var image = await store.Get<Image>(imageId);
        var operation = image.State == ImageState.Uploading ? await Waiting(imageId) : null;
        if (operation is null || operation.HasEnded() || operation.CancelRequested)
        {
            throw new Problem(409, "upload-not-expected", "The image waits for no upload.",
                $"Image '{image.Name}' is {image.State.ToString().ToLowerInvariant()}.", "Create an image with source.upload, then send its bytes once.").AsException();
        }

        var storage = await store.Get<ImageStorage>(image.ImageStorageId);
        return new ImageUpload(image.Id, storage.Id, storage.HostId, operation.Id);
    }

    public async Task<Operation> Complete(ImageUpload upload)
    {
        await bus.Call(new UploadArrived(upload.ImageId));
        return await store.Get<Operation>(upload.OperationId);
    }

    private ValueTask<Operation?> Waiting(Id imageId) =>
        store.First<Operation>(Condition.Equal(nameof(Operation.TargetId), imageId), Condition.Equal(nameof(Operation.Kind), "image.create"));
}
