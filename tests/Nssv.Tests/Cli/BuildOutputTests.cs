using System.Diagnostics;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>The script's build, with a compiler that only talks.</summary>
public sealed partial class BuildOutputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-build-").FullName;

    [Fact]
    public async Task What_the_compiler_says_is_shown_only_when_it_fails()
    {
        LayOut();
        var (code, error) = await Build("echo 'a.cs -> a.dll'");
        (code, Seconds().Replace(error, "N s")).ShouldBe((0, "Building nSSV ...\nBuilding nSSV: done in N s\n"));
        (await Build("exit 1")).ShouldBe((0, ""), "nothing has changed since");

        await File.WriteAllTextAsync(Path.Combine(_folder, "src", "b.cs"), "");
        (code, error) = await Build("echo 'b.cs(1,1): error CS1002'; exit 1");
        code.ShouldBe(1);
        error.ShouldContain("  | b.cs(1,1): error CS1002\n");
        error.ShouldContain("The build failed; its errors are above.");
        (await Build("exit 1")).Code.ShouldBe(1, "what failed was not built");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void LayOut()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Nssv.slnx")))
            root = root.Parent ?? throw new InvalidOperationException("run it inside the repository");
        foreach (var name in (string[])["deploy", "src", "tests", "bench", "bin"])
            Directory.CreateDirectory(Path.Combine(_folder, name));
        foreach (var name in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "Nssv.slnx"])
            File.WriteAllText(Path.Combine(_folder, name), "");
        foreach (var name in (string[])["common.sh", "dotnet.sh"])
            File.Copy(Path.Combine(root.FullName, "deploy", name), Path.Combine(_folder, "deploy", name));
    }

    private async Task<(int Code, string Error)> Build(string compiler)
    {
        var dotnet = Path.Combine(_folder, "bin", "dotnet");
        await File.WriteAllTextAsync(dotnet, $"#!/bin/sh\nif [ \"$1\" = --list-sdks ]; then echo '10.0.100 [x]'; exit; fi\n{compiler}\n");
        File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo("bash", ["-c", "source deploy/common.sh; source deploy/dotnet.sh; build product"]) { WorkingDirectory = _folder, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_folder}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        using var bash = Process.Start(start)!;
        var error = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return (bash.ExitCode, error);
    }

    [GeneratedRegex(@"\d+ s\b")]
    private static partial Regex Seconds();
}
