using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Nssv.Services;

try
{
    var line = CommandLine.Parse(args);
    switch (line.Verb)
    {
        case "init":
            return await InitCommand.Run(line, TimeProvider.System);
        case "serve":
            var app = ServerHost.Build(line.Settings(), TimeProvider.System, services => services.AddPlatformServices());
            await using (app)
            {
                await ServerHost.Start(app);
                await app.WaitForShutdownAsync();
            }
            return Environment.ExitCode;
        default:
            Console.Error.WriteLine("Usage: nssv-server init|serve --home DIR");
            return 2;
    }
}
catch (ConfigurationException e)
{
    Console.Error.WriteLine($"{e.Message} {e.Advice}");
    return 2;
}
catch (Exception e) when (e is InstanceLockedException or SchemaVersionException or FileNotFoundException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
