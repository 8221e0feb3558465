using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Cli.Platform.Start;
using Nssv.Cli.Sessions;

namespace Nssv.Cli.Platform;

/// <summary>Starts the instance, or mends it, and says how to get in.</summary>
internal static class UpCommand
{
    public static Command Build(CliEnvironment environment)
    {
        var database = new Option<string>("--database")
        {
            Description = "Keep the platform's data in this PostgreSQL: postgresql://user@host/database. A URL with a password belongs into NSSV_DATABASE, where others cannot see it",
            HelpName = "URL",
        };
        var join = new Option<bool>("--join") { Description = "Start a further manager of a platform that has its data in PostgreSQL, in a home of its own (NSSV_HOME)" };
        var from = new Option<string>("--from") { Description = $"With --join: the home of one of its managers, or a copy of the files that docs/mechanisms/ownership.md names; else {InstanceHome.DefaultRoot}", HelpName = "DIR" };
        return new Command("up", "Start the instance on this machine; safe to repeat, and mends what is broken") { database, join, from }.Runs(environment, async (invocation, cancellation) =>
        {
            if (invocation.Given(from) && !invocation.Value(join))
            {
                throw new UsageException("--from goes with --join.");
            }

            if (invocation.Value(GlobalOptions.Server) is not null)
            {
                throw new UsageException("'up' works on this machine; --server does not apply.");
            }

            // The instance that is started is the one in its home, whatever server other commands of this shell talk to.
            using var local = new Invocation(invocation.Parse, environment with { Variable = name => name is "NSSV_SERVER" or "NSSV_TOKEN" or "NSSV_CA" ? null : environment.Variable(name) });
            var steps = new Checklist(environment);
            var instance = invocation.Value(join) || InstanceFile.Load(local.Home) is { Joined: true }
                ? await new JoinedStart(local, steps).Run(invocation.Value(from) ?? InstanceHome.DefaultRoot, invocation.Value(database), cancellation)
                : await new InstanceStart(local, steps).Run(invocation.Value(database), cancellation);
            Report(local, instance);
            if (!instance.Complete)
            {
                (instance with { Complete = true }).Save(local.Home);
            }
        });
    }

    private static void Report(Invocation invocation, InstanceFile instance)
    {
        var home = invocation.Home;
        var named = new UriBuilder(instance.Url) { Host = LocalHost.Name }.Uri.GetLeftPart(UriPartial.Authority);
        if (invocation.Results.Format != OutputFormat.Table)
        {
            invocation.Results.Data(new JsonObject { ["url"] = instance.Url.GetLeftPart(UriPartial.Authority), ["accountName"] = LocalSignIn.AccountName, ["passwordFile"] = home.AdminPassword, ["platformId"] = instance.PlatformId, ["home"] = home.Root });
            return;
        }

        if (instance.Joined)
        {
            invocation.Results.Say("");
            invocation.Results.Say($"A further manager of the platform {instance.PlatformId} is up.");
            invocation.Results.Say($"  Address    {instance.Url.GetLeftPart(UriPartial.Authority)}  (from elsewhere: {named})");
            invocation.Results.Say("");
            invocation.Results.Say("All managers of the platform: ./nssv manager list");
            return;
        }

        var password = instance.Complete ? $"in {home.AdminPassword}" : $"{File.ReadAllText(home.AdminPassword).Trim()}  (kept in {home.AdminPassword}, readable by root alone)";
        invocation.Results.Say("");
        invocation.Results.Say("nSSV is up.");
        invocation.Results.Say($"  Address    {instance.Url.GetLeftPart(UriPartial.Authority)}  (from elsewhere: {named})");
        invocation.Results.Say($"  Account    {LocalSignIn.AccountName}");
        invocation.Results.Say($"  Password   {password}");
        invocation.Results.Say($"  Authority  {home.Authority}");
        invocation.Results.Say("");
        invocation.Results.Say($"A first virtual machine: ./nssv vm create first --image {MicroImage.Name} --cpus 1 --memory 256MiB --wait");
    }
}
