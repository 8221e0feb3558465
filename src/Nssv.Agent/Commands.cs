using System.Globalization;
using Nssv.Agent.Enrolment;

namespace Nssv.Agent;

/// <summary>The program's command line. What a person must mend is told in two lines on standard error, with exit code 1; wrong usage has 2.</summary>
internal static class Commands
{
    private const string Text = """
        nssv-agent serve  --home DIR
        nssv-agent enroll --home DIR --manager URL --ca FILE --token-file FILE --address ADDRESS --port PORT
        """;

    public static Task<int> Serve(string[] arguments) => Run(arguments, options =>
        AgentProcess.Serve(new(options["home"]), (engine, loggers) => new HostEngine(engine, loggers.CreateLogger<HostEngine>(), TimeProvider.System), TimeProvider.System), "home");

    public static Task<int> Enroll(string[] arguments) => Run(arguments, async options =>
    {
        if (!Uri.TryCreate(options["manager"], UriKind.Absolute, out var manager) || manager.Scheme != Uri.UriSchemeHttps)
            throw new SetupException($"'{options["manager"]}' is no https URL.", "Give the manager's URL for agents, such as https://manager.example:8444.");
        if (Uri.CheckHostName(options["address"]) == UriHostNameType.Unknown)
            throw new SetupException($"'{options["address"]}' is no address.", "Give the name or address under which the manager reaches this host.");
        if (!int.TryParse(options["port"], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            throw new SetupException($"'{options["port"]}' is no port.", "Give a number from 1 to 65535.");
        var settings = await new Enroller(new(options["home"]), TimeProvider.System)
            .Enrol(new(manager, options["ca"], options["token-file"], options["address"], port), CancellationToken.None);
        Console.WriteLine($"Enrolled as host {settings.HostId}.");
        return 0;
    }, "home", "manager", "ca", "token-file", "address", "port");

    public static int Usage()
    {
        Console.Error.WriteLine(Text);
        return 2;
    }

    private static async Task<int> Run(string[] arguments, Func<IReadOnlyDictionary<string, string>, Task<int>> command, params IReadOnlyList<string> names)
    {
        if (Parse(arguments, names) is not { } options)
            return Usage();
        try
        {
            return await command(options);
        }
        catch (SetupException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine(exception.Advice);
            return 1;
        }
    }

    /// <summary>Every name once, each with its value; null otherwise.</summary>
    private static Dictionary<string, string>? Parse(string[] arguments, IReadOnlyList<string> names)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is not [['-', '-', .. var name], { Length: > 0 } value] || !names.Contains(name) || !options.TryAdd(name, value))
                return null;
        }
        return options.Count == names.Count ? options : null;
    }
}
