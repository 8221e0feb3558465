using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Nssv.Tests.Data;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Nssv.Tests.Data;

/// <summary>A real PostgreSQL of the tests' own: started on first use in a folder of its own, fsync on, stopped and removed at the end.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private string? _folder;
    private int _port;
    private int _databases;

    /// <summary>A new, empty database; its connection URL.</summary>
    public async Task<string> CreateDatabase()
    {
        await _gate.WaitAsync();
        try
        {
            if (_folder is null)
                Start();
            var name = $"test_{++_databases}";
            await Execute($"CREATE DATABASE {name}");
            return Url(name);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Runs SQL as the superuser in a database of this server.</summary>
    public async Task Execute(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(Settings(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 180 };
        await command.ExecuteNonQueryAsync();
    }

    public async Task<object?> Scalar(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(Settings(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 180 };
        return await command.ExecuteScalarAsync();
    }

    private string Url(string database) => $"postgresql://postgres@127.0.0.1:{_port}/{database}?sslmode=disable";

    private string Settings(string database) => $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database};Pooling=false;SSL Mode=Disable";

    private void Start()
    {
        var folder = Directory.CreateTempSubdirectory("nssv-postgres-").FullName;
        if (Environment.IsPrivilegedProcess)
            Run("chown", "postgres:", folder);
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        AsPostgres("initdb", "-D", $"{folder}/data", "-A", "trust", "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync");
        AsPostgres("pg_ctl", "-D", $"{folder}/data", "-w", "-t", "60", "-l", $"{folder}/log", "-o", $"-p {_port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=on", "start");
        _folder = folder;
    }

    private static void AsPostgres(string tool, params string[] arguments)
    {
        var path = Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => $"{version}/bin/{tool}").Where(File.Exists).Max(StringComparer.Ordinal)
            ?? throw new InvalidOperationException($"{tool} is missing: apt-get install postgresql");
        if (Environment.IsPrivilegedProcess)
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else
            Run(path, arguments);
    }

    internal static void Run(string file, params string[] arguments)
    {
        // Output goes nowhere: a server started by pg_ctl would keep a pipe open.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", file, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    public ValueTask DisposeAsync()
    {
        if (_folder is not null)
        {
            AsPostgres("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "-w", "stop");
            Directory.Delete(_folder, recursive: true);
        }
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }
}
