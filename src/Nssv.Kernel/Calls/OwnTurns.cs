using System.Reflection;
using System.Text.Json;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Mailboxes;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Calls;

/// <summary>Runs the turns of resources that this node owns, each on its target's mailbox, and makes what they decide durable.</summary>
internal sealed class OwnTurns(
    TurnCatalog turns,
    MailboxSet mailboxes,
    IStore store,
    IWriter writer,
    ResourceModels models,
    IAuthoriser authoriser,
    OperationEngine operations,
    Cascades cascades,
    TimeProvider time,
    IIdSource ids)
{
    private const int Attempts = 20;

    /// <summary>Runs a call's turn.</summary>
    /// <exception cref="NotOwnerException">The shard was lost before anything was written.</exception>
    /// <param name="caller">Under which the operation runs that asks; null: no operation of this node does.</param>
    /// <param name="guard">Where the operation of another node must be.</param>
    public Task<TResult> Call<TResult>(CallBinding<TResult> turn, Request<TResult> request, CallKey? key, ShardHold hold, ShardHold? caller, StepGuard? guard) => mailboxes.Run(request.Target, async () =>
    {
        hold.Demand();
        var recorded = key is { } k && !turn.NaturallyKeyed ? k.ToString() : null;
        if (recorded is not null && await store.First<CallResult>(Condition.Equal(nameof(CallResult.Key), recorded)) is { } earlier)
            return JsonSerializer.Deserialize<TResult>(earlier.Result, KernelJson.Options)!;

        for (var attempt = 1; ; attempt++)
        {
            if (guard is { } before)
                await before.Check(store);
            var answer = await turn.Decide(request, new TurnContext(store, time, ids));
            var unit = new UnitOfWork { OperationId = key?.OperationId, Hold = hold, CallerHold = caller }.Include(answer.Unit);
            if (unit.IsEmpty)
                return answer.Result;
            guard?.Guard(unit);
            if (recorded is not null)
                unit.Insert(new CallResult { Key = recorded, OperationId = key!.Value.OperationId, Result = JsonSerializer.Serialize(answer.Result, KernelJson.Options) });
            try
            {
                await writer.Commit(unit);
                return answer.Result;
            }
            catch (ConcurrencyException) when (attempt < Attempts)
            {
                // A conditional update met another one (capacity, a counter): decide again on what is there now.
            }
        }
    });

    /// <summary>Runs the accept turn of a person's request, or of a step's.</summary>
    /// <exception cref="NotOwnerException">The shard was lost before anything was written.</exception>
    /// <param name="guard">Where the parent must be, when it is another node's.</param>
    public Task<Operation> Accept(AcceptOrder order, ShardHold hold, StepGuard? guard)
    {
        var (request, caller, options) = (order.Request, order.Caller, order.Options);
        if (request is IValidated validated && validated.Validate().ToList() is { Count: > 0 } errors)
            throw Invalid(errors).AsException();
        var permission = (request as IPermissioned)?.Permission
            ?? request.GetType().GetCustomAttribute<ApiRequestAttribute>()?.Permission
            ?? throw new InvalidOperationException($"{request.GetType().Name} names no permission");
        if (authoriser.Refusal(caller, permission) is { } refusal)
            throw refusal.AsException();

        if (request is DeleteRequest { DryRun: true } or DetachRequest { DryRun: true })
            throw new InvalidOperationException($"a dry run of {request.GetType().Name} is planned, never accepted");

        var binding = turns.Accept(request.GetType());
        return mailboxes.Run(request.Target, async () =>
        {
            hold.Demand();
            if (await Earlier(order) is { } earlier)
                return earlier;
            if (guard is { } before)
                await before.Check(store);
            var context = new AcceptContext(store, time, ids, caller, order.OperationId, order.Parent?.Id);
            if (request is not DeleteRequest { Cascade: true })
                await cascades.DemandFree(request, order.Parent?.Kind, binding, context, options.IfMatch);
            var (decision, projectId, targetName) = request is DeleteRequest { Cascade: true } whole && await binding.Read(request, context, options.IfMatch) is { } row
                ? (await cascades.Decide(whole, binding.ResourceType, row), row.ProjectId, (row as INamed)?.Name)
                : await binding.Decide(request, context, options.IfMatch);
            var table = models.Table(binding.ResourceType);
            // On the parent's own target it enters the parent's claim, and waits for nobody.
            if (order.Parent is { } parent && parent.TargetId != request.Target && models.TrySingular(parent.TargetType, out var parentTable) && table.Rank <= parentTable.Rank)
                throw new InvalidOperationException($"{parent.Kind} on a {parent.TargetType} may not claim a {table.Singular}: its rank is not greater");

            var draft = new Operation
            {
                Id = order.OperationId,
                ProjectId = projectId,
                CreatedBy = caller.AccountId,
                CreatedAt = context.Now,
                UpdatedAt = context.Now,
                Version = 1,
                Kind = decision.Flow ?? permission,
                State = decision.Flow is null ? OperationState.Succeeded : OperationState.Queued,
                TargetType = table.Singular,
                TargetId = request.Target,
                Aspect = Flows.Aspects.All,
                AcceptedSequence = operations.NextSequence(),
                ParentId = order.Parent?.Id,
                ParentCall = order.Parent?.Call,
                RootId = order.Parent?.RootId ?? order.OperationId,
                Context = decision.Context is null ? "{}" : JsonSerializer.Serialize(decision.Context, decision.Context.GetType(), KernelJson.Options),
                Result = decision.Result,
                Progress = decision.Flow is null ? 100 : 0,
                StartedAt = decision.Flow is null ? context.Now : null,
                EndedAt = decision.Flow is null ? context.Now : null,
                CallerName = caller.Name,
                ClientAddress = caller.ClientAddress,
                TargetName = targetName,
            };
            var key = options.IdempotencyKey is { } name
                ? new IdempotencyKey { AccountId = caller.AccountId, Key = name, BodyHash = options.BodyHash ?? "", OperationId = draft.Id, CreatedAt = context.Now }
                : null;
            try
            {
                return await operations.Submit(draft, decision, key, hold, order.CallerHold, guard);
            }
            catch (UniqueException)
            {
                // The same key, or the same child, was accepted at this moment by another mailbox.
                return await Earlier(order)
                    ?? throw Problems.Conflict($"{table.Singular} {request.Target} was made at the same moment by another request.").AsException();
            }
            catch (ConcurrencyException e)
            {
                throw Problems.Conflict(e.Message).AsException();
            }
            catch (ReferenceException e)
            {
                throw new Problem(409, "reference-missing", "The request refers to something that was just removed, or that is still in use.", e.Message, "Read the resources again and repeat the request.").AsException();
            }
        });
    }

    private async Task<Operation?> Earlier(AcceptOrder order)
    {
        var (caller, options) = (order.Caller, order.Options);
        if (order.Parent is { } parent)
        {
            return await store.First<Operation>(
                Condition.Equal(nameof(Operation.ParentId), parent.Id), Condition.Equal(nameof(Operation.ParentCall), parent.Call));
        }

        if (order.Repeated && await store.Find<Operation>(order.OperationId) is { } accepted)
            return accepted;
        if (options.IdempotencyKey is null)
            return null;
        var key = await store.First<IdempotencyKey>(
            Condition.Equal(nameof(IdempotencyKey.AccountId), caller.AccountId), Condition.Equal(nameof(IdempotencyKey.Key), options.IdempotencyKey));
        if (key is null || key.CreatedAt < Clock.Now(time) - Idempotency.Lifetime)
            return null;
        return key.BodyHash == (options.BodyHash ?? "")
            ? await store.Get<Operation>(key.OperationId)
            : throw new Problem(422, "idempotency-key-reused", "This Idempotency-Key was used for another request.",
                $"Key '{options.IdempotencyKey}' belongs to operation {key.OperationId}.", "Use a new key for a new request.")
            { OperationId = key.OperationId }.AsException();
    }

    private static Problem Invalid(List<FieldError> errors) =>
        new(400, errors.Count == 1 ? errors[0].Code : "invalid-request", "The request is not valid.", errors[0].Detail, $"Correct '{errors[0].Field}' and send the request again.", errors[0].Field) { Errors = errors };
}

/// <summary>How long a caller's key is remembered.</summary>
public static class Idempotency
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
}
