using System.Collections.Concurrent;

namespace Nssv.Kernel.Mailboxes;

/// <summary>
/// Runs turns: one at a time for a resource, in the order in which they came, many resources at once.
/// A mailbox exists only while it has work. A turn never waits for another mailbox.
/// </summary>
public sealed class MailboxSet
{
    private readonly ConcurrentDictionary<Id, Mailbox> _mailboxes = new();
    private int _waiting;

    /// <summary>Turns that wait for their resource, over all of them.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Runs <paramref name="turn"/> alone on <paramref name="target"/>; its exception is the caller's.</summary>
    public Task<T> Run<T>(Id target, Func<Task<T>> turn)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Increment(ref _waiting);
        async Task Take()
        {
            Interlocked.Decrement(ref _waiting);
            try
            {
                done.SetResult(await turn());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }

        while (true)
        {
            var mailbox = _mailboxes.GetOrAdd(target, static _ => new Mailbox());
            if (mailbox.TryEnqueue(Take, out var mustPump))
            {
                if (mustPump)
                    _ = Pump(target, mailbox);
                return done.Task;
            }
        }
    }

    private async Task Pump(Id target, Mailbox mailbox)
    {
        while (mailbox.TryNext(out var turn))
            await turn();
        _mailboxes.TryRemove(new KeyValuePair<Id, Mailbox>(target, mailbox));
    }

    /// <summary>A queue and a running flag. Once it has run empty it is closed, and the next turn makes a new one.</summary>
    private sealed class Mailbox
    {
        private readonly Queue<Func<Task>> _turns = new();
        private bool _running;
        private bool _closed;

        public bool TryEnqueue(Func<Task> turn, out bool mustPump)
        {
            lock (_turns)
            {
                mustPump = false;
                if (_closed)
                    return false;
                _turns.Enqueue(turn);
                mustPump = !_running;
                _running = true;
                return true;
            }
        }

        public bool TryNext(out Func<Task> turn)
        {
            lock (_turns)
            {
                if (_turns.TryDequeue(out turn!))
                    return true;
                _closed = true;
                return false;
            }
        }
    }
}
