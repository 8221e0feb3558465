namespace Nssv.Cli.Platform;

/// <summary>The local instance cannot be brought where it was asked to be.</summary>
/// <param name="cause">What is in the way.</param>
/// <param name="advice">What the administrator can do.</param>
/// <param name="logLines">The last lines that the program at fault wrote.</param>
internal sealed class PlatformException(string cause, string? advice = null, IReadOnlyList<string>? logLines = null) : Exception(cause)
{
    public string Title { get; init; } = "The instance is not as it should be";

    public string? Advice { get; } = advice;

    public IReadOnlyList<string> LogLines { get; } = logLines ?? [];

    public int ExitCode { get; init; } = Cli.ExitCode.Failure;
}
