using Nssv.Cli.Platform.Start;

namespace Nssv.Cli.Platform.Remove;

/// <summary>Removes an instance: its virtual machines, by their mark and not by their names, then its folder. Says what it left.</summary>
internal sealed class InstancePurge(InstanceHome home, Checklist steps, Func<InstanceFile, LibvirtDomains> libvirt)
{
    public async Task Run(CancellationToken cancellation)
    {
        // The platform of a further manager goes on with the others, and so do its machines.
        if (InstanceFile.Load(home) is { Joined: false } instance)
        {
            var domains = libvirt(instance);
            IReadOnlyList<string> left = [];
            await steps.Step("Virtual machines", async () =>
            {
                var (own, unknown) = await domains.List(cancellation);
                left = unknown;
                foreach (var name in own)
                {
                    await domains.Remove(name, cancellation);
                }

                return own.Count == 0 ? "none" : $"{own.Count} removed";
            });
            foreach (var name in left)
            {
                steps.Warn($"{name} was left: it does not say to which platform it belongs. If it is yours, remove it with 'virsh -c qemu:///system undefine --nvram {name}'.");
            }
        }

        await steps.Step("Folder", () =>
        {
            Directory.Delete(home.Root, recursive: true);
            return Task.FromResult<string?>($"{home.Root} removed");
        });
    }
}
