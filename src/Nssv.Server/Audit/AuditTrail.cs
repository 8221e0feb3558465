using Nssv.Kernel.Audit;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Server.Http;
using Nssv.Services.Identity;

namespace Nssv.Server.Audit;

/// <summary>Notes what requests of signed-in people did, or were refused, where no operation tells it.</summary>
internal sealed partial class AuditTrail(IStore store, IWriter writer, NodeIdentity node, ResourceModels models, IIdSource ids, TimeProvider time, ILogger<AuditTrail> log)
{
    /// <summary>Durable when it returns. A refusal is not turned into another error when it cannot be noted: the log has it then.</summary>
    public async Task Refused(HttpContext http, Problem problem, DateTimeOffset begun)
    {
        // Too many requests at once are put off, not refused: noting them would make it worse.
        if (problem.Status is < 400 or >= 500 or 429 || ActionOf(http) is not { } action || http.Features.Get<ActiveSession>() is not { } session)
            return;
        await Write(http, session, action, AuditResult.Refused, begun, problem);
    }

    /// <summary>For endpoints with <see cref="Audited"/>.</summary>
    public Task Done(HttpContext http, DateTimeOffset begun) =>
        http.GetEndpoint()?.Metadata.GetMetadata<Audited>() is { Success: true } audited && http.Features.Get<ActiveSession>() is { } session && http.Response.StatusCode < 400
            ? Write(http, session, audited.Action, AuditResult.Succeeded, begun, null)
            : Task.CompletedTask;

    /// <summary>Of an endpoint with <see cref="Audited"/>, for the unit of work that does what it is for.</summary>
    public async Task<EventDraft?> Note(HttpContext http) =>
        ActionOf(http) is { } action ? await Draft(http, http.Session(), action, AuditResult.Succeeded, Clock.Now(time), null) : null;

    private async Task Write(HttpContext http, ActiveSession session, string action, AuditResult result, DateTimeOffset begun, Problem? problem)
    {
        try
        {
            await writer.Commit(new UnitOfWork().Publish(await Draft(http, session, action, result, begun, problem)));
        }
        catch (Exception e) when (e is ProblemException or OutcomeUnknownException or FencedException)
        {
            LogNotNoted(log, action, session.Caller.Name, e);
        }
    }

    private async Task<EventDraft> Draft(HttpContext http, ActiveSession session, string action, AuditResult result, DateTimeOffset begun, Problem? problem)
    {
        var (type, id, name) = await TargetOf(http);
        return new AuditNote
        {
            Action = action,
            AccountId = session.Caller.AccountId,
            AccountName = session.Caller.Name,
            ClientAddress = http.RemoteAddress(),
            TargetType = type,
            TargetId = id,
            TargetName = name,
            BegunAt = begun,
            EndedAt = Clock.Now(time),
            Result = result,
            ErrorCode = problem?.Code,
            Details = problem is null ? [] : AuditNote.Error(problem),
        }.Draft(ids.Next(), node.PlatformId);
    }

    private static string? ActionOf(HttpContext http) => http.GetEndpoint()?.Metadata is not { } metadata ? null
        : metadata.GetMetadata<ApiRoute>()?.Permission
            ?? (metadata.GetMetadata<PatchEndpoint>() is { } patch ? $"{patch.Table.Singular}.update" : null)
            ?? metadata.GetMetadata<Audited>()?.Action;

    /// <summary>What the path names: "…/virtual-machines/{id}:start".</summary>
    private async Task<(string? Type, Id? Id, string? Name)> TargetOf(HttpContext http)
    {
        var collection = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.Split('/').ElementAtOrDefault(3);
        if (collection is null || !models.TryCollection(collection, out var table))
            return default;
        if (!http.TryRouteId(out var id))
            return (table.Singular, null, null);
        if (!table.TryColumn(nameof(INamed.Name), out var column))
            return (table.Singular, id, null);
        var names = await store.Select($"SELECT \"{column.Name}\" FROM \"{table.Name}\" WHERE id = @p0", [id], row => row.GetString(0));
        return (table.Singular, id, names is [var name] ? name : null);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit could not note {Action} by {Account}")]
    private static partial void LogNotNoted(ILogger log, string action, string account, Exception e);
}
