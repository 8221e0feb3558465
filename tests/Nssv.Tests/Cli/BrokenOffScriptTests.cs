using System.Diagnostics;
using System.Globalization;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>The script, told to stop while a long command of its runs.</summary>
public sealed class BrokenOffScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-script-").FullName;

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public async Task What_it_runs_ends_first_and_clears_up(string signal, int code)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Nssv.slnx")))
            root = root.Parent ?? throw new InvalidOperationException("run it inside the repository");
        Directory.CreateDirectory(Path.Combine(_folder, "deploy"));
        File.Copy(Path.Combine(root.FullName, "deploy", "common.sh"), Path.Combine(_folder, "deploy", "common.sh"));
        // As the installation of packages: what is under way is ended, and what was put in its way taken out again.
        const string script = """
            source deploy/common.sh
            work() { trap 'echo cleared >cleared' EXIT; trap 'exit 143' TERM; echo begun >begun.new; mv begun.new begun; sleep 2; echo ended >ended; }
            progress "Working" work
            """;
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = _folder, RedirectStandardError = true })!;
        await Poll.Until("the command runs", () => Task.FromResult(File.Exists(Path.Combine(_folder, "begun"))));

        using (var kill = Process.Start("kill", ["-" + signal, bash.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();

        var error = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
        bash.ExitCode.ShouldBe(code);
        error.ShouldEndWith("Stopping ...\n");
        File.Exists(Path.Combine(_folder, "cleared")).ShouldBeTrue();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
