using System.Diagnostics;

namespace Nssv.Bench.Platform;

/// <summary>Programs of this machine.</summary>
internal static class Shell
{
    /// <exception cref="InvalidOperationException">It ended with an error; what it said is in the message.</exception>
    public static async Task<string> Run(string file, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error} {await output}");
    }

    public static Task<string> Virsh(params string[] arguments) => Run("virsh", ["-c", "qemu:///system", .. arguments]);
}
