namespace Nssv.Cli.Platform.Start;

/// <summary>One start, stop or purge of an instance at a time.</summary>
internal static class StartLock
{
    /// <summary>EAGAIN: somebody else holds the lock of a file (flock(2)).</summary>
    private const int TryAgain = 11;

    public static IDisposable Take(InstanceHome home)
    {
        try
        {
            return new FileStream(home.At("run", "up.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy) when (busy.HResult == TryAgain)
        {
            throw new PlatformException($"Another 'nssv up' or 'nssv down' of {home.Root} is at work.", "Wait until it has ended, then repeat the command.");
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new PlatformException($"{home.Root} cannot be written: {unwritable.Message}", "Mend its permissions, or free space on its disk, then repeat the command.");
        }
    }
}
