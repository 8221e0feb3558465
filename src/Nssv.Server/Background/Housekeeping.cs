using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Server.Background;

/// <summary>
/// Removes what has expired: idempotency keys after 24 hours, sessions, enrolment tokens, and the query of an image's URL whose import has ended while its
/// row must stay (its host does not answer, and the clean-up waits for it).
/// </summary>
internal sealed partial class Housekeeping(IWriter writer, TimeProvider time, ILogger<Housekeeping> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);

    private const string ForgottenQueries =
        "UPDATE images SET source_query = NULL WHERE source_query IS NOT NULL AND id NOT IN (SELECT target_id FROM operations WHERE kind = 'image.create' AND ended_at IS NULL)";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
                await Sweep();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops.
        }
    }

    private async Task Sweep()
    {
        try
        {
            var now = Clock.Now(time);
            await writer.Commit(new UnitOfWork()
                .Execute("idempotency_keys", "DELETE FROM idempotency_keys WHERE created_at < @p0", null, now - Idempotency.Lifetime)
                .Execute("sessions", "DELETE FROM sessions WHERE expires_at < @p0", null, now)
                .Execute("enrolments", "DELETE FROM enrolments WHERE expires_at < @p0", null, now)
                .Execute("images", ForgottenQueries, null));
        }
        catch (Exception e) when (e is ProblemException or OutcomeUnknownException)
        {
            LogFailed(log, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What has expired could not be removed; it is tried again later")]
    private static partial void LogFailed(ILogger log, Exception e);
}
