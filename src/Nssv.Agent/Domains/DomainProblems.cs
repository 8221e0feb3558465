using Nssv.Kernel;
using Nssv.Libvirt;

namespace Nssv.Agent.Domains;

/// <summary>What the domain commands answer when they cannot.</summary>
internal static class DomainProblems
{
    public static Problem Unavailable(string why) => new(503, "libvirt-unavailable", "libvirt does not answer on this host.", why, "Check libvirtd on the host; virtual machines keep running, and the agent connects by itself.") { RetryAfterSeconds = 5 };
    public static Problem Timeout(string what) => new(504, "libvirt-timeout", "libvirt did not answer in time.", what, "Look at the host: a hung storage holds libvirt's calls up.");
    public static Problem Foreign(Id id, string name) => new(409, "domain-foreign", "The domain belongs to somebody else.", $"A domain '{name}' with the UUID {id} is on this host and does not carry this platform's mark.", "It was not touched. Find out who made it.");
    public static Problem NotDefined(Id id) => new(409, "domain-not-defined", "The virtual machine has no domain on this host.", $"No domain for {id}.", "Start it again, so that it is defined anew.");
    public static Problem NotRunning(Id id) => new(409, "domain-not-running", "The virtual machine does not run.", $"{id} does not run on this host.", "Start it first.");
    public static Problem OtherGenerationRuns(Id id, long asked, long runs) => new(409, "domain-generation-conflict", "The virtual machine runs from another start.", $"{id}: start {asked} was asked, but start {runs} is running.", "Stop it first; an older start is never adopted.");
    public static Problem NewerDefined(Id id, long asked, long defined) => new(409, "domain-generation-conflict", "The virtual machine was defined for another start.", $"{id}: start {asked} was asked, but start {defined} is defined.", "Define it for this start first; an older command than what is there is refused.");
    public static Problem DefineFailed(LibvirtException e) => new(500, "domain-define-failed", "libvirt refused the virtual machine's definition.", e.Message, "Check the machine's configuration and the host's QEMU and libvirt versions.");
    public static Problem StartFailed(LibvirtException e) => new(500, "domain-start-failed", "The virtual machine could not be started.", e.Message, "libvirt's message names the cause; as long as the machine exists, the host's log /var/log/libvirt/qemu has more.");
    public static Problem Failed(string what, LibvirtException e) => new(500, "domain-command-failed", "libvirt could not do it.", $"{what}: {e.Message}", "Try again; look at the host's libvirt log if it repeats.");
    public static Problem StopGivenUp(Id id) => new(409, "stop-given-up", "The stop was given up.", $"Whoever asked {id} to shut down wants it no more; it goes on.", "Stop it again if it is still wanted.");
    public static Problem FirmwareMissing() => new(409, "firmware-missing", "The host has no UEFI firmware.", "No OVMF (x86) or AAVMF (ARM) file was found.", "Install the package ovmf (or qemu-efi-aarch64) on the host.");
    public static Problem Architecture(string wanted, string host) => new(409, "architecture-mismatch", "The host cannot run this architecture.", $"{wanted} was asked; the host is {host}.", "Place the machine on another cluster.");
    public static Problem PortGroupKind(string kind) => new(400, "port-group-kind-unknown", "There is no network driver of this kind.", $"This agent has no driver '{kind}'.", "Use kind 'isolated', or upgrade the agent.");
    public static Problem SocketPath(string path) => new(500, "agent-path-too-long", "The agent's directory has too long a path.", $"{path} is longer than a unix socket's address may be (107 bytes).", "Choose a shorter NSSV_HOME.");
    public static Problem NoConsole(Id id) => new(409, "console-not-available", "The virtual machine has no console now.", $"{id} does not run, or QEMU does not listen.", "Start it, then open the console again.");
}
