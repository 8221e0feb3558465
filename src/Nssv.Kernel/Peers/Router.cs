using System.Text.Json;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Peers;

/// <summary>
/// Finds the node that owns a resource, and asks there. While the shard is on its way from one to another it asks again: the same request under the same
/// names, so that it takes effect once however often it was sent.
/// </summary>
internal sealed class Router(IOwnership ownership, IPeerTransport peers, TimeProvider time)
{
    /// <summary>Longer than a take-over takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(400);

    /// <param name="here">Runs it on this node; told whether it may have been done already.</param>
    /// <param name="there">What a peer is told.</param>
    /// <param name="repeatable">Sending it twice changes nothing more than once.</param>
    /// <exception cref="ProblemException">It was refused; or 503: nobody owned the resource for too long.</exception>
    /// <exception cref="OutcomeUnknownException">It may have been done, and nobody could be asked again.</exception>
    public async Task<TResult> Route<TResult>(Id target, Func<ShardHold, bool, Task<TResult>> here, Func<bool, PeerRequest> there, bool repeatable)
    {
        var begun = time.GetTimestamp();
        var pause = FirstPause;
        var doubt = false;
        while (true)
        {
            try
            {
                if (ownership.Hold(target) is { IsValid: true } hold)
                {
                    await hold.Ready;
                    return await here(hold, doubt);
                }

                if (ownership.OwnerOf(target) is { } owner && await Ask(owner, there(doubt)) is { Outcome: not PeerOutcome.NotOwner } reply)
                    return Read<TResult>(reply);
            }
            catch (NotOwnerException)
            {
                // It was lost between looking and doing; nothing was written.
            }
            catch (PeerUnreachableException e)
            {
                doubt |= e.Sent;
                if (doubt && !repeatable)
                    throw new OutcomeUnknownException(e.Message, e);
            }

            // Who stands aside reaches nobody soon; who asked had better ask another node.
            if (ownership.StandsAside || time.GetElapsedTime(begun) > Patience)
            {
                throw doubt
                    ? new OutcomeUnknownException($"No management node answered for resource {target}")
                    : Problems.Unavailable(ownership.StandsAside
                        ? "This management node and others do not hear each other, so it cannot pass this request on: ask another one."
                        : $"No management node has taken over resource {target} yet.").AsException();
            }

            await Task.Delay(pause, time);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<PeerReply> Ask(PeerAddress owner, PeerRequest request)
    {
        using var limit = new CancellationTokenSource(AnswerPatience, time);
        return await peers.Send(owner, request, limit.Token);
    }

    private static TResult Read<TResult>(PeerReply reply) => reply.Outcome switch
    {
        PeerOutcome.Done => reply.Result is { } result ? result.Deserialize<TResult>(KernelJson.Options)! : default!,
        PeerOutcome.Refused => throw reply.Problem!.AsException(),
        PeerOutcome.NotUnique => throw new UniqueException("", reply.Detail ?? ""),
        PeerOutcome.Referenced => throw new ReferenceException(reply.Detail ?? ""),
        PeerOutcome.Conflict => throw new ConcurrencyException("", reply.Detail ?? ""),
        _ => throw new OutcomeUnknownException(reply.Detail ?? "The other node lost the database while committing"),
    };
}
