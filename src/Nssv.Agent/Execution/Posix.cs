using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nssv.Agent.Execution;

/// <summary>The few system calls that .NET does not offer. Flags are those of Linux on x86_64 and aarch64.</summary>
internal static unsafe partial class Posix
{
    public const int ENOENT = 2, EACCES = 13, EINVAL = 22, ENOSPC = 28, ELOOP = 40, EDQUOT = 122;
    private const int ReadOnly = 0, Close = 0x80000;
    private const nuint CloneRequest = 0x40049409; // FICLONE

    // O_DIRECTORY, O_NOFOLLOW and O_DIRECT are the ones whose values differ between the two architectures.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64;
    private static int Directory => Arm ? 0x4000 : 0x10000;
    private static int NoFollow => Arm ? 0x8000 : 0x20000;
    private static int Direct => Arm ? 0x10000 : 0x4000;
    private const int NonBlock = 0x800, ReadWrite = 2;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)] private static partial int open(string path, int flags, uint mode);
    [LibraryImport("libc", SetLastError = true)] private static partial int close(int fd);
    [LibraryImport("libc", SetLastError = true)] private static partial int fsync(int fd);
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)] private static partial int chown(string path, uint owner, uint group);
    [LibraryImport("libc", SetLastError = true)] private static partial int ioctl(SafeFileHandle fd, nuint request, SafeFileHandle source);
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)] private static partial int statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)] private static partial int link(string existing, string name);
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)] private static partial nint realpath(string path, nint buffer);
    [LibraryImport("libc")] private static partial void free(nint pointer);

    /// <summary>A second name for the same file.</summary>
    public static void Link(string existing, string name)
    {
        if (link(existing, name) < 0)
            throw Failure("link", existing);
    }

    /// <summary>The path with every link in it resolved; null when it names nothing.</summary>
    public static string? RealPath(string path)
    {
        var text = realpath(path, 0);
        if (text == 0)
            return null;
        try
        {
            return Marshal.PtrToStringUTF8(text);
        }
        finally
        {
            free(text);
        }
    }

    /// <summary>Makes a rename or a new name in this directory last through a power cut.</summary>
    public static void SyncFolder(string path)
    {
        var fd = open(path, ReadOnly | Directory | Close, 0);
        if (fd < 0)
            throw Failure("open", path);
        try
        {
            if (fsync(fd) < 0)
                throw Failure("fsync", path);
        }
        finally
        {
            _ = close(fd);
        }
    }

    public static void SyncFile(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Opens for reading; a symbolic link as the last part is refused (ELOOP), and a FIFO does not block.</summary>
    public static SafeFileHandle OpenNoFollow(string path)
    {
        var fd = open(path, ReadOnly | NoFollow | NonBlock | Close, 0);
        return fd < 0 ? throw Failure("open", path) : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Whether the file system takes O_DIRECT, which cache=none needs. Tried on a file of ours.</summary>
    public static bool TakesDirectIo(string existingFile)
    {
        var fd = open(existingFile, ReadWrite | Direct | Close, 0);
        if (fd < 0)
            return false;
        _ = close(fd);
        return true;
    }

    public static void Own(string path, uint user, uint group)
    {
        if (chown(path, user, group) < 0)
            throw Failure("chown", path);
    }

    /// <summary>Shares the blocks of <paramref name="source"/> (FICLONE); false where the file system cannot.</summary>
    public static bool TryClone(SafeFileHandle target, SafeFileHandle source) => ioctl(target, CloneRequest, source) == 0;

    public static FileFacts Stat(string path) => TryStat(path) ?? throw Failure("stat", path);

    /// <summary>What the path names, a link not followed; null when there is nothing.</summary>
    public static FileFacts? TryStat(string path)
    {
        const int currentFolder = -100, noFollow = 0x100;
        return Stat(currentFolder, path, noFollow);
    }

    /// <summary>What is open, whatever its name means by now.</summary>
    public static FileFacts Stat(SafeFileHandle file)
    {
        const int emptyPath = 0x1000;
        return Stat((int)file.DangerousGetHandle(), "", emptyPath)!;
    }

    private static FileFacts? Stat(int directory, string path, int flags)
    {
        const uint basic = 0x7ff;
        var buffer = stackalloc byte[256];
        if (statx(directory, path, flags, basic, buffer) < 0)
            return Marshal.GetLastPInvokeError() is ENOENT ? null : throw Failure("statx", path);
        // struct statx (linux/stat.h): uid 20, gid 24, mode 28, size 40, blocks 48.
        return new FileFacts(*(ushort*)(buffer + 28), *(long*)(buffer + 40), *(long*)(buffer + 48) * 512, *(uint*)(buffer + 20));
    }

    public static bool IsFull(Exception e) => e is IOException { HResult: ENOSPC or EDQUOT };

    public static IOException Failure(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }
}

/// <summary>The part of a file's status that matters here.</summary>
internal sealed record FileFacts(int Mode, long Size, long AllocatedBytes, uint Owner)
{
    public bool IsRegular => (Mode & 0xf000) == 0x8000;
    public bool IsFolder => (Mode & 0xf000) == 0x4000;
    public bool IsLink => (Mode & 0xf000) == 0xa000;
}
