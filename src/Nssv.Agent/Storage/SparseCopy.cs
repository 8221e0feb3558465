using Microsoft.Win32.SafeHandles;

namespace Nssv.Agent.Storage;

/// <summary>Copies a file so that blocks of zeros become holes.</summary>
internal static class SparseCopy
{
    private const int Block = 64 * 1024, Chunk = 1 << 20;

    public static async Task Run(SafeFileHandle from, SafeFileHandle to, CancellationToken cancel)
    {
        var buffer = new byte[Chunk];
        long at = 0;
        int count;
        while ((count = await RandomAccess.ReadAsync(from, buffer, at, cancel).ConfigureAwait(false)) > 0)
        {
            for (var offset = 0; offset < count; offset += Block)
            {
                var part = buffer.AsMemory(offset, Math.Min(Block, count - offset));
                if (part.Span.ContainsAnyExcept((byte)0))
                    await RandomAccess.WriteAsync(to, part, at + offset, cancel).ConfigureAwait(false);
            }

            at += count;
        }

        RandomAccess.SetLength(to, at);
    }
}
