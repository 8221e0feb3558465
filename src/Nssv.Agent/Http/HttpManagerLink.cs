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
/// The managers over HTTP/2 with mutual TLS. Results go to the callback URL they were asked for at; heartbeats and reports to the manager that looks after the host.
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
    private readonly ManagerRoute _route;
    private HttpMessageInvoker _invoker;
    private readonly TimeProvider _time;

    public HttpManagerLink(MutualTls tls, ManagerRoute route, TimeProvider time)
    {
        _tls = tls;
        _invoker = new(tls.Handler(PlatformIdentity.Manager));
        _route = route;
        _time = time;
    }

    /// <summary>Exactly the result path of a manager. That it is one of this platform, its certificate must prove: nothing is sent to any other.</summary>
    public bool IsAllowed(string callbackUrl) =>
        Uri.TryCreate(callbackUrl, UriKind.Absolute, out var url)
        && url.Scheme == Uri.UriSchemeHttps
        && url.UserInfo.Length == 0
        && url.PathAndQuery == ResultsPath
        && url.Fragment.Length == 0;

    public Task<ResultReceipt> Deliver(string callbackUrl, ResultBatch batch, CancellationToken cancel) =>
        IsAllowed(callbackUrl)
            ? Post<ResultBatch, ResultReceipt>(new Uri(callbackUrl), batch, cancel)
            : throw new HttpRequestException($"{callbackUrl} is no result address of a manager");

    public Task<HeartbeatReply> Beat(Heartbeat heartbeat, CancellationToken cancel) =>
        _route.Beat(manager => Post<Heartbeat, HeartbeatReply>(new Uri(new Uri(manager), HeartbeatPath), heartbeat, cancel));

    public Task<ReportReceipt> Report(HostReport report, CancellationToken cancel) =>
        _route.Send(manager => Post<HostReport, ReportReceipt>(new Uri(new Uri(manager), ReportsPath), report, cancel));

    /// <summary>Has the manager certify a new key of this agent.</summary>
    public Task<RenewedCertificate> Renew(RenewCertificate request, CancellationToken cancel) =>
        _route.Send(manager => Post<RenewCertificate, RenewedCertificate>(new Uri(new Uri(manager), CertificatePath), request, cancel));

    /// <summary>Connects anew, so that the managers see the certificate that is shown now. What is under way on the old connection comes to its end there.</summary>
    public void Reconnect() => Interlocked.Exchange(ref _invoker, new(_tls.Handler(PlatformIdentity.Manager))).Dispose();

    public void Dispose() => _invoker.Dispose();

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
