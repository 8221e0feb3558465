using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data;

/// <summary>
/// The one writer of a node. Units are compiled where they are given, queued, and committed in groups: whatever has gathered while the last commit was on its way to the disk
/// goes into the next transaction. If a unit of a group fails, the group is rolled back and its units run one by one, so each gets its own answer.
/// </summary>
public sealed class Writer : IWriter, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Database _database;
    private readonly MemberFence _fence;
    private readonly WriterOptions _options;
    private readonly IWriterThread _thread;
    private readonly UnitCompiler _compiler;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Committer? _committer;
    private Queue<Pending> _queue = new();
    private long _committedUnits;
    private bool _scheduled;
    private bool _crashed;
    private bool _disposed;
    private FencedException? _fenced;

    /// <param name="fence">From <see cref="MemberFence.Acquire"/>: this start's right to write.</param>
    public Writer(Database database, MemberFence fence, WriterOptions? options = null)
    {
        _database = database;
        _fence = fence;
        _options = options ?? new();
        _thread = _options.Thread ?? new DedicatedThread();
        _compiler = new(database.Models);
        _options.Metrics?.Watch(this);
    }

    /// <summary>Units that wait to be committed.</summary>
    public int Queued
    {
        get
        {
            lock (_gate)
                return _queue.Count;
        }
    }

    /// <summary>Units committed since the start.</summary>
    public long CommittedUnits => Volatile.Read(ref _committedUnits);

    private sealed record Pending(CompiledUnit Unit, TaskCompletionSource<long> Done);

    /// <inheritdoc/>
    public Task<long> Commit(UnitOfWork unit)
    {
        var compiled = _compiler.Compile(unit, _options.Time.GetUtcNow());
        if (compiled.Statements.Count == 0 && compiled.Events.Count == 0)
            return Task.FromResult(0L);
        // Continuations go to the caller's context or to the pool, never into the next batch's way.
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool post;
        lock (_gate)
        {
            if (_fenced is not null)
                return Task.FromException<long>(_fenced);
            // Whoever drops a hold gives the shard away by a unit of its own, which comes after everything that got past here.
            if (unit.Hold is { IsDropped: true } || unit.CallerHold is { IsDropped: true })
                return Task.FromException<long>(new NotOwnerException());
            if (_disposed)
                return Task.FromException<long>(Problems.Unavailable("The manager is stopping.").AsException());
            if (_queue.Count >= _options.QueuedUnits)
                return Task.FromException<long>(Problems.Unavailable($"{_queue.Count} changes already wait for the database.").AsException());
            _queue.Enqueue(new(compiled, done));
            post = !_scheduled;
            _scheduled = true;
        }
        if (post)
            _thread.Post(Run);
        return done.Task;
    }

    private void Run()
    {
        while (Take() is { } batch)
        {
            try
            {
                CommitBatch(batch);
            }
            catch (Exception error)
            {
                // An error of the writer itself: whether the batch is there is not known, so say that.
                Fail(batch, new OutcomeUnknownException("The writer failed", error));
                Report(error);
            }
        }
    }

    private List<Pending>? Take()
    {
        lock (_gate)
        {
            if (_crashed)
                return null;
            if (_queue.Count == 0)
            {
                _scheduled = false;
                if (_disposed)
                    _drained.TrySetResult();
                return null;
            }
            var batch = new List<Pending>(Math.Min(_queue.Count, _options.BatchUnits));
            while (batch.Count < _options.BatchUnits && _queue.TryDequeue(out var pending))
                batch.Add(pending);
            return batch;
        }
    }

    private void CommitBatch(List<Pending> batch)
    {
        if (_fenced is not null)
        {
            Fail(batch, _fenced);
            return;
        }
        switch (_options.Faults?.BeforeBatch(batch.Count))
        {
            case CommitFault.Crash:
                Crash();
                return;
            case CommitFault.Lost:
                Fail(batch, new OutcomeUnknownException("The connection to the database was lost"));
                return;
        }
        var began = _options.Time.GetTimestamp();
        try
        {
            (_committer ??= _database.CreateCommitter(_fence)).Commit(batch.ConvertAll(pending => pending.Unit));
            Interlocked.Add(ref _committedUnits, batch.Count);
            _options.Metrics?.Committed(batch.Count, _options.Time.GetElapsedTime(began));
        }
        catch (FencedException error)
        {
            lock (_gate)
                _fenced = error;
            Fail(batch, error);
            _options.Fenced?.Invoke(error);
            return;
        }
        catch (Exception error) when (error is OutcomeUnknownException or ProblemException { Problem.Code: "unavailable" })
        {
            _options.Metrics?.Failed();
            Release(committer => committer.Reset());
            Fail(batch, error);
            return;
        }
        catch (Exception error)
        {
            _options.Metrics?.Failed();
            if (batch.Count == 1)
            {
                Fail(batch, error);
                return;
            }
            foreach (var pending in batch)
            {
                if (_crashed)
                    return;
                CommitBatch([pending]);
            }
            return;
        }
        switch (_options.Faults?.AfterCommit(batch.Count))
        {
            case CommitFault.Crash:
                Crash();
                return;
            case CommitFault.Lost:
                Fail(batch, new OutcomeUnknownException("The connection to the database was lost"));
                return;
        }
        Tell(batch);
        foreach (var (unit, done) in batch)
            done.TrySetResult(unit.LastSequence);
    }

    private void Tell(List<Pending> batch)
    {
        if (_options.Observers.Count == 0)
            return;
        List<Event> events = [.. batch.SelectMany(pending => pending.Unit.Committed())];
        if (events.Count == 0)
            return;
        foreach (var observer in _options.Observers)
        {
            try
            {
                observer.Committed(events);
            }
            catch (Exception error)
            {
                Report(error);
            }
        }
    }

    private void Report(Exception error) => _options.Failed?.Invoke(error);

    private void Crash()
    {
        lock (_gate)
        {
            _crashed = true;
            _queue = new();
        }
    }

    private void Release(Action<Committer> how)
    {
        try
        {
            if (_committer is not null)
                how(_committer);
        }
        catch (Exception error)
        {
            Report(error);
        }
    }

    private static void Fail(List<Pending> batch, Exception error)
    {
        foreach (var (_, done) in batch)
            done.TrySetException(error);
    }

    /// <summary>Commits what is queued, then ends the thread; what comes later is refused.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (!_scheduled || _crashed)
                _drained.TrySetResult();
        }
        await _drained.Task;
        _thread.Dispose();
        Release(committer => committer.Dispose());
    }
}
