using System.Security.Cryptography;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;
using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>Writes a stream to a file while its checksum is taken; stops at the limit, at silence, and before the storage is full to the brim.</summary>
internal static class Intake
{
    private const int Chunk = 1 << 20;
    private const long Margin = 16L << 20;

    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(60);

    /// <param name="expected">Bytes to come, when that is known: checked against the free space before the first is read, and against what came.</param>
    public static async Task<(long Length, string Sha256)> Write(Stream content, string file, long? expected, long limit, IProgress<int>? progress, CancellationToken cancel)
    {
        var folder = Path.GetDirectoryName(file)!;
        if (expected > limit)
            throw ImageProblems.TooLarge(limit).AsException();
        Need(folder, expected ?? 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Chunk];
        long length = 0;
        try
        {
            await using var target = new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0, Options = FileOptions.Asynchronous, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            int count;
            while ((count = await Read(content, buffer, cancel).ConfigureAwait(false)) > 0)
            {
                length += count;
                if (length > limit)
                    throw ImageProblems.TooLarge(limit).AsException();
                if ((length & ~(64L * Chunk - 1)) != ((length - count) & ~(64L * Chunk - 1)))
                    Need(folder, 0);
                hash.AppendData(buffer, 0, count);
                await target.WriteAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
                progress?.Report(expected > 0 ? (int)(length * 60 / expected.Value) : 0);
            }

            if (expected is { } all && all != length)
                throw ImageProblems.UploadCut(all, length).AsException();
            target.Flush(flushToDisk: true);
            return (length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (Exception e)
        {
            File.Delete(file);
            if (Posix.IsFull(e))
                throw new ProblemException(StorageProblems.Full(folder, expected, new DriveInfo(folder).AvailableFreeSpace), e);
            throw;
        }
    }

    public static void Need(string folder, long bytes)
    {
        var available = new DriveInfo(folder).AvailableFreeSpace;
        if (available < bytes + Margin)
            throw StorageProblems.Full(folder, bytes + Margin, available).AsException();
    }

    private static async Task<int> Read(Stream content, byte[] buffer, CancellationToken cancel)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silence.CancelAfter(SilenceLimit);
        try
        {
            return await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, silence.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw ImageProblems.Fetch($"Nothing came for {SilenceLimit.TotalSeconds:0} s.").AsException();
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !Posix.IsFull(e))
        {
            throw new ProblemException(ImageProblems.Fetch(e.Message), e);
        }
    }
}
