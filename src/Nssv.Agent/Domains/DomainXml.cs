using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;

namespace Nssv.Agent.Domains;

/// <summary>
/// A specification as libvirt's domain XML. Pure: the same plan gives the same text. Nothing of the host is passed through, nothing starts by itself,
/// consoles are unix sockets, and a device that was defined before gets the address it had.
/// </summary>
internal static class DomainXml
{
    private static readonly XNamespace Nssv = DomainNames.Namespace;

    public static XDocument Build(DomainPlan plan)
    {
        var spec = plan.Spec;
        var arm = spec.Architecture is Architecture.Aarch64;
        var domain = new XElement("domain", new XAttribute("type", plan.Host.VirtualizationType),
            new XElement("name", DomainNames.Domain(plan.PlatformId, spec.VirtualMachineId)),
            new XElement("uuid", spec.VirtualMachineId.ToString()),
            new XElement("title", OneLine(spec.Title)),
            new XElement("metadata", Metadata(plan)),
            new XElement("memory", new XAttribute("unit", "b"), spec.MemoryBytes),
            new XElement("vcpu", new XAttribute("placement", "static"), spec.CpuCount),
            Os(plan, arm),
            new XElement("features", new XElement("acpi"), arm ? new XElement("gic", new XAttribute("version", "3")) : new XElement("apic")),
            XElement.Parse(spec.Hardware?.CpuModelXml ?? plan.Host.CpuXml),
            Clock(plan.Host.VirtualizationType == "kvm" && !arm),
            new XElement("on_poweroff", "destroy"),
            new XElement("on_reboot", "restart"),
            new XElement("on_crash", "destroy"),
            Devices(plan, arm));
        DomainAddresses.Apply(domain, spec);
        return new XDocument(domain);
    }

    private static XElement Metadata(DomainPlan plan) => new(Nssv + "vm",
        new XAttribute(XNamespace.Xmlns + "nssv", DomainNames.Namespace),
        new XAttribute("platform", plan.PlatformId), new XAttribute("id", plan.Spec.VirtualMachineId), new XAttribute("generation", plan.Spec.RunGeneration),
        plan.Spec.Disks.OrderBy(d => d.DeviceIndex).Select(d => new XElement(Nssv + "disk",
            new XAttribute("volume", d.VolumeId), new XAttribute("storage", d.DataStorageId), new XAttribute("layer", d.LayerId))));

    private static XElement Os(DomainPlan plan, bool arm)
    {
        var os = new XElement("os", new XElement("type", new XAttribute("arch", arm ? "aarch64" : "x86_64"),
            new XAttribute("machine", plan.Spec.Hardware?.MachineType ?? (arm ? "virt" : "q35")), "hvm"));
        if (plan.Spec.Firmware is Firmware.Uefi)
        {
            os.Add(new XElement("loader", new XAttribute("readonly", "yes"), new XAttribute("type", "pflash"), plan.Host.FirmwareCode ?? throw DomainProblems.FirmwareMissing().AsException()),
                new XElement("nvram", new XAttribute("template", plan.Host.FirmwareVariables!), plan.NvramFile));
        }

        return os;
    }

    private static XElement Clock(bool x86Kvm) => new("clock", new XAttribute("offset", "utc"),
        x86Kvm
            ? [Timer("rtc", "tickpolicy", "catchup"), Timer("pit", "tickpolicy", "delay"), Timer("hpet", "present", "no")]
            : (XElement[])[]);

    private static XElement Timer(string name, string attribute, string value) => new("timer", new XAttribute("name", name), new XAttribute(attribute, value));

