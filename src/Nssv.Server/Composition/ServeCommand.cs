using System.Data.Common;
using System.Runtime.InteropServices;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Plugins;
using Nssv.Services;

namespace Nssv.Server.Composition;

/// <summary>
/// Runs this manager until it is asked to end. One of several that was taken over, because it was paused or cut off for longer than its lease, begins again as
/// a new start in the same process; one whose database is away waits for it.
/// </summary>
internal static partial class ServeCommand
{
    private static readonly TimeSpan BeforeNextStart = TimeSpan.FromSeconds(1);
    private const int Replaced = 3;

    public static async Task<int> Run(CommandLine line, TimeProvider time)
    {
        using var asked = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        var settings = line.Settings();
        using var logs = LoggerFactory.Create(logging => ServerHost.ConfigureLog(logging, settings.Logs));
        var log = logs.CreateLogger(typeof(ServeCommand).FullName!);
        // SQLite's own file is locked with the database.
        await using var plugins = await PluginSet.Open(settings.Home, new PluginLimits(), time, logs.CreateLogger<PluginSet>());
        using var alone = settings.HasPeers ? InstanceLock.Acquire(settings.LockFile) : null;
        while (true)
        {
            try
            {
                switch (await Serve(settings, plugins, time, asked.Token))
                {
                    case End.AskedFor:
                        return 0;
                    case End.Replaced:
                        ReplacedBySelf(log);
                        return Replaced;
                }

                BeginsAgain(log);
            }
            catch (Exception e) when (settings.HasPeers && IsAway(e))
            {
                DatabaseAway(log, e.Message);
            }

            if (await Asked(time, asked.Token))
                return 0;
        }

        void Ask(PosixSignalContext signal)
        {
            signal.Cancel = true;
            asked.Cancel();
        }
    }

    private enum End
    {
        AskedFor,
        /// <summary>By another node: its shards are in good hands, and it may come back.</summary>
        TakenOver,
        /// <summary>By a newer start with this manager's own id: two that came back in turn would fence each other for ever.</summary>
        Replaced,
    }

    private static async Task<End> Serve(ServerSettings settings, PluginSet plugins, TimeProvider time, CancellationToken asked)
    {
        await using var app = ServerHost.Build(settings, time, services => services.AddPlatformServices(), plugins);
        // A newer program may have taken the older one's place since the home was prepared.
        Migrator.Apply(app.Services.GetRequiredService<Database>(), time, Migrations.All);
        await ServerHost.Start(app);
        await using (asked.Register(app.Lifetime.StopApplication))
            await app.WaitForShutdownAsync(CancellationToken.None);
        if (!app.Services.GetRequiredService<NodeEnd>().WasTakenOver || asked.IsCancellationRequested)
            return End.AskedFor;
        var fence = app.Services.GetRequiredService<MemberFence>();
        var member = await app.Services.GetRequiredService<IStore>().First<Member>(Condition.Equal(nameof(Member.Id), fence.Member));
        return !settings.HasPeers || member?.Generation > fence.Generation ? End.Replaced : End.TakenOver;
    }

    /// <returns>Whether the end was asked for meanwhile.</returns>
    private static async Task<bool> Asked(TimeProvider time, CancellationToken asked)
    {
        try
        {
            await Task.Delay(BeforeNextStart, time, asked);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    /// <summary>The server cannot be reached, is starting or stopping, or has broken off (SQLSTATE classes 08 and 57): it comes back by itself.</summary>
    private static bool IsAway(Exception error) => error switch
    {
        ProblemException { Problem.Code: "unavailable" } or OutcomeUnknownException => true,
        DbException { SqlState: null } => true,
        DbException { SqlState: { } state } => state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal) || state == "53300",
        _ => false,
    };

    [LoggerMessage(EventId = 22, Level = LogLevel.Critical, Message = "Another process is the same manager and has taken its place: this one ends. Each manager needs a home of its own")]
    private static partial void ReplacedBySelf(ILogger log);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "This management node was taken over; it begins again")]
    private static partial void BeginsAgain(ILogger log);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error, Message = "The database is away; this management node waits for it: {Reason}")]
    private static partial void DatabaseAway(ILogger log, string reason);
}
