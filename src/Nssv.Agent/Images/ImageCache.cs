using Nssv.Agent.Execution;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>Brings an image into a data storage as a layer that many disks read from and nobody writes; verified against the image's manifest.</summary>
internal sealed class ImageCache(StorageRegistry storages, EngineOptions options)
{
    private const int Copied = 90;

    private static readonly TimeSpan TransferLimit = TimeSpan.FromHours(2);

    public async Task<LayerInfo> Run(CacheImage command, IProgress<int>? progress, CancellationToken cancel)
    {
        var target = storages.Data(command.DataStorageId);
        if (await target.Find(command.LayerId, cancel).ConfigureAwait(false) is { } there)
            return there;
        if (command.SourceAgentUrl is { } url)
            return await Fetch(target, command, url, progress, cancel).ConfigureAwait(false);
        var image = await storages.Images(command.ImageStorageId).Read(command.ImageId, cancel).ConfigureAwait(false);
        await using var content = image.Content;
        var format = image.Manifest.Format is ImageFormat.Iso ? VolumeFormat.Raw : VolumeFormat.Qcow2;
        return image.LocalFile is { } file
            ? await target.Import(command.LayerId, new LayerSource(file, format, image.Manifest.StoredSha256), cancel).ConfigureAwait(false)
            : await Transfer(target, command.LayerId, format, image.Manifest.StoredSha256, Measured(content, image.Manifest.StoredLength, progress), cancel).ConfigureAwait(false);
    }

    private async Task<LayerInfo> Fetch(IDataStorageDriver target, CacheImage command, string url, IProgress<int>? progress, CancellationToken cancel)
    {
        using var client = (options.PeerClient ?? throw ImageProblems.Fetch("This agent has no certificate to show to another.").AsException())();
        try
        {
            var address = new Uri(new Uri(url), $"/agent/v1/images/{command.ImageId}/content?imageStorageId={command.ImageStorageId}");
            using var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw ImageProblems.Fetch($"The host that serves the image answered {(int)response.StatusCode}.").AsException();
            var sha256 = response.Headers.TryGetValues(StoredImage.ChecksumHeader, out var values) ? values.First() : throw ImageProblems.Fetch("The host that serves the image gave no checksum.").AsException();
            var format = response.Content.Headers.ContentType?.MediaType == StoredImage.IsoMediaType ? VolumeFormat.Raw : VolumeFormat.Qcow2;
            await using var content = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            return await Transfer(target, command.LayerId, format, sha256, Measured(content, response.Content.Headers.ContentLength, progress), cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new ProblemException(ImageProblems.Fetch($"The host that serves the image: {e.Message}"), e);
        }
    }

    /// <summary>What is left when all has come (it is checked, and becomes a layer) counts for little.</summary>
    private static Stream Measured(Stream content, long? length, IProgress<int>? progress) =>
        progress is null || length is not > 0 ? content : new MeasuredStream(content, read => progress.Report((int)(Math.Min(read, length.Value) * Copied / length.Value)));

    /// <summary>Through a process of its own: should the data storage hang, that process hangs, and the agent does not.</summary>
    private static async Task<LayerInfo> Transfer(IDataStorageDriver target, Id layerId, VolumeFormat format, string sha256, Stream content, CancellationToken cancel)
    {
        var inbox = await target.Inbox(layerId, cancel).ConfigureAwait(false);
        ChildResult result;
        try
        {
            result = await ChildProcess.Run("/usr/bin/dd", [$"of={inbox}", "bs=1M", "conv=fsync,sparse", "status=none"], TransferLimit, cancel, content).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new ProblemException(ImageProblems.Fetch(e.Message), e);
        }

        if (result.ExitCode != 0)
        {
            var capacity = await target.Measure(cancel).ConfigureAwait(false);
            throw (result.Complaint.Contains("No space left", StringComparison.Ordinal) ? StorageProblems.Full("The data storage", null, capacity.AvailableBytes) : StorageProblems.Tool("dd", result.Complaint)).AsException();
        }

        return await target.Import(layerId, new LayerSource(inbox, format, sha256), cancel).ConfigureAwait(false);
    }
}
