using System.Text.Json.Nodes;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Images.Images;

/// <summary>Context of "image.create".</summary>
[FlowContext]
internal sealed record ImageCreate
{
    public required Id ImageId { get; init; }
    public required Id ImageStorageId { get; init; }
    public required Id HostId { get; init; }
    public required ImageKind Kind { get; init; }
    public required ImageFormat Format { get; init; }
    public required Architecture Architecture { get; init; }

    /// <summary>A URL without its query, which is a secret of the image's row.</summary>
    public required ImageSource Source { get; init; }

    public string? Checksum { get; init; }

    /// <summary>What the host found; set when it has taken the image in.</summary>
    public ImportedImage? Imported { get; init; }

    public bool Upload => Source.Upload;
}

/// <summary>The row is there from the moment of acceptance; a failure takes it away last, when no file is left.</summary>
[Step("image.enter")]
internal sealed class EnterImage : Step<ImageCreate>
{
    public override Task Run(ImageCreate create, StepContext<ImageCreate> step)
    {
        step.Result(new JsonObject { ["imageId"] = create.ImageId.ToString() });
        return Task.CompletedTask;
    }

    public override Task Undo(ImageCreate create, StepContext<ImageCreate> step) => step.Call(new ForgetImage(create.ImageId));
}

/// <summary>Waits until the host has all the bytes.</summary>
[Step("image.await-upload")]
internal sealed class AwaitUpload : Step<ImageCreate>
{
    public override Id? Host(ImageCreate create) => create.HostId;

    public override Task Run(ImageCreate create, StepContext<ImageCreate> step) =>
        step.Wait(async () => (await step.Store.Get<Image>(create.ImageId)).State != ImageState.Uploading);

    public override Task Undo(ImageCreate create, StepContext<ImageCreate> step) => step.Command(new DeleteImage(create.ImageStorageId, create.ImageId));
}

/// <summary>The host fetches, checks and converts.</summary>
[Step("image.import")]
internal sealed class Import : Step<ImageCreate>
{
    public override Id? Host(ImageCreate create) => create.HostId;

    public override async Task Run(ImageCreate create, StepContext<ImageCreate> step)
    {
        await step.Call(new SetImageState(create.ImageId, ImageState.Importing));
        var source = SourceUrl.Join(create.Source, (await step.Store.Get<Image>(create.ImageId)).SourceQuery);
        var imported = await step.Command(new ImportImage(create.ImageStorageId, create.ImageId, create.Format, create.Kind, create.Architecture, source, create.Checksum));
        step.Save(create with { Imported = imported });
    }

    public override Task Undo(ImageCreate create, StepContext<ImageCreate> step) => step.Command(new DeleteImage(create.ImageStorageId, create.ImageId));
}

/// <summary>From here on machines may be made from it.</summary>
[Step("image.finish")]
internal sealed class FinishImage : Step<ImageCreate>
{
    public override Task Run(ImageCreate create, StepContext<ImageCreate> step) => step.Call(new SetImageReady(create.ImageId, create.Imported!));

    public override Task Undo(ImageCreate create, StepContext<ImageCreate> step) => step.Call(new SetImageState(create.ImageId, ImageState.Importing));
}
