namespace Nssv.Cli;

/// <summary>What the shell learns.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The server refused, the operation failed, or the server cannot be reached.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>'nssv status': there is no instance, or the manager or the agent does not run, or is not well. As systemctl has it.</summary>
    public const int NotRunning = 3;

    /// <summary>Stopped by Ctrl-C (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
