using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Postgres;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>Where a test's database comes from.</summary>
public interface ITestDatabase : IAsyncDisposable
{
    /// <summary>A second opening of the same database, as another process would have it.</summary>
    Database Open(ResourceModels models);
}

internal sealed class SqliteFile : ITestDatabase
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-sqlite-").FullName;

    public string Path => $"{_folder}/test.db";

    public Database Open(ResourceModels models) => SqliteDatabase.OpenUnlocked(Path, models);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

internal sealed class PostgresTestDatabase(string url) : ITestDatabase
{
    public string Url => url;

    public string Name => new Uri(url).AbsolutePath[1..];

    public Database Open(ResourceModels models) => PostgresDatabase.Open(url, models);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A database with the sample's tables, a writer and a store. Each group of tests is written once and run on both databases.</summary>
public abstract class DatabaseTest : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _open = [];

    private protected ITestDatabase Place { get; private set; } = null!;
    private protected Database Database { get; private set; } = null!;
    private protected Store Store { get; private set; } = null!;
    private protected Writer Writer { get; private set; } = null!;

    protected abstract Task<ITestDatabase> Make();

    /// <summary>Schema of the sample; tests of the schema itself make their own.</summary>
    protected virtual bool WithSchema => true;

    public virtual async ValueTask InitializeAsync()
    {
        Place = await Make();
        Database = Opened(Place.Open(Sample.Models));
        Store = new(Database);
        if (!WithSchema)
            return;
        Schema.CreateFromModel(Database);
        Writer = NewWriter();
    }

    /// <summary>A writer of a new generation; every earlier one is fenced.</summary>
    private protected Writer NewWriter(WriterOptions? options = null) => Opened(new Writer(Database, MemberFence.Acquire(Database, Sample.Manager, TimeProvider.System), options));

    private protected T Opened<T>(T item) where T : IAsyncDisposable
    {
        _open.Add(item);
        return item;
    }

    private protected async Task<Rack> AddRack(string name = "rack")
    {
        var rack = Sample.Rack(name);
        await Writer.Commit(new UnitOfWork().Insert(rack));
        return rack;
    }

    private protected async Task<Machine> AddMachine(string name = "machine")
    {
        var machine = Sample.Machine(await AddRack(), name);
        await Writer.Commit(new UnitOfWork().Insert(machine));
        return await Store.Get<Machine>(machine.Id);
    }

    private protected async Task<IReadOnlyList<Event>> Events() => await Store.List<Event>();

    /// <summary>Invariant 8: no gaps, from 1 on.</summary>
    private protected async Task<IReadOnlyList<Event>> DenseEvents()
    {
        var events = await Events();
        events.Select(item => item.Sequence).ShouldBe(Enumerable.Range(1, events.Count).Select(number => (long)number));
        return events;
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var item in Enumerable.Reverse(_open))
            await item.DisposeAsync();
        await Place.DisposeAsync();
    }
}

/// <summary>Runs what was posted when the test says so, on the test's thread: what is in one batch is then certain.</summary>
internal sealed class HeldThread : IWriterThread
{
    private readonly Queue<Action> _work = new();

    public void Post(Action work) => _work.Enqueue(work);

    public void Release()
    {
        while (_work.TryDequeue(out var work))
            work();
    }

    public void Dispose()
    {
    }
}

/// <summary>Remembers the sizes of batches and does to them what a test wants.</summary>
internal sealed class Faults : ICommitFaults
{
    public List<int> Batches { get; } = [];
    public CommitFault Before { get; set; }
    public CommitFault After { get; set; }

    public CommitFault BeforeBatch(int units)
    {
        Batches.Add(units);
        return Before;
    }

    public CommitFault AfterCommit(int units) => After;
}

internal sealed class Listener : ICommitObserver
{
    public List<Event> Heard { get; } = [];

    public void Committed(IReadOnlyList<Event> events) => Heard.AddRange(events);
}
