namespace Nssv.Server.Plugins;

/// <summary>How many lines a plugin gets into the manager's log: so many in a time, what is more is dropped.</summary>
internal sealed class LogLimit(TimeProvider time)
{
    private const int Lines = 100;
    private static readonly TimeSpan In = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _since;
    private int _taken;

    public bool Takes()
    {
        lock (_gate)
        {
            if (_taken == 0 || time.GetElapsedTime(_since) > In)
                (_since, _taken) = (time.GetTimestamp(), 0);
            return ++_taken <= Lines;
        }
    }
}
