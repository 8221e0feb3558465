using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Composition;
using Nssv.Server.Plugins;

namespace Nssv.Server.Http;

/// <summary>Whether this manager can serve: its database reads and writes, what the last start left is taken up, it does not stand aside, and it is not stopping. Plugins that are not well are named.</summary>
internal sealed class Readiness(IStore store, IWriter writer, ServerSettings settings, TimeProvider time, IHostApplicationLifetime lifetime, IOwnership ownership, PluginSet plugins)
{
    /// <summary>The database is not asked more often than this, however many ask: anyone may.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Task<HealthCheck>? _database;
    private DateTimeOffset _asked;
    private bool _recovered;

    /// <summary>As it was when it was looked at last.</summary>
    public Health Last { get; private set; } = new("starting", []);

    public void Recovered() => _recovered = true;

    public async Task<Health> Check()
    {
        HealthCheck[] checks =
        [
            await Database(),
            new("recovery", _recovered, _recovered ? null : "What the last start left is being taken up."),
            ownership.StandsAside ? new("peers", false, "It and other managers do not hear each other; they serve, and it stands aside.") : new("peers", true),
            lifetime.ApplicationStopping.IsCancellationRequested ? new("serving", false, "The manager is stopping.") : new("serving", true),
        ];
        // The platform goes on without a plugin that is not well.
        return Last = new(checks.All(check => check.Ok) ? "ready" : "not ready", [.. checks, .. plugins.All.Select(plugin => plugin.Check())]);
    }

    private Task<HealthCheck> Database()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_database is { } known && (!known.IsCompleted || now - _asked < Fresh))
                return known;
            _asked = now;
            return _database = Try();
        }
    }

    private async Task<HealthCheck> Try()
    {
        const string name = "database";
        try
        {
            await store.Select("SELECT seq FROM outbox_head WHERE id = 1", [], row => row.GetInt64(0)).AsTask().WaitAsync(Patience, time);
            // A row that nobody else has, and that is gone again in the same unit: it writes to the disk and changes nothing.
            await writer.Commit(new UnitOfWork()
                .Execute("idempotency_keys", "INSERT INTO idempotency_keys (account_id, \"key\", body_hash, operation_id, created_at) VALUES (@p0, 'readiness', '', @p0, 0)", 1, settings.ManagerId)
                .Execute("idempotency_keys", "DELETE FROM idempotency_keys WHERE account_id = @p0 AND \"key\" = 'readiness'", 1, settings.ManagerId)).WaitAsync(Patience, time);
            return new(name, true);
        }
        catch (TimeoutException)
        {
            return new(name, false, $"It has not answered within {Patience.TotalSeconds:0} s.");
        }
        catch (ProblemException e) when (e.Problem.Code == "database-full")
        {
            return new(name, false, e.Problem.Title);
        }
        catch (Exception)
        {
            return new(name, false, "It cannot be read, or not be written.");
        }
    }
}

/// <param name="Status">"ready" or "not ready".</param>
internal sealed record Health(string Status, IReadOnlyList<HealthCheck> Checks);

/// <param name="Detail">Why it failed: nothing that a stranger may not know.</param>
internal sealed record HealthCheck(string Name, bool Ok, string? Detail = null);
