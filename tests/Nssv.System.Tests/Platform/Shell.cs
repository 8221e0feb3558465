using System.Diagnostics;
using System.Text;
using Shouldly;

namespace Nssv.System.Tests.Platform;

/// <summary>Runs programs of this machine, to their end or in a dialogue.</summary>
public static class Shell
{
    public const int Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    public sealed record Result(int ExitCode, string Output, string Error);

    public static async Task<Result> Run(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Begin(program, arguments, environment);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Instance.Patience * 2);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end; it said: {await output}\n{await error}");
        }

        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a program that must succeed; gives what it printed.</summary>
    public static string Do(string program, params string[] arguments)
    {
        using var process = Begin(program, arguments, null);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{output}\n{error.Result}");
        return output;
    }

    public static string Virsh(params string[] arguments) => Do("virsh", ["-q", "-c", "qemu:///system", .. arguments]);

    public static void Signal(int pid, int signal) => Do("kill", $"-{signal}", $"{pid}");

    public static bool Runs(int pid) => ReadOrEmpty($"/proc/{pid}/stat") is { Length: > 0 } stat && stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');

    /// <summary>The file's text; nothing when it is gone.</summary>
    public static string ReadOrEmpty(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Process Begin(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in new[] { "NSSV_DATABASE", "NSSV_SERVER", "NSSV_TOKEN", "NSSV_CA" })
            start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>A program that is talked to while it runs.</summary>
    public sealed class Dialogue(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment) : IAsyncDisposable
    {
        private readonly Process _process = Begin(program, arguments, environment);
        private readonly StringBuilder _said = new();

        public async Task Say(string text)
        {
            await _process.StandardInput.WriteAsync(text);
            await _process.StandardInput.FlushAsync();
        }

        /// <summary>What it says until this text comes; what comes after it is kept for the next call.</summary>
        public async Task<string> Until(string text)
        {
            var buffer = new char[4096];
            using var deadline = new CancellationTokenSource(Instance.Patience);
            try
            {
                int at;
                while ((at = _said.ToString().IndexOf(text, StringComparison.Ordinal)) < 0)
                {
                    var count = await _process.StandardOutput.ReadAsync(buffer, deadline.Token);
                    if (count == 0)
                        throw new InvalidOperationException($"It ended before it said '{text}'; it said: {_said} {await _process.StandardError.ReadToEndAsync(deadline.Token)}");
                    _said.Append(buffer, 0, count);
                }

                var said = _said.ToString(0, at + text.Length);
                _said.Remove(0, at + text.Length);
                return said;
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"It did not say '{text}' within {Instance.Patience.TotalSeconds} s; it said: {_said}");
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }
}
