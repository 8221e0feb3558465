namespace Nssv.Tests.Data;

/// <summary>A real file system of a few megabytes in memory, and a file that fills it.</summary>
internal sealed class SmallDisk : IDisposable
{
    public SmallDisk(int mebibytes)
    {
        Folder = Directory.CreateTempSubdirectory("nssv-small-").FullName;
        PostgresServer.Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", Folder);
    }

    public string Folder { get; }

    private string Filler => $"{Folder}/filler";

    /// <summary>Takes all that is left, but for this much.</summary>
    public void Fill(int leaveBytes)
    {
        using var file = new FileStream(Filler, FileMode.Append);
        var free = new DriveInfo(Folder).AvailableFreeSpace - leaveBytes;
        for (; free >= 4096; free -= 4096)
            file.Write(new byte[4096]);
    }

    public void Free() => File.Delete(Filler);

    public void Dispose()
    {
        // Lazily: a database server may still have a file open.
        PostgresServer.Run("umount", "-l", Folder);
        Directory.Delete(Folder);
    }
}
