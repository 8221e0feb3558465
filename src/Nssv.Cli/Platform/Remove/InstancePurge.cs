using Nssv.Cli.Platform.Start;

namespace Nssv.Cli.Platform.Remove;

/// <summary>Removes an instance without a trace: its virtual machines, then its folder.</summary>
internal sealed class InstancePurge(InstanceHome home, Checklist steps)
{
    public async Task Run(CancellationToken cancellation)
    {
        // The platform of a further manager goes on with the others, and so do its machines.
        if (InstanceFile.Load(home) is { Joined: false } instance)
        {
            await steps.Step("Virtual machines", async () =>
            {
                var domains = new LibvirtDomains(instance);
                var own = await domains.List(cancellation);
                foreach (var name in own)
                {
                    await domains.Remove(name, cancellation);
                }

                domains.RemoveLogs();
                return own.Count == 0 ? "none" : $"{own.Count} removed";
            });
        }

        await steps.Step("Folder", () =>
        {
            Directory.Delete(home.Root, recursive: true);
            return Task.FromResult<string?>($"{home.Root} removed");
        });
    }
}
