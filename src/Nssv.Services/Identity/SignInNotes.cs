using System.Text.Json.Nodes;
using Nssv.Contracts.Identity;
using Nssv.Kernel;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;

namespace Nssv.Services.Identity;

/// <param name="AccountName">As it was given.</param>
/// <param name="Address">Where it came from.</param>
public sealed record SignInAttempt(string AccountName, string Address, DateTimeOffset BegunAt);

/// <summary>
/// What the audit is told of sign-ins. One that is put off because too many came before costs nothing to try, so these are noted once a second at most, with their number.
/// </summary>
public sealed class SignInNotes(IWriter writer, NodeIdentity node, IIdSource ids, TimeProvider time)
{
    private const string Action = "session.create";
    private static readonly TimeSpan ThrottledEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _throttled;
    private DateTimeOffset _noteAfter = DateTimeOffset.MinValue;

    /// <summary>For the unit that makes the session.</summary>
    public EventDraft SignedIn(SignInAttempt attempt, Account account) => Draft(Note(attempt, account, AuditResult.Succeeded));

    /// <summary>Durable when it returns what is to be thrown.</summary>
    public async Task<ProblemException> Refused(SignInAttempt attempt, Account? account, Problem problem)
    {
        await writer.Commit(new UnitOfWork().Publish(Draft(Note(attempt, account, AuditResult.Refused) with { ErrorCode = problem.Code })));
        return problem.AsException();
    }

    /// <inheritdoc cref="Refused"/>
    public async Task<ProblemException> Throttled(SignInAttempt attempt, Problem problem)
    {
        long attempts;
        lock (_gate)
        {
            _throttled++;
            if (attempt.BegunAt < _noteAfter)
                return problem.AsException();
            (attempts, _throttled, _noteAfter) = (_throttled, 0, attempt.BegunAt + ThrottledEvery);
        }
        await writer.Commit(new UnitOfWork().Publish(Draft(Note(attempt, null, AuditResult.Refused) with { ErrorCode = problem.Code, Details = new JsonObject { ["attempts"] = attempts } })));
        return problem.AsException();
    }

    /// <summary>Something that a signed-in account did to an account, for the unit that does it.</summary>
    public EventDraft By(Caller caller, string action, Id accountId, string accountName)
    {
        var now = Clock.Now(time);
        return Draft(new AuditNote
        {
            Action = action,
            AccountId = caller.AccountId,
            AccountName = caller.Name,
            ClientAddress = caller.ClientAddress,
            TargetType = "account",
            TargetId = accountId,
            TargetName = accountName,
            BegunAt = now,
            EndedAt = now,
            Result = AuditResult.Succeeded,
        });
    }

    private AuditNote Note(SignInAttempt attempt, Account? account, AuditResult result) => new()
    {
        Action = Action,
        AccountId = account?.Id,
        AccountName = AuditNote.Shortened(attempt.AccountName),
        ClientAddress = attempt.Address,
        TargetType = "account",
        TargetId = account?.Id,
        TargetName = account?.Name,
        BegunAt = attempt.BegunAt,
        EndedAt = Clock.Now(time),
        Result = result,
    };

    private EventDraft Draft(AuditNote note) => note.Draft(ids.Next(), node.PlatformId);
}
