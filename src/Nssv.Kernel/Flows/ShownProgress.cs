namespace Nssv.Kernel.Flows;

/// <summary>
/// Shows how far a command is while its step waits for it: the newest figure, one write at a time, and not many of them. What is shown is no reason for a step to
/// fail: whatever is wrong with the database, the journal finds out.
/// </summary>
/// <param name="show">Writes it; takes percent of the step.</param>
internal sealed class ShownProgress(Func<int, Task> show, TimeProvider time)
{
    /// <summary>After each write.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task _write = Task.CompletedTask;
    private int _told;
    private int _shown;
    private bool _busy;
    private bool _over;

    /// <summary>Returns at once. A figure that is late changes nothing.</summary>
    public void Tell(int percent)
    {
        lock (_gate)
        {
            if (_over || percent <= _told)
                return;
            _told = percent;
            if (_busy)
                return;
            _busy = true;
            _write = Write();
        }
    }

    /// <summary>From here on nothing more is written: the journal alone writes the operation's row.</summary>
    public Task End()
    {
        lock (_gate)
        {
            _over = true;
            return _write;
        }
    }

    private async Task Write()
    {
        await Task.Yield();
        lock (_gate)
        {
            if (_over)
                return;
            _shown = _told;
        }

        try
        {
            await show(_shown);
        }
        catch (Exception)
        {
            // See above.
        }

        _ = Again();
    }

    private async Task Again()
    {
        await Task.Delay(Pause, time);
        lock (_gate)
        {
            _busy = _told > _shown;
            if (_busy)
                _write = Write();
        }
    }
}
