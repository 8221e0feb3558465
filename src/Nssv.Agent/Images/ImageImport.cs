using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>
/// Makes an image of what somebody gives: fetch (checksum on the way) → probe → convert into our own qcow2 as nobody → keep. The given file is never
/// run and never kept; an ISO is kept as its bytes. A repeat after success answers from the manifest.
/// </summary>
internal sealed partial class ImageImport(EngineOptions options)
{
    private const int Fetched = 60, Probed = 65, Written = 85, Converted = 95;
    private const long ConvertSlack = 64L << 20;

    private static readonly TimeSpan MeasureLimit = TimeSpan.FromMinutes(10), ConvertLimit = TimeSpan.FromHours(6), ConnectLimit = TimeSpan.FromSeconds(20);

    public async Task<ImportedImage> Run(IImageStorageDriver storage, ImportImage command, IProgress<int>? progress, CancellationToken cancel)
    {
        CheckArchitecture(command);
        var checksum = Checksum(command.Checksum);
        if (await storage.Find(command.ImageId, cancel).ConfigureAwait(false) is { } there)
            return checksum is null || checksum == there.Sha256 ? Answer(there) : throw ImageProblems.OtherContent(checksum, there.Sha256).AsException();
        var workspace = await storage.Workspace(command.ImageId, cancel).ConfigureAwait(false);
        try
        {
            // nobody passes through to the two files in it, and can make no other.
            File.SetUnixFileMode(workspace, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            var given = Path.Combine(workspace, "given");
            var sha256 = await Fetch(storage, command, given, progress, cancel).ConfigureAwait(false);
            if (checksum is not null && checksum != sha256)
                throw StorageProblems.ChecksumWrong("The given file", checksum, sha256).AsException();
            File.SetUnixFileMode(given, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            progress?.Report(Fetched);
            var virtualSize = await new ImageProbe(options.MaximumVirtualSizeBytes).Run(given, command.Format, cancel).ConfigureAwait(false);
            progress?.Report(Probed);
            var (file, stored) = command.Format is ImageFormat.Iso
                ? (given, sha256)
                : await Convert(given, Path.Combine(workspace, "ours.qcow2"), command.Format, virtualSize, progress, cancel).ConfigureAwait(false);
            progress?.Report(Converted);
            var manifest = new ImageManifest(ImageManifest.CurrentVersion, command.ImageId, command.Format is ImageFormat.Iso ? ImageFormat.Iso : ImageFormat.Qcow2,
                command.Architecture.ToString().ToLowerInvariant(), virtualSize, 0, 0, sha256, stored);
            return Answer(await storage.Keep(file, manifest, cancel).ConfigureAwait(false));
        }
        catch (Exception e) when (Posix.IsFull(e))
        {
            throw new ProblemException(StorageProblems.Full(workspace, null, new DriveInfo(workspace).AvailableFreeSpace), e);
        }
        finally
        {
            if (Directory.Exists(workspace))
                Directory.Delete(workspace, recursive: true);
        }
    }

    /// <summary>"sha256:&lt;hex&gt;" or the bare hex, as lower-case hex.</summary>
    internal static string? Checksum(string? text)
    {
        if (text is null)
            return null;
        var hex = text.StartsWith("sha256:", StringComparison.OrdinalIgnoreCase) ? text[7..] : text;
        return hex.Length == 64 && hex.All(char.IsAsciiHexDigit)
            ? hex.ToLowerInvariant()
            : throw Problems.Invalid("checksum", "It is not 'sha256:' and 64 hex digits.").AsException();
    }

    private static ImportedImage Answer(ImageManifest manifest) => new(manifest.VirtualSizeBytes, manifest.StoredSizeBytes, manifest.Sha256);

    private static void CheckArchitecture(ImportImage command)
    {
        var host = RuntimeInformation.OSArchitecture is Architecture.Arm64 ? Contracts.Inventory.Architecture.Aarch64 : Contracts.Inventory.Architecture.X86_64;
        if (command.Architecture != host)
            throw ImageProblems.Architecture(command.Architecture.ToString().ToLowerInvariant(), host.ToString().ToLowerInvariant()).AsException();
    }

    private async Task<string> Fetch(IImageStorageDriver storage, ImportImage command, string given, IProgress<int>? progress, CancellationToken cancel)
    {
        switch (command.Source)
        {
            case { Upload: true, Url: null, File: null }:
                var upload = storage.UploadFile(command.ImageId);
                if (!File.Exists(upload))
                    throw ImageProblems.UploadMissing(command.ImageId).AsException();
                // A second name: should this host fail now, the upload is still there for the next attempt.
                Posix.Link(upload, given);
                return await Hash(given, 0, Fetched, progress, cancel).ConfigureAwait(false);
            case { Upload: false, Url: { } url, File: null }:
                using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel))
                {
                    limit.CancelAfter(options.DownloadLimit);
                    return await Download(url, given, progress, limit.Token, cancel).ConfigureAwait(false);
                }

            case { Upload: false, Url: null, File: { } path }:
                await using (var file = new FileSource(options.ImportFolders).Open(path))
                    return (await Intake.Write(file, given, file.Length, options.MaximumImageBytes, progress, cancel).ConfigureAwait(false)).Sha256;
            default:
                throw ImageProblems.Source().AsException();
        }
    }

