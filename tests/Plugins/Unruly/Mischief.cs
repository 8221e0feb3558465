namespace Unruly;

/// <summary>Everything that a plugin may do to its host.</summary>
internal sealed class Mischief(string folder)
{
    private readonly List<byte[]> _kept = [];

    /// <summary>As the file says now; "well" without one.</summary>
    public string Mode
    {
        get
        {
            var file = Path.Combine(folder, "mode");
            return File.Exists(file) ? File.ReadAllText(file).Trim() : "well";
        }
    }

    public void Write(string file, string line) => File.AppendAllText(Path.Combine(folder, file), line + "\n");

    public async Task Make(CancellationToken cancelled)
    {
        switch (Mode.Replace("-not-needed", "", StringComparison.Ordinal))
        {
            case "throws":
                throw new InvalidOperationException("it throws");
            case "waits":
                await Task.Delay(Timeout.Infinite, cancelled);
                break;
            case "hangs":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "orphans":
                // A child of its own session keeps the pipes, and is not ended with the process.
                using (var child = System.Diagnostics.Process.Start("/bin/sh", ["-c", "setsid sleep 120 & echo $! > \"$1\"", "sh", Path.Combine(folder, "orphan")]))
                    await child.WaitForExitAsync(CancellationToken.None);
                Thread.Sleep(Timeout.Infinite);
                break;
            case "leaks":
                for (var i = 0; i < 4_096; i++)
                {
                    _kept.Add(new byte[1 << 20]);
                    Array.Fill<byte>(_kept[^1], 1);
                }

                break;
            case "exits":
                Environment.Exit(7);
                break;
            case "overflows":
                Overflow(1);
                break;
            case "shouts":
                using (var output = Console.OpenStandardOutput())
                    output.Write("this is no answer\n{\"id\":\"neither\"}\n"u8);
                for (var i = 0; i < 5_000; i++)
                    Console.WriteLine($"noise {i}");
                break;
        }
    }

    private static int Overflow(int depth) => depth > 0 ? Overflow(depth + 1) + depth : 0;
}
