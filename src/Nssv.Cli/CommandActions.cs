using System.CommandLine;
using System.Security.Authentication;
using Nssv.Cli.Platform;
using Nssv.Client.Problems;

namespace Nssv.Cli;

/// <summary>Binds a command to its work, and every way to fail to one clear block and an exit code.</summary>
internal static class CommandActions
{
    public static Command Runs(this Command command, CliEnvironment environment, Func<Invocation, CancellationToken, Task<int>> work)
    {
        command.SetAction((parse, cancellation) => Run(parse, environment, work, cancellation));
        return command;
    }

    public static Command Runs(this Command command, CliEnvironment environment, Func<Invocation, CancellationToken, Task> work) =>
        command.Runs(environment, async (invocation, cancellation) =>
        {
            await work(invocation, cancellation);
            return ExitCode.Success;
        });

    private static async Task<int> Run(ParseResult parse, CliEnvironment environment, Func<Invocation, CancellationToken, Task<int>> work, CancellationToken cancellation)
    {
        using var invocation = new Invocation(parse, environment);
        try
        {
            return await work(invocation, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            environment.Error.WriteLine("Interrupted.");
            return ExitCode.Interrupted;
        }
        catch (Exception fault) when (Explain(fault, invocation) is { } problem)
        {
            invocation.Results.Problem(problem);
            if (fault is PlatformException { LogLines: { Count: > 0 } lines })
            {
                environment.Error.WriteLine("It said last:");
                foreach (var line in lines)
                {
                    environment.Error.WriteLine("  | " + Output.Printable.Of(line));
                }
            }

            return fault is UsageException ? ExitCode.Usage : (fault as PlatformException)?.ExitCode ?? ExitCode.Failure;
        }
    }

    private const string SignIn =
        "Give the token of a session by NSSV_TOKEN or --token-file. To get one, put {\"accountName\":\"admin\",\"password\":\"…\"} into a file and run 'nssv api POST sessions --body @FILE' with the same --server and --ca.";

    private static ApiProblem? Explain(Exception fault, Invocation invocation) => fault switch
    {
        // A program still reads what the server wrote.
        ApiProblemException { Problem: { Status: 401, Code: null or "session-needed" } problem } => problem with { Document = problem.Advice is null ? null : problem.Document, Advice = SignIn },
        ApiProblemException refused => refused.Problem,
        UsageException usage => new ApiProblem { Title = "The command cannot be understood", Code = "usage", Detail = usage.Message, Advice = usage.Advice },
        PlatformException platform => new ApiProblem { Title = platform.Title, Code = "platform", Detail = platform.Message, Advice = platform.Advice },
        HttpRequestException { InnerException: AuthenticationException } => Unreachable(fault.InnerException!.Message, "The server's certificate is not trusted. Give the authority it comes from with --ca FILE."),
        HttpRequestException or TimeoutException or System.Net.WebSockets.WebSocketException => Unreachable(fault.Message, "Is the manager running? 'nssv status' tells; 'nssv up' starts it."),
        FormatException or System.Text.Json.JsonException => new ApiProblem { Title = "The server's answer is not what this client understands", Code = "unexpected-answer", Detail = fault.Message },
        FileNotFoundException or DirectoryNotFoundException => new ApiProblem { Title = "A file cannot be used", Code = "file", Detail = fault.Message, Advice = $"Check the path; a relative one begins at {Directory.GetCurrentDirectory()}." },
        UnauthorizedAccessException => new ApiProblem { Title = "A file cannot be used", Code = "file", Detail = fault.Message, Advice = "See who may read and write it: 'ls -ld' with its path." },
        IOException => new ApiProblem { Title = "A file cannot be used", Code = "file", Detail = fault.Message },
        _ => null,
    };

    private static ApiProblem Unreachable(string detail, string advice) => new() { Title = "The manager cannot be reached", Code = "unreachable", Detail = detail, Advice = advice };
}
