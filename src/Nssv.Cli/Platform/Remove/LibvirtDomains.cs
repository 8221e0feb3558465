using System.Xml;
using System.Xml.Linq;
using Nssv.Cli.Platform.Processes;

namespace Nssv.Cli.Platform.Remove;

/// <summary>
/// The virtual machines of one instance as libvirt has them: reached without the manager, which may be broken. Ours is what carries this platform's whole
/// id; the prefix of a name is the same for instances that were made within a minute.
/// </summary>
/// <param name="virsh">Runs virsh with these arguments; null: the real one.</param>
internal sealed class LibvirtDomains(InstanceFile instance, Func<IReadOnlyList<string>, CancellationToken, Task<Tool.Outcome>>? virsh = null, string logFolder = "/var/log/libvirt/qemu")
{
    private const string Connection = "qemu:///system";
    private static readonly XNamespace Ours = "https://nssv.dev/domain/1";

    private readonly Func<IReadOnlyList<string>, CancellationToken, Task<Tool.Outcome>> _virsh = virsh ?? ((arguments, cancellation) => Tool.Run("virsh", arguments, cancellation));

    /// <summary>The names of the domains that are ours, and of those that only look alike and do not say whose they are.</summary>
    public async Task<(IReadOnlyList<string> Own, IReadOnlyList<string> Unknown)> List(CancellationToken cancellation)
    {
        var (own, unknown) = (new List<string>(), new List<string>());
        foreach (var name in await Names(cancellation))
        {
            var platform = name.StartsWith(instance.DomainPrefix, StringComparison.Ordinal) ? await PlatformOf(name, cancellation) : "";
            if (platform == instance.PlatformId)
            {
                own.Add(name);
            }
            else if (platform is null)
            {
                unknown.Add(name);
            }
        }

        return (own, unknown);
    }

    /// <summary>Ends one of our domains at once and forgets it with everything that libvirt keeps for it: also its log, which would stay for ever.</summary>
    public async Task Remove(string name, CancellationToken cancellation)
    {
        // Refused for a domain that is not running, which is just as well.
        await Run(cancellation, "destroy", "--domain", name);
        await Run(cancellation, "undefine", "--domain", name, "--nvram", "--managed-save", "--snapshots-metadata", "--checkpoints-metadata");
        if ((await Names(cancellation)).Contains(name))
        {
            throw new PlatformException($"The virtual machine {name} could not be removed.", $"Try 'virsh -c {Connection} undefine --nvram {name}', then repeat the command.");
        }

        if (Directory.Exists(logFolder))
        {
            foreach (var log in Directory.EnumerateFiles(logFolder, name + ".log*"))
            {
                File.Delete(log);
            }
        }
    }

    private async Task<IReadOnlyList<string>> Names(CancellationToken cancellation)
    {
        var outcome = await Run(cancellation, "list", "--all", "--name");
        return outcome.ExitCode == 0
            ? outcome.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : throw new PlatformException($"libvirt does not answer: {outcome.Complaint}", "Start libvirtd, then repeat the command; else virtual machines would be left behind.");
    }

    /// <summary>Null when it cannot be told.</summary>
    private async Task<string?> PlatformOf(string name, CancellationToken cancellation)
    {
        var outcome = await Run(cancellation, "dumpxml", "--domain", name);
        try
        {
            return outcome.ExitCode != 0 ? null : XDocument.Parse(outcome.Output).Descendants(Ours + "vm").FirstOrDefault()?.Attribute("platform")?.Value;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private Task<Tool.Outcome> Run(CancellationToken cancellation, params IReadOnlyList<string> arguments) => _virsh(["-q", "-c", Connection, .. arguments], cancellation);
}
