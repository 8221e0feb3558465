using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Client;
using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Cli.Commands.Api;

/// <summary>Any call of the API with the session: what comes back goes to standard output, and its status decides the exit code.</summary>
internal static class ApiCommand
{
    public static Command Build(CliEnvironment environment)
    {
        var method = new Argument<string>("METHOD") { Description = "GET, POST, PATCH, PUT or DELETE" };
        var path = new Argument<string>("PATH") { Description = "For example /api/v1/hosts, or just hosts" };
        var body = new Option<string>("--body") { Description = "The JSON body; @FILE reads a file, @- standard input", HelpName = "JSON|@FILE" };
        var headers = new Option<string[]>("--header") { Description = "A further header; may be given several times", HelpName = "NAME:VALUE", Arity = ArgumentArity.ZeroOrMore };
        return new Command("api", "Call the API with your session; JSON comes out") { method, path, body, headers }.Runs(environment, async (invocation, cancellation) =>
        {
            var request = new ApiRequest(ReadMethod(invocation.Value(method)), RequestPath.Of(invocation.Value(path)))
            {
                RawBody = invocation.Value(body) is { } given ? await ReadBody(given, cancellation) : null,
                Headers = [.. (invocation.Value(headers) ?? []).Select(ReadHeader)],
            };

            // What a person calls by hand is sent once: the answer is theirs to judge.
            using var client = new ApiClient(invocation.Connection with { Retry = RetryPolicy.None });
            var answer = await client.Send(request, cancellation);
            Write(invocation.Results, environment.Out, answer);
            return answer.IsSuccess ? ExitCode.Success : ExitCode.Failure;
        });
    }

    private static HttpMethod ReadMethod(string text) =>
        text.Length > 0 && text.All(char.IsAsciiLetter) ? HttpMethod.Parse(text.ToUpperInvariant()) : throw new UsageException($"\"{text}\" is not an HTTP method.", "Give GET, POST, PATCH, PUT or DELETE.");

    private static async Task<string> ReadBody(string given, CancellationToken cancellation) =>
        given == "@-" ? await Console.In.ReadToEndAsync(cancellation)
        : given.StartsWith('@') ? await File.ReadAllTextAsync(given[1..], cancellation)
        : given;

    private static KeyValuePair<string, string> ReadHeader(string text) =>
        text.IndexOf(':') is > 0 and var at ? new(text[..at].Trim(), text[(at + 1)..].Trim()) : throw new UsageException($"\"{text}\" is not a header.", "Write it like 'If-Match: \"3\"'.");

    private static void Write(ResultWriter results, TextWriter output, ApiAnswer answer)
    {
        if (answer.Body.Length == 0)
        {
            if (!answer.IsSuccess)
            {
                results.Data(ProblemReader.FromBody(answer.Status, "").ToJson());
            }

            return;
        }

        try
        {
            results.Data(JsonNode.Parse(answer.Body));
        }
        catch (JsonException)
        {
            output.WriteLine(answer.Body);
        }
    }
}
