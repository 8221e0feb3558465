using System.Diagnostics;
using System.Text;

namespace Nssv.Agent.Execution;

/// <summary>How a program ended and what it said (each stream cut at 64 KiB).</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Error)
{
    /// <summary>Its last line of complaint: what a person should read.</summary>
    public string Complaint => (Error.Length > 0 ? Error : Output).Trim().Split('\n')[^1];
}

/// <summary>Runs programs by argument list, never by a shell, with a clean environment and a deadline after which the program and its children are killed.</summary>
internal static class ChildProcess
{
    private const int Limit = 64 * 1024;

    /// <param name="said">Gets what the program writes to its standard output as it comes, cut anywhere.</param>
    public static async Task<ChildResult> Run(string program, IReadOnlyList<string> arguments, TimeSpan deadline, CancellationToken cancel, Stream? input = null, Action<string>? said = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(deadline);
        try
        {
            var output = Read(process.StandardOutput, limit.Token, said);
            var error = Read(process.StandardError, limit.Token);
            try
            {
                if (input is not null)
                    await input.CopyToAsync(process.StandardInput.BaseStream, 1 << 20, limit.Token).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException) when (process.HasExited || process.WaitForExit(1000))
            {
                // It ended before it had read everything: its exit code says why.
            }

            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return new ChildResult(process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch
        {
            Kill(process);
            if (!cancel.IsCancellationRequested && limit.IsCancellationRequested)
                throw new TimeoutException($"{Path.GetFileName(program)} did not end within {deadline.TotalSeconds:0} s and was killed.");
            throw;
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }

    private static async Task<string> Read(StreamReader reader, CancellationToken cancel, Action<string>? said = null)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            said?.Invoke(new string(buffer, 0, count));
            if (text.Length < Limit)
                text.Append(buffer, 0, count);
        }

        return text.ToString();
    }
}
