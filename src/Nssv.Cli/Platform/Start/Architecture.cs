using System.Runtime.InteropServices;

namespace Nssv.Cli.Platform.Start;

/// <summary>This machine's architecture as the API spells it.</summary>
internal static class Architecture
{
    public static string OfThisMachine => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "x86_64",
        System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
        var other => throw new PlatformException($"Machines of the architecture {other} are not supported."),
    };
}
