using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Server.Admission;
using Nssv.Server.Metrics;

namespace Nssv.Server.Http;

/// <summary>Hands a person's request to the bus and answers with its operation.</summary>
internal sealed class Acceptance(IBus bus, OperationEnds ends, OperationEngine operations, IStore store, TimeProvider time, IHostApplicationLifetime lifetime, AdmissionControl admission, HttpMetrics metrics)
{
    /// <summary>202 with the operation's address; 200 when <c>Prefer: wait</c> was given and it ended in time.</summary>
    public async Task Accept(HttpContext http, Request request, ReadOnlyMemory<byte> body)
    {
        var headers = http.Request.Headers;
        var key = RequestHeaders.IdempotencyKey(headers);
        var options = new AcceptOptions(key, key is null ? null : BodyHash(http.Request, body), RequestHeaders.IfMatch(headers));
        var wait = RequestHeaders.Wait(headers);
        Operation operation;
        using (await admission.Enter(http.Caller().AccountId, http.RequestAborted))
            operation = await bus.Accept(request, http.Caller(), options);
        metrics.Accepted(operation.Kind);
        await Answer(http, operation, wait);
    }

    public async Task Answer(HttpContext http, Operation operation, TimeSpan? wait)
    {
        RequestLog.Name(http, operation.Id);
        if (wait is { } longest)
        {
            operation = await Await(operation, longest, http.RequestAborted);
            http.Response.Headers["Preference-Applied"] = $"wait={(int)longest.TotalSeconds}";
        }
        http.Response.Headers.Location = $"{ApiPaths.Root}/operations/{operation.Id}";
        var status = wait is not null && operation.HasEnded() ? StatusCodes.Status200OK : StatusCodes.Status202Accepted;
        await ApiJson.Write(http.Response, status, await OperationDocument.Of(operation, store, operations));
    }

    /// <summary>The operation when it has ended, or as it is when the time is up.</summary>
    private async Task<Operation> Await(Operation operation, TimeSpan longest, CancellationToken aborted)
    {
        if (operation.HasEnded() || longest <= TimeSpan.Zero)
            return operation;
        using var timeout = new CancellationTokenSource(longest, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, aborted, lifetime.ApplicationStopping);
        var end = ends.Next(operation.Id, cancel.Token);
        var now = await store.Get<Operation>(operation.Id);
        if (now.HasEnded())
            return now;
        try
        {
            return await end;
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return await store.Get<Operation>(operation.Id);
        }
    }

    private static string BodyHash(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        hash.AppendData(body.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

internal static class ApiPaths
{
    public const string Root = "/api/v1";
}
