using System.Xml.Linq;
using Nssv.Contracts.Inventory;

namespace Nssv.Agent.Domains;

/// <summary>What of this host goes into a domain's definition: read once from libvirt, the same for every domain.</summary>
/// <param name="VirtualizationType">"kvm", or "qemu" where the host has no hardware virtualisation.</param>
/// <param name="CpuXml">The &lt;cpu&gt; element for a machine that has none yet: custom and exact, so that it stays what it is.</param>
/// <param name="FirmwareCode">UEFI's code file; null when none is installed.</param>
internal sealed record HostProfile(Architecture Architecture, string VirtualizationType, string Emulator, string CpuXml, string? FirmwareCode, string? FirmwareVariables)
{
    // Debian's names first, then Fedora's; 4 MiB variants first, since 2 MiB ones have too little room for keys.
    private static readonly (string Code, string Variables)[] X86Firmware =
    [
        ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
        ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ];

    private static readonly (string Code, string Variables)[] ArmFirmware =
    [
        ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
        ("/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw"),
    ];

    /// <summary>
    /// Decides from what libvirt offers for this architecture. libvirt offers KVM when the device is there; whether QEMU's user may open it, it does not
    /// look at. Only one kind of domain is asked for: the whole host's capabilities would start every emulator that is installed.
    /// </summary>
    public static HostProfile Read(Architecture architecture, bool kvmUsable, Func<string, string> domainCapabilities)
    {
        var arch = architecture is Architecture.Aarch64 ? "aarch64" : "x86_64";
        var type = kvmUsable ? "kvm" : "qemu";
        var offered = XDocument.Parse(domainCapabilities(type));
        var emulator = (string?)offered.Root!.Element("path") ?? $"/usr/bin/qemu-system-{arch}";
        var (code, variables) = (architecture is Architecture.Aarch64 ? ArmFirmware : X86Firmware).FirstOrDefault(f => File.Exists(f.Code) && File.Exists(f.Variables));
        return new HostProfile(architecture, type, emulator, Cpu(architecture, kvmUsable, offered).ToString(SaveOptions.DisableFormatting), code, variables);
    }

    /// <summary>
    /// KVM: the host's own model as libvirt names it, written out (what mode host-model would become at the next start, but for ever the same).
    /// Emulation on x86: Westmere, a named and versioned model with what x86-64-v2 guests ask for, all of it emulated by every QEMU since 4.2;
    /// "max" would change with QEMU. On aarch64 KVM has no named models, so the host's CPU is passed through.
    /// </summary>
    private static XElement Cpu(Architecture architecture, bool kvm, XDocument offered)
    {
        if (architecture is Architecture.Aarch64)
        {
            return kvm
                ? new XElement("cpu", new XAttribute("mode", "host-passthrough"))
                : Custom("none", new XElement("model", new XAttribute("fallback", "forbid"), "cortex-a57"));
        }

        var host = offered.Descendants("mode").FirstOrDefault(m => (string?)m.Attribute("name") == "host-model" && (string?)m.Attribute("supported") == "yes");
        return kvm && host is not null
            ? Custom("partial", [new XElement("model", new XAttribute("fallback", "forbid"), (string?)host.Element("model")), host.Element("vendor"), .. host.Elements("feature")])
            : Custom("none", new XElement("model", new XAttribute("fallback", "forbid"), "Westmere"));
    }

    private static XElement Custom(string check, params object?[] content) =>
        new("cpu", new XAttribute("mode", "custom"), new XAttribute("match", "exact"), new XAttribute("check", check), content);
}
