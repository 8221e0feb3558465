using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Data;
using Nssv.Kernel.Mailboxes;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Calls;

/// <summary>Routes requests to their turns, each on its target's mailbox, and makes what they decide durable.</summary>
internal sealed class Bus(
    TurnCatalog turns,
    MailboxSet mailboxes,
    IStore store,
    IWriter writer,
    ResourceModels models,
    IAuthoriser authoriser,
    OperationEngine operations,
    TimeProvider time,
    IIdSource ids) : IBus
{
    private const int Attempts = 20;
    private readonly ConcurrentDictionary<Type, object> _callBindings = new();

    public Task<TResult> Call<TResult>(Request<TResult> request, CallKey? key = null)
    {
        var turn = (CallBinding<TResult>)_callBindings.GetOrAdd(request.GetType(), static (type, catalog) => CallBinding<TResult>.For(catalog, type), turns);
        return mailboxes.Run(request.Target, async () =>
        {
            var recorded = key is { } k && !turn.NaturallyKeyed ? k.ToString() : null;
            if (recorded is not null && await store.First<CallResult>(Condition.Equal(nameof(CallResult.Key), recorded)) is { } earlier)
                return JsonSerializer.Deserialize<TResult>(earlier.Result, KernelJson.Options)!;

            for (var attempt = 1; ; attempt++)
            {
                var answer = await turn.Decide(request, new TurnContext(store, time, ids));
                var unit = new UnitOfWork { OperationId = key?.OperationId }.Include(answer.Unit);
                if (unit.IsEmpty)
                    return answer.Result;
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
    }

    public Task<Operation> Accept(Request request, Caller caller, AcceptOptions options) => Accept(request, caller, options, null, null);

    internal Task<Operation> Cancel(Id operationId) => operations.Cancel(operationId);

    /// <summary>Accepts a request that a step makes; unique by (parent, call), so that a repeat finds the first one.</summary>
    internal Task<Operation> AcceptChild(Request request, Operation parent, string call) =>
        Accept(request, new Caller(parent.CreatedBy, parent.ProjectId, "operation", CallerRole.System), new AcceptOptions(), parent, call);

    private Task<Operation> Accept(Request request, Caller caller, AcceptOptions options, Operation? parent, string? parentCall)
    {
        if (request is IValidated validated && validated.Validate().ToList() is { Count: > 0 } errors)
            throw Invalid(errors).AsException();
        var permission = (request as IPermissioned)?.Permission
            ?? request.GetType().GetCustomAttribute<ApiRequestAttribute>()?.Permission
            ?? throw new InvalidOperationException($"{request.GetType().Name} names no permission");
        if (authoriser.Refusal(caller, permission) is { } refusal)
            throw refusal.AsException();

        var binding = turns.Accept(request.GetType());
        return mailboxes.Run(request.Target, async () =>
        {
            if (await Earlier(caller, options, parent, parentCall) is { } earlier)
                return earlier;
            var context = new AcceptContext(store, time, ids, caller, parent?.Id);
            var (decision, projectId) = await binding.Decide(request, context, options.IfMatch);
            var table = models.Table(binding.ResourceType);
            if (parent is not null && models.TrySingular(parent.TargetType, out var parentTable) && table.Rank <= parentTable.Rank)
                throw new InvalidOperationException($"{parent.Kind} on a {parent.TargetType} may not claim a {table.Singular}: its rank is not greater");

            var id = ids.Next();
            var draft = new Operation
            {
                Id = id,
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
                ParentId = parent?.Id,
                ParentCall = parentCall,
                RootId = parent?.RootId ?? id,
                Context = decision.Context is null ? "{}" : JsonSerializer.Serialize(decision.Context, decision.Context.GetType(), KernelJson.Options),
                Result = decision.Result,
                Progress = decision.Flow is null ? 100 : 0,
                StartedAt = decision.Flow is null ? context.Now : null,
                EndedAt = decision.Flow is null ? context.Now : null,
            };
            var key = options.IdempotencyKey is { } name
                ? new IdempotencyKey { AccountId = caller.AccountId, Key = name, BodyHash = options.BodyHash ?? "", OperationId = id, CreatedAt = context.Now }
                : null;
            try
            {
                return await operations.Submit(draft, decision, key);
            }
            catch (UniqueException)
            {
                // The same key, or the same child, was accepted at this moment by another mailbox.
                return await Earlier(caller, options, parent, parentCall)
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

    private async Task<Operation?> Earlier(Caller caller, AcceptOptions options, Operation? parent, string? parentCall)
    {
        if (parent is not null)
        {
            return await store.First<Operation>(
                Condition.Equal(nameof(Operation.ParentId), parent.Id), Condition.Equal(nameof(Operation.ParentCall), parentCall));
        }

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
