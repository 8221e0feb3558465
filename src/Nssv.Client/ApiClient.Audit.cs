using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Nssv.Client.Problems;

namespace Nssv.Client;

public sealed partial class ApiClient
{
    /// <summary>Has the manager read the whole audit; the answer's <c>valid</c> tells whether it is as it was written, and <c>firstBad</c> which entry is not.</summary>
    public async Task<JsonObject> VerifyAudit(CancellationToken cancellation = default) =>
        JsonObjectOf(await Checked(new ApiRequest(HttpMethod.Post, $"{Root}/audit-entries:verify"), signed: true, cancellation));

    /// <summary>The audit's entries that fit, oldest first, each as the line that was hashed with its hash at the end; never in memory as a whole.</summary>
    /// <exception cref="HttpRequestException">The connection broke: what has come is not all.</exception>
    public async IAsyncEnumerable<string> ExportAudit(string? filter, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var path = $"{Root}/audit-entries:export{(filter is null ? "" : "?filter=" + Uri.EscapeDataString(filter))}";
        var response = await SendExport(path, renew: false, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            response.Dispose();
            response = await SendExport(path, renew: true, cancellation);
        }

        using (response)
        {
            if (!response.IsSuccessStatusCode)
            {
                throw new ApiProblemException(ProblemReader.FromBody(response.StatusCode, await response.Content.ReadAsStringAsync(cancellation)));
            }

            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
            while (await reader.ReadLineAsync(cancellation) is { } line)
            {
                yield return line;
            }
        }
    }

    private async Task<HttpResponseMessage> SendExport(string path, bool renew, CancellationToken cancellation)
    {
        using var message = Message(new ApiRequest(HttpMethod.Get, path), await connection.Token(renew, cancellation));
        message.Headers.Accept.Clear();
        message.Headers.Accept.ParseAdd("application/x-ndjson");
        return await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }
}
