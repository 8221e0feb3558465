using System.Net;
using Nssv.Agent.Enrolment;
using Nssv.Agent.Http;
using Nssv.Agent.Protocol;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Trust;

namespace Nssv.Agent;

/// <summary>Makes the engine of this process.</summary>
internal delegate IHostEngine EngineMaker(EngineOptions options, ILoggerFactory loggers);

/// <summary>The agent as a process: puts the parts together, serves until it is told to stop, ends in order.</summary>
internal static class AgentProcess
{
    /// <summary>What runs is given this long to end; what does not is run again from the journal at the next start.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <returns>0 after an orderly stop, 1 when the journal was lost and a fresh start is needed.</returns>
    /// <exception cref="SetupException">A person must change something first.</exception>
    public static async Task<int> Serve(AgentHome home, EngineMaker makeEngine, TimeProvider time)
    {
        var settings = home.ReadSettings();
        var (own, authority) = home.ReadCertificates();
        using (own)
        using (authority)
        {
            var trust = new PlatformTrust(authority, settings.PlatformId, time);
            var tls = new MutualTls(own, trust);
            using var loggers = LoggerFactory.Create(Log);
            var logger = loggers.CreateLogger("Nssv.Agent");
            await using var database = OpenJournal(home, time);
            var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
            var (journal, writer) = JournalDatabase.Attach(database, time, new() { Time = time, Failed = error => logger.WriterFailed(error), Fenced = error => failed.TrySetResult(error) });
            await using var writing = writer;
            using var link = new HttpManagerLink(tls, home.Route(settings), time);
            var engine = makeEngine(Options(home, settings, tls), loggers);
            await using var closing = engine as IAsyncDisposable;

            using var core = await AgentCore.Start(
                new(settings.HostId, journal, CommandCatalog.Contracts, engine, link, time, new SharedChance(), new(), logger), new(), CancellationToken.None);
            await using var app = AgentServer.Build(tls, settings.ListenAddress is { } address ? IPAddress.Parse(address) : null, settings.ListenPort, core, engine, Log);
            await app.StartAsync();
            _ = new CertificateRenewal(home, settings.HostId, tls, trust, link, time, logger).Run(app.Lifetime.ApplicationStopping);
            logger.Serving(settings.Url, settings.HostId, journal.Incarnation);
            _ = core.Desk.Faulted.ContinueWith(lost => failed.TrySetResult(lost.Result), TaskScheduler.Default);
            _ = failed.Task.ContinueWith(_ => app.Lifetime.StopApplication(), TaskScheduler.Default);

            await app.WaitForShutdownAsync(); // SIGTERM, SIGINT
            await core.Stop(Grace);
            logger.Stopped();
            return failed.Task.IsCompleted ? 1 : 0;
        }
    }

    private static SqliteDatabase OpenJournal(AgentHome home, TimeProvider time)
    {
        try
        {
            return JournalDatabase.Open(home.JournalFile, time);
        }
        catch (InstanceLockedException exception)
        {
            throw new SetupException($"Another agent uses {home.Folder}.", "Stop it first.", exception);
        }
        catch (SchemaVersionException exception)
        {
            throw new SetupException(exception.Message, "Install an agent of that version or newer.", exception);
        }
    }

    private static EngineOptions Options(AgentHome home, AgentSettings settings, MutualTls tls) => new()
    {
        PlatformId = settings.PlatformId,
        Home = home.Folder,
        ImportFolders = [Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(home.Folder)) ?? home.Folder, "import"), .. settings.ImportFolders],
        ImportNetworks = settings.ImportNetworks,
        PeerClient = () => new HttpClient(tls.Handler(PlatformIdentity.Agent)) { DefaultRequestVersion = HttpVersion.Version20, Timeout = Timeout.InfiniteTimeSpan },
    };

    private static void Log(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddJsonConsole(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            json.IncludeScopes = false;
        });
    }

    private sealed class SharedChance : IChance
    {
        public double Next() => Random.Shared.NextDouble();
    }
}
