using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Cli.Platform.Start;
using Nssv.Cli.Sessions;

namespace Nssv.Cli.Platform;

/// <summary>Starts the instance, or mends it, and says how to get in.</summary>
internal static class UpCommand
{
    public static Command Build(CliEnvironment environment) =>
        new Command("up", "Start the instance on this machine; safe to repeat, and mends what is broken").Runs(environment, async (invocation, cancellation) =>
        {
            if (invocation.Value(GlobalOptions.Server) is not null)
            {
                throw new UsageException("'up' works on this machine; --server does not apply.");
            }

            // The instance that is started is the one in its home, whatever server other commands of this shell talk to.
            using var local = new Invocation(invocation.Parse, environment with { Variable = name => name is "NSSV_SERVER" or "NSSV_TOKEN" or "NSSV_CA" ? null : environment.Variable(name) });
            var instance = await new InstanceStart(local, new Checklist(environment)).Run(cancellation);
            Report(local, instance);
            if (!instance.Complete)
            {
                (instance with { Complete = true }).Save(local.Home);
            }
        });

    private static void Report(Invocation invocation, InstanceFile instance)
    {
        var home = invocation.Home;
        var named = new UriBuilder(instance.Url) { Host = LocalHost.Name }.Uri.GetLeftPart(UriPartial.Authority);
        if (invocation.Results.Format != OutputFormat.Table)
        {
            invocation.Results.Data(new JsonObject { ["url"] = instance.Url.GetLeftPart(UriPartial.Authority), ["accountName"] = LocalSignIn.AccountName, ["passwordFile"] = home.AdminPassword, ["platformId"] = instance.PlatformId, ["home"] = home.Root });
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
