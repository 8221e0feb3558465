namespace Nssv.Cli;

/// <summary>The command line asks for something that cannot be meant; found before anything is sent.</summary>
internal sealed class UsageException(string message, string? advice = null) : Exception(message)
{
    public string? Advice { get; } = advice;
}
