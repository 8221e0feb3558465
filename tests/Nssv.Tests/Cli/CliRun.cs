using Nssv.Cli;

namespace Nssv.Tests.Cli;

/// <summary>Runs a command line in this process and keeps what it wrote.</summary>
internal sealed record CliRun(int ExitCode, string Out, string Error)
{
    public static Task<CliRun> Of(params string[] arguments) => With(new Dictionary<string, string>(), arguments);

    public static async Task<CliRun> With(IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var environment = new CliEnvironment { Out = output, Error = error, Variable = name => variables.GetValueOrDefault(name) };
        var code = await CommandLine.Run(arguments, environment);
        return new(code, output.ToString(), error.ToString());
    }
}
