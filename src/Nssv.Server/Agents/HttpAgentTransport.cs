using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Nssv.Kernel.Agents;

namespace Nssv.Server.Agents;

/// <summary>Commands and questions to the hosts over HTTP. Every failure to get an answer is a host that does not answer: what it has done is then unknown.</summary>
/// <param name="callbackUrl">Where agents send results: this manager's port for agents.</param>
internal sealed class HttpAgentTransport(AgentClient agents, Uri callbackUrl, TimeProvider time) : IAgentTransport
{
    public const string CallbackHeader = "X-Callback-Url";
    private const int LargestAnswer = 16 * 1024 * 1024;

    /// <summary>An agent only takes commands in before it answers: it makes them durable, it does not run them.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel) => Post<CommandBatch, CommandReceipt>(hostId, "/agent/v1/commands", batch, cancel);

    public Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) => Post<Ask, AskReply>(hostId, "/agent/v1/operations/ask", ask, cancel);

    public async Task Forget(Id hostId, Forget forget, CancellationToken cancel)
    {
        using var answer = await Exchange(hostId, "/agent/v1/operations/forget", forget, cancel);
    }

    /// <summary>Asks a host to tell how it is now, instead of at its next heartbeat.</summary>
    /// <exception cref="HostUnreachableException">It does not answer; it comes by itself when it can.</exception>
    public async Task Wake(Id hostId, CancellationToken cancel)
    {
        using var answer = await Exchange(hostId, "/agent/v1/heartbeat", new { }, cancel);
    }

    private async Task<TAnswer> Post<TQuestion, TAnswer>(Id hostId, string path, TQuestion question, CancellationToken cancel)
    {
        using var answer = await Exchange(hostId, path, question, cancel);
        try
        {
            return await JsonSerializer.DeserializeAsync<TAnswer>(await answer.Content.ReadAsStreamAsync(cancel), KernelJson.Options, cancel)
                ?? throw new HostUnreachableException(hostId, $"The agent's answer to {path} is empty.");
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            throw new HostUnreachableException(hostId, $"The agent's answer to {path} cannot be read: {e.Message}", e);
        }
    }

    private async Task<HttpResponseMessage> Exchange<TQuestion>(Id hostId, string path, TQuestion question, CancellationToken cancel)
    {
        var url = await agents.Url(hostId, path);
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add(CallbackHeader, callbackUrl.ToString());
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(question, KernelJson.Options));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            var answer = await agents.Of(hostId).SendAsync(request, either.Token);
            await answer.Content.LoadIntoBufferAsync(LargestAnswer, either.Token);
            if (answer.IsSuccessStatusCode)
                return answer;
            var status = (int)answer.StatusCode;
            answer.Dispose();
            if (status is >= 400 and < 500 and not 408 and not 429)
            {
                throw new Problem(502, "agent-refused", "The host's agent refused a request.", $"It answered {path} with status {status}.",
                    "Look at the agent's log; enrol the host anew if its certificates or its list of managers are out of date.").AsException();
            }

            throw new HostUnreachableException(hostId, $"The agent answered {path} with status {status}.");
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new HostUnreachableException(hostId, $"The agent did not answer {path} within {Deadline.TotalSeconds:0} s.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            throw new HostUnreachableException(hostId, $"The agent does not answer {path}: {e.Message}", e);
        }
    }
}
