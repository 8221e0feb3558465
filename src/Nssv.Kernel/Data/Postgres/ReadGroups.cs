using System.Data;
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
    private readonly TimeSpan _longestWait;
    private readonly Channel<PendingRead> _waiting = Channel.CreateUnbounded<PendingRead>();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task[] _lanes;

    /// <param name="longestWait">Who has waited for so long without being asked for is told so.</param>
    public ReadGroups(NpgsqlDataSource source, TimeSpan longestWait)
    {
        (_source, _longestWait) = (source, longestWait);
        _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => Serve())];
    }

    /// <param name="sql">Positional: $1, $2, …</param>
    /// <exception cref="ProblemException">The server cannot be reached, or answers too slowly.</exception>
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
                Take(await _waiting.Reader.ReadAsync());
                while (group.Count < LargestGroup && _waiting.Reader.TryRead(out var next))
                    Take(next);
                while (group.Count > 0)
                    group.RemoveRange(0, await Ask(group));
            }
        }
        catch (ChannelClosedException)
        {
            // Disposed, and nothing waits any more.
        }

        void Take(PendingRead read)
        {
            if (_ending.IsCancellationRequested)
                read.Fail(new ObjectDisposedException(nameof(ReadGroups)));
            else if (read.Waited > _longestWait)
                read.Fail(PostgresErrors.Unavailable(new TimeoutException($"It has been busy with other reads for {_longestWait.TotalSeconds:0} s.")));
            else
                group.Add(read);
        }
    }

    /// <returns>How many have their answer: at least one. What follows one that the server refused, or for which it took too long, was skipped, and is no worse for it.</returns>
    private async Task<int> Ask(List<PendingRead> group)
    {
        NpgsqlConnection? connection = null;
        var answered = 0;
        try
        {
            connection = await _source.OpenConnectionAsync(_ending.Token);
            await using var batch = new NpgsqlBatch(connection);
            foreach (var read in group)
                batch.BatchCommands.Add(read.Command());
            await using var reader = await batch.ExecuteReaderAsync(_ending.Token);
            foreach (var read in group)
            {
                await read.Take(reader, _ending.Token);
                answered++;
                await reader.NextResultAsync(_ending.Token);
            }
        }
        catch (Exception e)
        {
            var lost = connection is not { State: ConnectionState.Open } || e is PostgresException error && PostgresErrors.ConnectionIsGone(error);
            var failed = lost ? group.Count : Math.Min(answered + 1, group.Count);
            for (; answered < failed; answered++)
                group[answered].Fail(e is NpgsqlException known ? PostgresErrors.Map(known) : e);
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }

        return answered;
    }

    /// <summary>Nothing is waited for: what is not answered yet fails.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _ending.CancelAsync();
        await Task.WhenAll(_lanes);
        _ending.Dispose();
    }

    private abstract class PendingRead
    {
#pragma warning disable RS0030 // How long a real server keeps somebody waiting: nothing that a simulation has.
        private static readonly TimeProvider Clock = TimeProvider.System;
#pragma warning restore RS0030
        private readonly long _since = Clock.GetTimestamp();
        private readonly string _sql;
        private readonly object[] _values;
        private NpgsqlBatchCommand? _made;

        /// <exception cref="ArgumentException">A value cannot be sent: said before anybody else is asked for with it.</exception>
        protected PendingRead(string sql, object[] values)
        {
            (_sql, _values) = (sql, values);
            _made = Make();
        }

        /// <summary>One for each time: the driver remembers in it what the server has prepared, and what it skipped it has not.</summary>
        public NpgsqlBatchCommand Command()
        {
            var command = _made ?? Make();
            _made = null;
            return command;
        }

        public TimeSpan Waited => Clock.GetElapsedTime(_since);

        private NpgsqlBatchCommand Make()
        {
            var command = new NpgsqlBatchCommand(_sql);
            PostgresDatabase.AddParameters(command.Parameters, _values);
            return command;
        }

        /// <summary>Reads all rows of the result that the reader is at.</summary>
        /// <exception cref="NpgsqlException">The server refused, or is gone. Anything else that is wrong with a row is told to who asked for it.</exception>
        public abstract Task Take(NpgsqlDataReader reader, CancellationToken cancel);

        public abstract void Fail(Exception error);
    }

    private sealed class PendingRead<T>(string sql, object[] values, Func<DbDataReader, T> map) : PendingRead(sql, values)
    {
        private readonly TaskCompletionSource<List<T>> _rows = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<List<T>> Rows => _rows.Task;

        public override async Task Take(NpgsqlDataReader reader, CancellationToken cancel)
        {
            List<T> rows = [];
            try
            {
                while (await reader.ReadAsync(cancel))
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
