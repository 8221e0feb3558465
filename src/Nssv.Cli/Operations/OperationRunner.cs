using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.Client.Problems;
using Nssv.Client.Units;

namespace Nssv.Cli.Operations;

/// <summary>Starts an operation for a command, waits for it if asked, and says how it stands.</summary>
internal sealed class OperationRunner(Invocation invocation, WaitOptions options)
{
    /// <summary>Sends the request; <paramref name="title"/> says what it does, for example "Starting vm web-1".</summary>
    public async Task Run(ApiRequest request, string title, CancellationToken cancellation)
    {
        var accepted = await invocation.Client.Mutate(request, cancellation);
        await Finish(accepted, title, cancellation);
    }

    /// <summary>Goes on with an operation that has been accepted.</summary>
    public async Task Finish(OperationSnapshot accepted, string title, CancellationToken cancellation)
    {
        if (invocation.Value(options.Wait) || accepted.HasEnded)
        {
            Report(await Follow(accepted, title, cancellation), title);
            return;
        }

        if (invocation.Results.Format == OutputFormat.Table)
        {
            invocation.Results.Say($"{title}: accepted as operation {accepted.Id}.");
            invocation.Results.Say($"Follow it with: nssv operation wait {accepted.Id}");
        }
        else
        {
            invocation.Results.Data(accepted.Document);
        }
    }

    /// <summary>Waits until the operation has ended.</summary>
    public async Task<OperationSnapshot> Follow(OperationSnapshot accepted, string title, CancellationToken cancellation)
    {
        if (accepted.HasEnded)
        {
            return accepted.Steps.Count == 0 ? accepted : await Display().Show(title, report =>
            {
                report(accepted);
                return Task.FromResult(accepted);
            });
        }

        using var limit = new CancellationTokenSource(invocation.Value(options.Timeout) ?? Timeout.InfiniteTimeSpan, invocation.Environment.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await Display().Show(title, report => invocation.Client.WaitForOperation(accepted.Id, report, both.Token));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new ApiProblemException(new ApiProblem
            {
                Title = "The operation has not ended in time",
                Code = "wait-timeout",
                Detail = $"{accepted.Kind} still runs after {DurationText.Format(invocation.Value(options.Timeout) ?? default)}.",
                OperationId = accepted.Id,
                Advice = $"It goes on. Follow it with 'nssv operation wait {accepted.Id}', or stop it with 'nssv operation cancel {accepted.Id}'.",
            });
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            invocation.Environment.Error.WriteLine($"The operation {accepted.Id} goes on; follow it with: nssv operation wait {accepted.Id}");
            throw;
        }
    }

    /// <summary>Shows how an operation ended; throws what went wrong when it did not end well.</summary>
    public void Report(OperationSnapshot ended, string title)
    {
        ended.EnsureSucceeded();
        if (invocation.Results.Format == OutputFormat.Table)
        {
            var took = ended.StartedAt is { } from && ended.EndedAt is { } to ? $" in {DurationText.Format(to - from)}" : "";
            invocation.Results.Say($"{title}: done{took}.{(ended.TargetId is null ? "" : $" ({ended.TargetId})")}");
            // Where it is not known how it went, nothing is said.
            if (ended.Kind == "virtual-machine.stop" && ended.Document.At("result.forced")?.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            {
                invocation.Results.Say(ended.Document.At("result.forced").IsTrue() ? "Its guest had not shut down within the grace time: its power was cut." : "Its guest shut down by itself.");
            }

            if (ended.Document.At("result.fromNextStart") is JsonArray { Count: > 0 } later)
            {
                invocation.Results.Say($"It runs: {string.Join(" and ", later.Select(field => invocation.Results.Words.OptionOf(field.AsText()!) ?? field.AsText()))} will count from its next start.");
            }
        }
        else
        {
            invocation.Results.Data(ended.Document);
        }
    }

    private IProgressDisplay Display() =>
        invocation.Environment.Lively ? new LiveProgress(invocation.Environment.Error)
        : invocation.Results.Format == OutputFormat.Table ? new PlainProgress(invocation.Environment.Error)
        : new SilentProgress();
}
