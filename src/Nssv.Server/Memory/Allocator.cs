using System.Runtime.InteropServices;

namespace Nssv.Server.Memory;

/// <summary>The C library's memory, of which OpenSSL and SQLite have theirs.</summary>
internal static partial class Allocator
{
    private const int ArenaMax = -8; // M_ARENA_MAX, mallopt(3)
    private const int Arenas = 2;

    /// <summary>A pool of memory for each thread that ever asked for some, up to eight a processor, is more than a manager needs. As MALLOC_ARENA_MAX, but however it was started.</summary>
    public static void FewArenas() => _ = SetOption(ArenaMax, Arenas);

    /// <summary>Gives free pages back to the system, also those between others in use (malloc_trim(3)).</summary>
    public static void Trim() => _ = Trim(0);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
