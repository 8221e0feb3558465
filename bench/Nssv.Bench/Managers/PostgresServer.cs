using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nssv.Bench.Managers;

/// <summary>A PostgreSQL server of the bench's own, with the settings it comes with: fsync on, synchronous commit on.</summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly string _folder;
    private readonly int _port;

    public PostgresServer(string parent)
    {
        _folder = Path.Combine(parent, "postgresql");
        Directory.CreateDirectory(_folder);
        if (Environment.IsPrivilegedProcess)
            Run("chown", "postgres:", _folder);
        _port = FreePort.Next();
        AsPostgres("initdb", "-D", $"{_folder}/data", "-A", "trust", "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync");
        AsPostgres("pg_ctl", "-D", $"{_folder}/data", "-w", "-t", "60", "-l", $"{_folder}/log", "-o", $"-p {_port} -k /tmp -c listen_addresses=127.0.0.1", "start");
    }

    public string Url => $"postgresql://postgres@127.0.0.1:{_port}/postgres?sslmode=disable";

    /// <summary>Processor time of the server's processes so far.</summary>
    public TimeSpan Cpu()
    {
        var main = File.ReadLines($"{_folder}/data/postmaster.pid").First();
        long ticks = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                // Fields from the third on (proc(5)): the second one is a name in brackets.
                var fields = File.ReadAllText($"{folder}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields[1] == main || Path.GetFileName(folder) == main)
                    ticks += long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has ended.
            }
        }
        return TimeSpan.FromMilliseconds(ticks * 10);
    }

    public void Dispose() => AsPostgres("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "-w", "stop");

    private static void AsPostgres(string tool, params string[] arguments)
    {
        var path = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => $"{version}/bin/{tool}").Where(File.Exists).Max(StringComparer.Ordinal)
            : null;
        if (path is null)
            throw new InvalidOperationException($"{tool} is missing: apt-get install postgresql");
        if (Environment.IsPrivilegedProcess)
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else
            Run(path, arguments);
    }

    /// <summary>Output goes nowhere: a server started by pg_ctl would keep a pipe open.</summary>
    private static void Run(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", file, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}

internal static class FreePort
{
    /// <summary>A port that nobody listens on at this moment.</summary>
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
