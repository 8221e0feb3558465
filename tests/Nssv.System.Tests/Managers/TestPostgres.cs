using System.Net;
using System.Net.Sockets;
using Nssv.System.Tests.Platform;

namespace Nssv.System.Tests.Managers;

/// <summary>
/// A PostgreSQL of the tests' own, in a folder of its own, with one database in a tablespace on a small disk: it can be stopped and started as a whole, and filled
/// without its log being hurt.
/// </summary>
public sealed class TestPostgres : IAsyncDisposable
{
    private const int SmallMegabytes = 96;
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-managers-pg-").FullName;

    public TestPostgres()
    {
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }

        Directory.CreateDirectory(Disk);
        Shell.Do("mount", "-t", "tmpfs", "-o", $"size={SmallMegabytes}m", "tmpfs", Disk);
        Directory.CreateDirectory($"{Disk}/space");
        Shell.Do("chown", "-R", "postgres:", _folder);
        Shell.Do("chmod", "755", _folder);
        AsPostgres("initdb", "-D", $"{_folder}/data", "-A", "trust", "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync");
        Start();
        Run($"CREATE TABLESPACE small LOCATION '{Disk}/space'");
        Run("CREATE DATABASE nssv TABLESPACE small");
    }

    public int Port { get; }

    public string Url => $"postgresql://postgres@127.0.0.1:{Port}/nssv?sslmode=disable";

    private string Disk => $"{_folder}/disk";

    public void Start() => AsPostgres("pg_ctl", "-D", $"{_folder}/data", "-w", "-t", "60", "-l", $"{_folder}/log", "-o", $"-p {Port} -k {_folder} -c listen_addresses=127.0.0.1 -c fsync=on", "start");

    /// <summary>As a power cut does: nothing is said to anybody, and the next start recovers from the log.</summary>
    public void Crash() => AsPostgres("pg_ctl", "-D", $"{_folder}/data", "-m", "immediate", "-w", "stop");

    /// <summary>Leaves no room where the tables are.</summary>
    public void Fill()
    {
        using var file = File.Create($"{Disk}/filler");
        var block = new byte[64 * 1024];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>
    /// A server that could not write down what it had to has ended itself, and cannot recover either while there is no room: it is started again, as an init system does.
    /// </summary>
    public void MakeRoom()
    {
        File.Delete($"{Disk}/filler");
        if (!Runs)
            Start();
    }

    /// <summary>What the server has said last.</summary>
    public string Log => File.Exists($"{_folder}/log") ? string.Join('\n', File.ReadLines($"{_folder}/log").TakeLast(25)) : "";

    private bool Runs
    {
        get
        {
            try
            {
                AsPostgres("pg_ctl", "-D", $"{_folder}/data", "status");
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }

    public long Number(string sql) => long.Parse(AsPostgres("psql", "-h", _folder, "-p", $"{Port}", "-U", "postgres", "-Atc", sql, "nssv").Trim(), global::System.Globalization.CultureInfo.InvariantCulture);

    public string Text(string sql) => AsPostgres("psql", "-h", _folder, "-p", $"{Port}", "-U", "postgres", "-Atc", sql, "nssv").Trim();

    public ValueTask DisposeAsync()
    {
        if (Runs)
            Crash();
        Shell.Do("umount", Disk);
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Run(string sql) => AsPostgres("psql", "-h", _folder, "-p", $"{Port}", "-U", "postgres", "-c", sql, "postgres");

    private string AsPostgres(string tool, params string[] arguments)
    {
        var path = Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => $"{version}/bin/{tool}").Where(File.Exists).Max(StringComparer.Ordinal)
            ?? throw new InvalidOperationException($"{tool} is missing: apt-get install postgresql");
        // What it says goes through a file: a server that pg_ctl starts would keep a pipe open.
        var said = Path.GetTempFileName();
        try
        {
            Shell.Do("/bin/sh", ["-c", "said=$1; shift; cd /; exec \"$@\" >\"$said\" 2>&1 </dev/null", "sh", said, "runuser", "-u", "postgres", "--", path, .. arguments]);
            return File.ReadAllText(said);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{tool}: {File.ReadAllText(said)}", e);
        }
        finally
        {
            File.Delete(said);
        }
    }
}
