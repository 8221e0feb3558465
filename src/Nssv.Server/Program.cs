using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Plugins.Runner;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;

try
{
    var line = CommandLine.Parse(args);
    switch (line.Verb)
    {
        case "init":
            return await InitCommand.Run(line, TimeProvider.System);
        case "join":
            return await JoinCommand.Run(line, TimeProvider.System);
        case "serve":
            return await ServeCommand.Run(line, TimeProvider.System);
        case "run-plugin":
            // Not for people: the manager starts one for each plugin.
            return await PluginRunner.Run(line["assembly"] ?? "");
        default:
            Console.Error.WriteLine("Usage: nssv-server init|join|serve --home DIR");
            return 2;
    }
}
catch (ConfigurationException e)
{
    Console.Error.WriteLine($"{e.Message} {e.Advice}");
    return 2;
}
catch (Exception e) when (e is ProblemException or System.Data.Common.DbException)
{
    // The database: of its connection only what is no secret.
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is InstanceLockedException or SchemaVersionException or FileNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
