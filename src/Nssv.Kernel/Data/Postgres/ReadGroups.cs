using System.Data.Common;
using System.Threading.Channels;
using Npgsql;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>
/// What is asked for at the same time goes to the server together. A batch that was committed lets all its operations go on at once, and each reads next: asked one by one, a trip,
/// a wake-up of a server's process and of a thread here for a row cost several times what finding the row costs. Whoever comes while nobody waits is asked for alone and at once.
/// </summary>
internal sealed class ReadGroups : IAsyncDisposable
{
    /// <summary>Connections that ask. What all of them are busy with is waited for, and grows into a group.</summary>
    public const int Lanes = 3;

    /// <summary>The last of a group waits for all before it.</summary>
    private const int LargestGroup = 32;

    private readonly NpgsqlDataSource _source;
    private readonly Channel<PendingRead> _waiting = Channel.CreateUnbounded<PendingRead>();
    private readonly Task[] _lanes;

    /// <param name="source">Has at least <see cref="Lanes"/> connections.</param>
    public ReadGroups(NpgsqlDataSource source)
    {
        _source = source;
        _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Serve())];
    }

    /// <param name="sql">Positional: $1, $2, …</param>
    /// <exception cref="ProblemException">The server cannot be reached.</exception>
    public Task<List<T>> Read<T>(string sql, object[] values, Func<DbDataReader, T> map)
    {
        var read = new PendingRead<T>(sql, values, map);
        ObjectDisposedException.ThrowIf(!_waiting.Writer.TryWrite(read), this);
        return read.Rows;
    }

    private async Task Serve()
    {
        List<PendingRead> group = [];
        try
        {
            while (true)
            {
                group.Add(await _waiting.Reader.ReadAsync());
                while (group.Count < LargestGroup && _waiting.Reader.TryRead(out var next))
                    group.Add(next);
                await Ask(group);
                group.Clear();
            }
        }
        catch (ChannelClosedException)
        {
            // Disposed, and nothing waits any more.
        }
    }

    private async Task Ask(IReadOnlyList<PendingRead> group)
    {
        try
        {
            await using var batch = _source.CreateBatch();
            foreach (var read in group)
                batch.BatchCommands.Add(read.Command());
            await using var reader = await batch.ExecuteReaderAsync();
            foreach (var read in group)
            {
                await read.Take(reader);
                await reader.NextResultAsync();
            }
        }
        catch (PostgresException error) when (group.Count > 1 && !PostgresErrors.ConnectionIsGone(error))
        {
            // One of them is refused, and with it the server skips all that follow: each is asked for by itself.
            foreach (var read in group.Where(read => !read.Answer.IsCompleted))
                await Ask([read]);
        }
        catch (Exception e)
        {
            foreach (var read in group)
                read.Fail(e is NpgsqlException error ? PostgresErrors.Map(error) : e);
        }
    }

    /// <summary>What waits is still answered.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAll(_lanes);
    }

    private abstract class PendingRead(string sql, object[] values)
    {
        public abstract Task Answer { get; }

        public NpgsqlBatchCommand Command()
        {
            var command = new NpgsqlBatchCommand(sql);
            PostgresDatabase.AddParameters(command.Parameters, values);
            return command;
        }

        /// <summary>Reads all rows of the result that the reader is at.</summary>
        /// <exception cref="NpgsqlException">The server refused, or is gone. Anything else that is wrong with a row is told to who asked for it.</exception>
        public abstract Task Take(NpgsqlDataReader reader);

        public abstract void Fail(Exception error);
    }

    private sealed class PendingRead<T>(string sql, object[] values, Func<DbDataReader, T> map) : PendingRead(sql, values)
    {
        private readonly TaskCompletionSource<List<T>> _rows = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<List<T>> Rows => _rows.Task;
        public override Task Answer => Rows;

        public override async Task Take(NpgsqlDataReader reader)
        {
            List<T> rows = [];
            try
            {
                while (await reader.ReadAsync())
                    rows.Add(map(reader));
            }
            catch (Exception e) when (e is not NpgsqlException)
            {
                _rows.TrySetException(e);
                return;
            }

            _rows.TrySetResult(rows);
        }

        public override void Fail(Exception error) => _rows.TrySetException(error);
    }
}
