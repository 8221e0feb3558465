namespace Nssv.Kernel.Data;

#pragma warning disable RS0030 // This is the seam itself: production's writer has a thread, the simulation's has none.
/// <summary>A thread of its own, so that a commit's fsync blocks nobody else.</summary>
public sealed class DedicatedThread : IWriterThread
{
    private readonly Queue<Action> _work = new();
    private readonly Thread _thread;
    private bool _stopped;

    public DedicatedThread(string name = "database writer")
    {
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    public void Post(Action work)
    {
        lock (_work)
        {
            _work.Enqueue(work);
            Monitor.Pulse(_work);
        }
    }

    private void Run()
    {
        while (true)
        {
            Action work;
            lock (_work)
            {
                while (_work.Count == 0)
                {
                    if (_stopped)
                        return;
                    Monitor.Wait(_work);
                }
                work = _work.Dequeue();
            }
            work();
        }
    }

    /// <summary>What was posted is still run.</summary>
    public void Dispose()
    {
        lock (_work)
        {
            _stopped = true;
            Monitor.Pulse(_work);
        }
        if (Thread.CurrentThread != _thread)
            _thread.Join();
    }
}
#pragma warning restore RS0030

/// <summary>
/// Posts to the caller's <see cref="SynchronizationContext"/>, so that what one round of a simulated node gives is committed together in the next;
/// without a context the work runs at once. Never another thread.
/// </summary>
public sealed class ContextThread : IWriterThread
{
    public void Post(Action work)
    {
        if (SynchronizationContext.Current is { } context)
            context.Post(static state => ((Action)state!)(), work);
        else
            work();
    }

    public void Dispose()
    {
    }
}
