using System.Runtime.InteropServices;
using Nssv.Cli.Platform;

namespace Nssv.Cli.Commands.Vm;

/// <summary>The terminal in raw mode (termios(3)): keys come one by one and unchanged. Disposing it, or the end of the process, restores what was.</summary>
internal sealed partial class RawTerminal : IDisposable
{
    private const int Input = 0;
    private const int AfterOutput = 1;

    // struct termios is 60 bytes with glibc and musl; the room to spare costs nothing.
    private const int TermiosSize = 256;
    private readonly byte[] before;
    private int restored;

    private RawTerminal(byte[] before)
    {
        this.before = before;
        AppDomain.CurrentDomain.ProcessExit += Restore;
    }

    public static RawTerminal Enter()
    {
        var now = new byte[TermiosSize];
        if (GetAttributes(Input, now) != 0)
        {
            throw new PlatformException("The terminal's settings cannot be read.", "Pipe the input instead, or run this in another terminal.");
        }

        var terminal = new RawTerminal(now);
        var raw = (byte[])now.Clone();
        MakeRaw(raw);
        if (SetAttributes(Input, AfterOutput, raw) != 0)
        {
            terminal.Dispose();
            throw new PlatformException("The terminal cannot be put into raw mode.");
        }

        return terminal;
    }

    /// <summary>Waits for keys; 0 when the terminal is gone.</summary>
    public int Read(byte[] buffer)
    {
        nint read;
        do
        {
            read = ReadBytes(Input, buffer, buffer.Length);
        }
        while (read < 0 && Marshal.GetLastPInvokeError() == 4 && restored == 0);

        return (int)Math.Max(read, 0);
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
    }

    private void Restore(object? sender, EventArgs e)
    {
        if (Interlocked.Exchange(ref restored, 1) == 0)
        {
            _ = SetAttributes(Input, AfterOutput, before);
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int descriptor, byte[] termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int descriptor, int when, byte[] termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte[] termios);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadBytes(int descriptor, byte[] buffer, nint count);
}