    private static XElement Devices(DomainPlan plan, bool arm) => new("devices",
        new XElement("emulator", plan.Host.Emulator),
        plan.Spec.Disks.OrderBy(d => d.DeviceIndex).Select(d => Disk(d, plan.Disks[d.VolumeId])),
        new XElement("controller", new XAttribute("type", "usb"), new XAttribute("index", 0), new XAttribute("model", "qemu-xhci")),
        new XElement("controller", new XAttribute("type", "virtio-serial"), new XAttribute("index", 0)),
        plan.Spec.Nics.OrderBy(n => n.DeviceIndex).Select(n => Nic(plan, n)),
        new XElement("serial", new XAttribute("type", "unix"), Socket(plan.ConsoleSocket), new XElement("target", new XAttribute("port", 0))),
        new XElement("console", new XAttribute("type", "unix"), Socket(plan.ConsoleSocket), new XElement("target", new XAttribute("type", "serial"), new XAttribute("port", 0))),
        new XElement("channel", new XAttribute("type", "unix"), new XElement("source", new XAttribute("mode", "bind")),
            new XElement("target", new XAttribute("type", "virtio"), new XAttribute("name", "org.qemu.guest_agent.0"))),
        new XElement("input", new XAttribute("type", "tablet"), new XAttribute("bus", "usb")),
        arm ? new XElement("input", new XAttribute("type", "keyboard"), new XAttribute("bus", "usb")) : null,
        new XElement("graphics", new XAttribute("type", "vnc"), new XElement("listen", new XAttribute("type", "socket"), new XAttribute("socket", plan.VncSocket))),
        new XElement("video", new XElement("model", new XAttribute("type", arm ? "virtio" : "vga"))),
        new XElement("memballoon", new XAttribute("model", "virtio")),
        new XElement("rng", new XAttribute("model", "virtio"), new XElement("backend", new XAttribute("model", "random"), "/dev/urandom")),
        arm ? null : new XElement("panic", new XAttribute("model", "isa")));

    private static XElement Socket(string path) => new("source", new XAttribute("mode", "bind"), new XAttribute("path", path));

    private static XElement Disk(DiskSpec disk, LayerAttachment attachment)
    {
        if (attachment is not FileAttachment file)
            throw new NotSupportedException($"No disk can be made of {attachment.GetType().Name}.");
        var format = disk.Format is VolumeFormat.Raw ? "raw" : "qcow2";
        return new XElement("disk", new XAttribute("type", "file"), new XAttribute("device", "disk"),
            new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", format),
                // O_DIRECT where the storage takes it: the host's page cache would lie about what is safe, and is needed for the guests.
                file.DirectIo ? (XAttribute[])[new XAttribute("cache", "none"), new XAttribute("io", "native")] : [new XAttribute("cache", "writeback")],
                new XAttribute("error_policy", "stop"), new XAttribute("discard", "unmap"), new XAttribute("detect_zeroes", "unmap")),
            new XElement("source", new XAttribute("file", file.Path)),
            new XElement("target", new XAttribute("dev", DomainNames.Disk(disk.DeviceIndex)), new XAttribute("bus", "virtio")),
            new XElement("serial", disk.Serial),
            new XElement("boot", new XAttribute("order", disk.DeviceIndex + 1)));
    }

    private static XElement Nic(DomainPlan plan, NicSpec nic) => nic.PortGroupKind != "isolated"
        ? throw DomainProblems.PortGroupKind(nic.PortGroupKind).AsException()
        // A tap that the agent keeps down: the guest sees a link, and no frame leaves it or reaches it, not even to or from this host.
        : new XElement("interface", new XAttribute("type", "ethernet"),
            new XElement("mac", new XAttribute("address", nic.MacAddress)),
            new XElement("target", new XAttribute("dev", DomainNames.Tap(plan.PlatformId, nic.NetworkInterfaceId))),
            new XElement("model", new XAttribute("type", nic.Model is NicModel.E1000e ? "e1000e" : "virtio")));

    /// <summary>User text as libvirt's title takes it: one line, and only characters that XML can hold.</summary>
    internal static string OneLine(string text)
    {
        var line = new System.Text.StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var usable = rune.Value != 0xFFFD && !System.Text.Rune.IsControl(rune) && (rune.IsBmp ? XmlConvert.IsXmlChar((char)rune.Value) : true)
                && System.Text.Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            line.Append(usable ? rune.ToString() : " ");
        }

        return line.ToString();
    }
}
