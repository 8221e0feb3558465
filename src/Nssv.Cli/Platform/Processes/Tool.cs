using System.Diagnostics;

namespace Nssv.Cli.Platform.Processes;

/// <summary>Runs another program to its end, its arguments one by one and never by a shell.</summary>
internal static class Tool
{
    /// <summary>What the program said.</summary>
    public sealed record Outcome(int ExitCode, string Output, string Error)
    {
        public string Complaint => (Error.Trim().Length > 0 ? Error : Output).Trim();
    }

    public static async Task<Outcome> Run(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellation, params IReadOnlyList<(string Name, string? Value)> variables)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["LC_ALL"] = "C";
        start.Environment.Remove("NSSV_TOKEN");
        foreach (var (name, value) in variables)
        {
            if (value is not null)
            {
                start.Environment[name] = value;
            }
        }

        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new(process.ExitCode, await output, await error);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new PlatformException($"'{program}' cannot be run: {missing.Message}.", "'./nssv up' installs what is missing.");
        }
    }
}
