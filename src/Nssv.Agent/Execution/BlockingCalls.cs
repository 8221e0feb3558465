using System.Collections.Concurrent;

namespace Nssv.Agent.Execution;

/// <summary>
/// A few threads of its own for calls that block (libvirt, a file system that may hang), so that a call that never returns costs one of these
/// threads and not the heartbeat's. Threads are made when work finds none idle, up to the bound.
/// </summary>
internal sealed class BlockingCalls(string name, int threads) : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Lock _gate = new();
    private int _started;
    private int _idle;

    /// <summary>Runs the call on one of the threads. Past the deadline the caller gets a <see cref="TimeoutException"/>; the call itself cannot be stopped.</summary>
    public Task<T> Run<T>(Func<T> call, TimeSpan deadline, CancellationToken cancel)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            if (cancel.IsCancellationRequested)
            {
                done.TrySetCanceled(cancel);
                return;
            }

            try
            {
                done.TrySetResult(call());
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }, CancellationToken.None);
        Grow();
        return done.Task.WaitAsync(deadline, cancel);
    }

    public void Dispose() => _work.CompleteAdding();

    private void Grow()
    {
        lock (_gate)
        {
            if (_started == threads || _idle >= _work.Count)
                return;
            _started++;
            new Thread(Loop) { IsBackground = true, Name = $"{name} {_started}" }.Start();
        }
    }

    private void Loop()
    {
        while (true)
        {
            lock (_gate)
                _idle++;
            var taken = _work.TryTake(out var action, Timeout.Infinite);
            lock (_gate)
                _idle--;
            if (!taken)
                return;
            action!();
        }
    }
}
