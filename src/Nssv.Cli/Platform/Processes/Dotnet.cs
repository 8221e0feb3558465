namespace Nssv.Cli.Platform.Processes;

/// <summary>Where the .NET host is: the one that runs this program.</summary>
internal static class Dotnet
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        if (Environment.ProcessPath is { } self && System.IO.Path.GetFileName(self) == "dotnet")
        {
            return self;
        }

        IEnumerable<string?> folders = [Environment.GetEnvironmentVariable("DOTNET_ROOT"), .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/share/dotnet", "/usr/lib/dotnet"];
        return folders.Where(folder => !string.IsNullOrEmpty(folder)).Select(folder => System.IO.Path.Combine(folder!, "dotnet")).FirstOrDefault(File.Exists)
            ?? throw new PlatformException("The .NET runtime is not found.", "Install the .NET 10 SDK, or put 'dotnet' into the PATH.");
    }
}