    private async Task<string> Download(string url, string given, IProgress<int>? progress, CancellationToken limit, CancellationToken cancel)
    {
        try
        {
            var (content, length, owner) = await new UrlSource(new UrlGuard(options.ImportNetworks), ConnectLimit).Open(url, limit).ConfigureAwait(false);
            using (owner)
                return (await Intake.Write(content, given, length, options.MaximumImageBytes, progress, limit).ConfigureAwait(false)).Sha256;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw ImageProblems.Fetch($"It took longer than {options.DownloadLimit.TotalMinutes:0} minutes, or the server did not answer.").AsException();
        }
    }

    private static async Task<(string File, string Sha256)> Convert(string given, string ours, ImageFormat format, long virtualSize, IProgress<int>? progress, CancellationToken cancel)
    {
        var name = format.ToString().ToLowerInvariant();
        Intake.Need(Path.GetDirectoryName(ours)!, await Measure(given, name, cancel).ConfigureAwait(false));
        await File.WriteAllBytesAsync(ours, [], cancel).ConfigureAwait(false);
        var nobody = HypervisorUser.Nobody;
        Posix.Own(ours, nobody.UserId, nobody.GroupId);
        var result = await Unprivileged.Run("/usr/bin/qemu-img", ["convert", "-p", "-f", name, "-O", "qcow2", "-o", "compat=1.1", given, ours],
            virtualSize + virtualSize / 64 + ConvertSlack, ConvertLimit, cancel, said => Tell(said, progress)).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw (result.Complaint.Contains("No space left", StringComparison.Ordinal)
                ? StorageProblems.Full(Path.GetDirectoryName(ours)!, null, new DriveInfo(Path.GetDirectoryName(ours)!).AvailableFreeSpace)
                : ImageProblems.NotRead(result.Complaint)).AsException();
        }

        // From here on it is ours: nobody could still hold it open, but nothing of that process lives.
        Posix.Own(ours, 0, 0);
        return (ours, await Hash(ours, Written, Converted, progress, cancel).ConfigureAwait(false));
    }

    private static async Task<long> Measure(string given, string format, CancellationToken cancel)
    {
        var result = await Unprivileged.Run("/usr/bin/qemu-img", ["measure", "--output=json", "-f", format, "-O", "qcow2", given], 0, MeasureLimit, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw ImageProblems.NotRead(result.Complaint).AsException();
        using var measured = JsonDocument.Parse(result.Output);
        return measured.RootElement.GetProperty("required").GetInt64();
    }

    /// <summary>qemu-img -p says "(12.34/100%)" now and then; one that is cut in two is passed over.</summary>
    private static void Tell(string said, IProgress<int>? progress)
    {
        if (Percent().Matches(said) is [.., var last])
            progress?.Report(Probed + int.Parse(last.Groups[1].Value, CultureInfo.InvariantCulture) * (Written - Probed) / 100);
    }

    [GeneratedRegex(@"\((\d{1,3})\.\d+/100%\)")]
    private static partial Regex Percent();

    private static async Task<string> Hash(string file, int from, int to, IProgress<int>? progress, CancellationToken cancel)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            hash.AppendData(buffer, 0, count);
            progress?.Report(from + (int)((to - from) * stream.Position / stream.Length));
        }

        return System.Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
