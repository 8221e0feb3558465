using System.Xml;
using System.Xml.Linq;
using Nssv.Cli.Platform.Processes;

namespace Nssv.Cli.Platform.Remove;

/// <summary>The virtual machines of one instance as libvirt has them: reached without the manager, which may be broken.</summary>
internal sealed class LibvirtDomains(InstanceFile instance)
{
    private const string Connection = "qemu:///system";
    private const string LogFolder = "/var/log/libvirt/qemu";
    private static readonly XNamespace Ours = "https://nssv.dev/domain/1";

    /// <summary>The names of the domains that carry this platform's whole id; what only looks alike is another instance's.</summary>
    public async Task<IReadOnlyList<string>> List(CancellationToken cancellation)
    {
        var own = new List<string>();
        foreach (var name in (await Virsh(cancellation, "list", "--all", "--name")).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name.StartsWith(instance.DomainPrefix, StringComparison.Ordinal) && await PlatformOf(name, cancellation) is var platform && (platform is null || platform == instance.PlatformId))
            {
                own.Add(name);
            }
        }

        return own;
    }

    /// <summary>Ends the domain at once and forgets it with everything that libvirt keeps for it.</summary>
    public async Task Remove(string name, CancellationToken cancellation)
    {
        // Refused for a domain that is not running, which is just as well.
        await Tool.Run("virsh", ["-q", "-c", Connection, "destroy", "--domain", name], cancellation);
        await Tool.Run("virsh", ["-q", "-c", Connection, "undefine", "--domain", name, "--nvram", "--managed-save", "--snapshots-metadata", "--checkpoints-metadata"], cancellation);
        if ((await List(cancellation)).Contains(name))
        {
            throw new PlatformException($"The virtual machine {name} could not be removed.", $"Try 'virsh -c {Connection} undefine --nvram {name}', then repeat the command.");
        }
    }

    /// <summary>What libvirt logged of the instance's virtual machines, also of those deleted long ago: libvirt itself keeps it for ever.</summary>
    public void RemoveLogs()
    {
        if (Directory.Exists(LogFolder))
        {
            foreach (var log in Directory.EnumerateFiles(LogFolder, instance.DomainPrefix + "*.log*"))
            {
                File.Delete(log);
            }
        }
    }

    private static async Task<string> Virsh(CancellationToken cancellation, params string[] arguments)
    {
        var outcome = await Tool.Run("virsh", ["-q", "-c", Connection, .. arguments], cancellation);
        return outcome.ExitCode == 0
            ? outcome.Output
            : throw new PlatformException($"libvirt does not answer: {outcome.Complaint}", "Start libvirtd, then repeat the command; else virtual machines would be left behind.");
    }

    private static async Task<string?> PlatformOf(string name, CancellationToken cancellation)
    {
        var outcome = await Tool.Run("virsh", ["-q", "-c", Connection, "dumpxml", "--domain", name], cancellation);
        try
        {
            return outcome.ExitCode != 0 ? null : XDocument.Parse(outcome.Output).Descendants(Ours + "vm").FirstOrDefault()?.Attribute("platform")?.Value;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
