namespace Nssv.Cli.Platform.Start;

/// <summary>One start, stop or purge of an instance at a time.</summary>
internal static class StartLock
{
    public static IDisposable Take(InstanceHome home)
    {
        try
        {
            return new FileStream(home.At("run", "up.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy) when (busy is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new PlatformException($"Another 'nssv up' or 'nssv down' of {home.Root} is at work.", "Wait until it has ended, then repeat the command.");
        }
    }
}
