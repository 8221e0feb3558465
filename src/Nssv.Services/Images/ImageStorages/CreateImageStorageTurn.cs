using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Images.ImageStorages;

/// <summary>Context of "image-storage.create".</summary>
[FlowContext]
internal sealed record ImageStorageCreate
{
    public required Id ImageStorageId { get; init; }
    public required Id HostId { get; init; }
    public required string Kind { get; init; }
    public required string Path { get; init; }
}

internal sealed class CreateImageStorageTurn : CreateTurn<CreateImageStorage>
{
    private const string Local = "local";

    public override Type ResourceType => typeof(ImageStorage);

    public override async ValueTask<Decision> Decide(CreateImageStorage request, AcceptContext turn)
    {
        if (request.Kind != Local)
            throw (Problems.Invalid("kind", "There is no image storage of this kind.", $"Use one of: {Local}.", "kind-unknown") with { Candidates = [Local] }).AsException();
        var host = await turn.Store.Referred<Host>(request.HostId, "hostId");
        if (!host.IsReachable())
        {
            throw new Problem(409, "host-not-connected", "The host does not answer.",
                $"Host '{host.Name}' is {host.State.ToString().ToLowerInvariant()}; it must make the directory ready.", "Bring its agent up, then repeat the request.", "hostId").AsException();
        }

        foreach (var other in await turn.Store.List<ImageStorage>(Condition.Equal(nameof(ImageStorage.HostId), host.Id)))
        {
            if (StoragePath.Overlap(request.Path, other.Path))
            {
                throw new Problem(409, "path-taken", "Another storage is there already.",
                    $"Image storage '{other.Name}' ({other.Id}) is at {other.Path} on host '{host.Name}'.", "Choose another path.", "path").AsException();
            }
        }

        var unit = new UnitOfWork().Insert(new ImageStorage
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
            HostId = host.Id,
            Path = request.Path,
            State = ImageStorageState.Preparing,
        });
        return Decision.Run("image-storage.create", new ImageStorageCreate { ImageStorageId = request.Id, HostId = host.Id, Kind = request.Kind, Path = request.Path }, unit);
    }
}

/// <summary>The row is there from the moment of acceptance; a failure takes it away last.</summary>
[Step("image-storage.enter")]
internal sealed class EnterImageStorage : Step<ImageStorageCreate>
{
    public override Task Run(ImageStorageCreate create, StepContext<ImageStorageCreate> step)
    {
        step.Result(new JsonObject { ["imageStorageId"] = create.ImageStorageId.ToString() });
        return Task.CompletedTask;
    }

    public override Task Undo(ImageStorageCreate create, StepContext<ImageStorageCreate> step) => step.Call(new ForgetImageStorage(create.ImageStorageId));
}

[Step("image-storage.connect")]
internal sealed class ConnectImageStorage : Step<ImageStorageCreate>
{
    public override Id? Host(ImageStorageCreate create) => create.HostId;

    public override async Task Run(ImageStorageCreate create, StepContext<ImageStorageCreate> step)
    {
        var capacity = await step.Command(new AttachImageStorage(create.ImageStorageId, create.Kind, create.Path));
        await step.Call(new SetImageStorage(create.ImageStorageId, ImageStorageState.Ready) { Capacity = capacity });
    }

    public override Task Undo(ImageStorageCreate create, StepContext<ImageStorageCreate> step) => step.Command(new DetachImageStorage(create.ImageStorageId));
}
