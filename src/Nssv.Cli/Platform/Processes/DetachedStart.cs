using System.Collections;
using System.Runtime.InteropServices;

namespace Nssv.Cli.Platform.Processes;

/// <summary>Starts a program in a session of its own (posix_spawn(3)): no terminal, no inherited files or signals, output into a log. It outlives this process.</summary>
internal static unsafe partial class DetachedStart
{
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int WriteAppendCreate = 0x1 | 0x400 | 0x40;

    // glibc's posix_spawnattr_t has 336 bytes, its file actions 80, its sigset_t 128.
    private const int Room = 1024;

    /// <summary>Starts the program and gives its process id.</summary>
    /// <param name="variables">Added to this process's own, unless they are set there.</param>
    public static int Start(string program, IReadOnlyList<string> arguments, string logFile, IReadOnlySet<string> withoutVariables, params IReadOnlyList<(string Name, string Value)> variables)
    {
        var actions = stackalloc byte[Room];
        var attributes = stackalloc byte[Room];
        var signals = stackalloc byte[Room];
        Check(InitActions(actions), program);
        Check(InitAttributes(attributes), program);
        try
        {
            Check(AddOpen(actions, 0, "/dev/null", 0, 0), program);
            Check(AddOpen(actions, 1, logFile, WriteAppendCreate, 0x180), program);
            Check(AddDup(actions, 1, 2), program);
            Check(AddCloseFrom(actions, 3), program);
            _ = EmptySignals(signals);
            Check(SetMask(attributes, signals), program);
            _ = FillSignals(signals);
            Check(SetDefaults(attributes, signals), program);
            Check(SetFlags(attributes, SetSignalDefaults | SetSignalMask | SetSession), program);
            string?[] argv = [program, .. arguments, null];
            string?[] environment = [.. Variables(withoutVariables, variables), null];
            Check(Spawn(out var pid, program, actions, attributes, argv, environment), program);
            return pid;
        }
        finally
        {
            _ = DestroyActions(actions);
            _ = DestroyAttributes(attributes);
        }
    }

    private static IEnumerable<string> Variables(IReadOnlySet<string> without, IReadOnlyList<(string Name, string Value)> added) =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Where(pair => !without.Contains((string)pair.Key)).Select(pair => $"{pair.Key}={pair.Value}")
            .Concat(added.Where(variable => Environment.GetEnvironmentVariable(variable.Name) is null).Select(variable => $"{variable.Name}={variable.Value}"));

    private static void Check(int error, string program)
    {
        if (error != 0)
        {
            throw new PlatformException($"{program} cannot be started: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int pid, string path, byte* actions, byte* attributes, [In] string?[] argv, [In] string?[] variables);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDup(byte* actions, int descriptor, int copy);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    private static partial int AddCloseFrom(byte* actions, int from);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int EmptySignals(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int FillSignals(byte* signals);
}
