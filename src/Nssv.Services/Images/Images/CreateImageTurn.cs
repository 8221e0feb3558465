using Nssv.Contracts;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Images.Images;

internal sealed class CreateImageTurn : CreateTurn<CreateImage>
{
    public override Type ResourceType => typeof(Image);

    public override async ValueTask<Decision> Decide(CreateImage request, AcceptContext turn)
    {
        var storage = await Storage(request.ImageStorageId, turn.Store);
        if (storage.State != ImageStorageState.Ready)
        {
            throw new Problem(409, "image-storage-not-ready", "The image storage cannot take images now.",
                $"Image storage '{storage.Name}' is {storage.State.ToString().ToLowerInvariant()}.", "Wait until it is ready, or choose another one.", "imageStorageId").AsException();
        }

        var host = await turn.Store.Get<Host>(storage.HostId);
        if (!host.IsReachable())
        {
            throw new Problem(409, "host-not-connected", "The host does not answer.",
                $"Host '{host.Name}', which serves image storage '{storage.Name}', is {host.State.ToString().ToLowerInvariant()}.", "Bring the host back, or choose another image storage.", "imageStorageId").AsException();
        }

        var (source, query) = SourceUrl.Split(request.Source);
        var unit = new UnitOfWork().Insert(new Image
        {
            Id = request.Id,
            ProjectId = turn.Caller.ProjectId,
            CreatedBy = turn.Caller.AccountId,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = request.Name,
            Description = request.Description,
            Labels = request.Labels ?? Rules.NoLabels,
            Tags = request.Tags ?? Rules.NoLabels,
            Kind = request.Kind,
            Format = request.Format,
            Architecture = request.Architecture,
            ImageStorageId = storage.Id,
            State = request.Source.Upload ? ImageState.Uploading : ImageState.Creating,
            SourceQuery = query,
            DeletionPolicy = request.DeletionPolicy,
        });
        return Decision.Run("image.create", new ImageCreate
        {
            ImageId = request.Id,
            ImageStorageId = storage.Id,
            HostId = host.Id,
            Kind = request.Kind,
            Format = request.Format,
            Architecture = request.Architecture,
            Source = source,
            Checksum = request.Checksum,
        }, unit);
    }

    /// <summary>The one that is asked for, or the only one that any data center uses.</summary>
    private static async ValueTask<ImageStorage> Storage(Id? asked, IStore store)
    {
        if (asked is { } id)
            return await store.Referred<ImageStorage>(id, "imageStorageId");
        var attached = await store.List<ImageStorage>(Condition.In(
            nameof(ImageStorage.Id), (await store.List<ImageStorageAttachment>()).Select(link => link.ImageStorageId).Distinct()));
        return attached switch
        {
            [var only] => only,
            [] => throw Problems.Invalid(
                "imageStorageId", "No image storage is attached to a data center.", "Make one with POST /api/v1/image-storages and attach it.", "image-storage-missing").AsException(),
            _ => throw (Problems.Invalid("imageStorageId", $"There are {attached.Count} image storages to choose from.", "Name one of the candidates.", "image-storage-ambiguous") with
            {
                Candidates = Problems.Candidates(attached.OrderBy(storage => storage.Name, StringComparer.Ordinal)),
            }).AsException(),
        };
    }
}
