using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Trust;

namespace Nssv.Agent.Http;

/// <summary>
/// The managers over HTTP/2 with mutual TLS. Results go to the callback URL they were asked for at; heartbeats and reports to the manager that answered last,
/// and to the next one when it does not answer.
/// </summary>
internal sealed class HttpManagerLink : IManagerLink, IDisposable
{
    private const string ResultsPath = "/agent-api/v1/results";
    private const string HeartbeatPath = "/agent-api/v1/heartbeat";
    private const string ReportsPath = "/agent-api/v1/reports";
    private const string CertificatePath = "/agent-api/v1/certificate";
    private const int LargestAnswer = 4 * 1024 * 1024;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly MutualTls _tls;
    private HttpMessageInvoker _invoker;
    private readonly IReadOnlyList<Uri> _managers;
    private readonly TimeProvider _time;
    private int _current;

    public HttpManagerLink(MutualTls tls, IReadOnlyList<string> managers, TimeProvider time)
    {
        _tls = tls;
        _invoker = new(tls.Handler(PlatformIdentity.Manager));
        _managers = [.. managers.Select(manager => new Uri(manager, UriKind.Absolute))];
        _time = time;
    }

    /// <summary>Exactly the result path of a manager's host. That it is a manager of this platform, its certificate must prove besides.</summary>
    public bool IsAllowed(string callbackUrl) =>
        Uri.TryCreate(callbackUrl, UriKind.Absolute, out var url)
        && url.Scheme == Uri.UriSchemeHttps
        && url.UserInfo.Length == 0
        && url.PathAndQuery == ResultsPath
        && url.Fragment.Length == 0
        && _managers.Any(manager => string.Equals(manager.IdnHost, url.IdnHost, StringComparison.OrdinalIgnoreCase));

    public Task<ResultReceipt> Deliver(string callbackUrl, ResultBatch batch, CancellationToken cancel) =>
        IsAllowed(callbackUrl)
            ? Post<ResultBatch, ResultReceipt>(new Uri(callbackUrl), batch, cancel)
            : throw new HttpRequestException($"{callbackUrl} is no result address of a manager that this agent knows");

    public Task<HeartbeatReply> Beat(Heartbeat heartbeat, CancellationToken cancel) => PostToManager<Heartbeat, HeartbeatReply>(HeartbeatPath, heartbeat, cancel);

    public Task<ReportReceipt> Report(HostReport report, CancellationToken cancel) => PostToManager<HostReport, ReportReceipt>(ReportsPath, report, cancel);

    /// <summary>Has the manager certify a new key of this agent.</summary>
    public Task<RenewedCertificate> Renew(RenewCertificate request, CancellationToken cancel) => PostToManager<RenewCertificate, RenewedCertificate>(CertificatePath, request, cancel);

    /// <summary>Connects anew, so that the managers see the certificate that is shown now. What is under way on the old connection comes to its end there.</summary>
    public void Reconnect() => Interlocked.Exchange(ref _invoker, new(_tls.Handler(PlatformIdentity.Manager))).Dispose();

    public void Dispose() => _invoker.Dispose();

    private async Task<TAnswer> PostToManager<TMessage, TAnswer>(string path, TMessage message, CancellationToken cancel)
    {
        var current = Volatile.Read(ref _current);
        try
        {
            return await Post<TMessage, TAnswer>(new Uri(_managers[current], path), message, cancel);
        }
        catch (Exception)
        {
            Interlocked.CompareExchange(ref _current, (current + 1) % _managers.Count, current);
            throw;
        }
    }

    private async Task<TAnswer> Post<TMessage, TAnswer>(Uri url, TMessage message, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(Deadline, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(message, KernelJson.Options));
        request.Content.Headers.ContentType = Json;
        using var answer = await _invoker.SendAsync(request, either.Token);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"{url} answered with status {(int)answer.StatusCode}", null, answer.StatusCode);
        await answer.Content.LoadIntoBufferAsync(LargestAnswer, either.Token);
        return await JsonSerializer.DeserializeAsync<TAnswer>(await answer.Content.ReadAsStreamAsync(either.Token), KernelJson.Options, either.Token)
            ?? throw new HttpRequestException($"{url} answered nothing");
    }
}
