using System.Xml.Linq;
using Nssv.Agent.Domains;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Domains;

public sealed class DomainXmlTests
{
    private static readonly Id Platform = Id.Parse("019f0000-0000-7000-8000-00000000abcd"), Vm = Id.Parse("019f0001-0000-7000-8000-000000000001"),
        Volume = Id.Parse("019f0002-0000-7000-8000-000000000002"), Second = Id.Parse("019f0002-0000-7000-8000-000000000003"), Storage = Id.Parse("019f0003-0000-7000-8000-000000000003"),
        Layer = Id.Parse("019f0004-0000-7000-8000-000000000004"), Nic = Id.Parse("019f0005-0000-7000-8000-0000deadbeef"), PortGroup = Id.Parse("019f0006-0000-7000-8000-000000000006");

    private static readonly HostProfile Emulated = new(Architecture.X86_64, "qemu", "/usr/bin/qemu-system-x86_64",
        "<cpu mode=\"custom\" match=\"exact\" check=\"none\"><model fallback=\"forbid\">Westmere</model></cpu>", "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd");

    [Theory]
    [InlineData("bios", Firmware.Bios, true)]
    [InlineData("uefi-buffered", Firmware.Uefi, false)]
    public void The_definition_is_the_golden_one(string name, Firmware firmware, bool directIo) =>
        Compare(name, Build(Spec("web") with { Firmware = firmware }, directIo));

    [Theory]
    [InlineData("</title><devices><hostdev/></devices><title>")]
    [InlineData("]]>&amp;\"'<!-- -->")]
    [InlineData("a\nb\tc\0d\u001be\uFFFE")]
    [InlineData("$(reboot); rm -rf / `id`")]
    [InlineData("../../etc/passwd")]
    [InlineData("日本語 🚀 naïve")]
    public void A_title_is_text_and_nothing_else(string title)
    {
        var text = Build(Spec(title)).ToString();
        var plain = XDocument.Parse(Build(Spec("web")).ToString());
        var parsed = XDocument.Parse(text);
        parsed.Root!.Element("title")!.Value.ShouldBe(DomainXml.OneLine(title));
        parsed.Root.Element("title")!.Value.ShouldNotContain("\n");
        parsed.Root.Element("title")!.Value = "web";
        XNode.DeepEquals(parsed, plain).ShouldBeTrue();
    }

    [Fact]
    public void A_title_that_breaks_off_inside_a_character_is_made_whole() => DomainXml.OneLine("a\ud83d").ShouldBe("a ");

    [Fact]
    public void What_was_chosen_at_the_first_define_is_said_again()
    {
        var first = Build(Spec("web"));
        first.Root!.Element("os")!.Element("type")!.SetAttributeValue("machine", "pc-q35-7.2");
        var devices = first.Root.Element("devices")!;
        devices.Element("disk")!.Add(Pci("0x03"));
        devices.Element("interface")!.Add(Pci("0x01"));
        devices.Element("memballoon")!.Add(Pci("0x05"));
        devices.Add(XElement.Parse("<controller type='pci' index='0' model='pcie-root'/>"),
            XElement.Parse("<controller type='pci' index='1' model='pcie-root-port'><model name='pcie-root-port'/><target chassis='1' port='0x8'/><address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/></controller>"));
        var hardware = DomainAddresses.Read(first.ToString(), Spec("web"));
        hardware.MachineType.ShouldBe("pc-q35-7.2");

        var disk = new DiskSpec(Second, Storage, Layer, VolumeFormat.Qcow2, 1, "second");
        var spec = Spec("renamed") with { Hardware = hardware, RunGeneration = 9 };
        var second = Build(spec with { Disks = [.. spec.Disks, disk] });
        var again = DomainAddresses.Read(second.ToString(), spec);
        again.MachineType.ShouldBe(hardware.MachineType);
        again.CpuModelXml.ShouldBe(hardware.CpuModelXml);
        again.Addresses.Keys.Where(k => hardware.Addresses.ContainsKey(k)).ShouldBe(hardware.Addresses.Keys);
        foreach (var (key, address) in hardware.Addresses)
            again.Addresses[key].ShouldBe(address, ignoreOrder: true, key);
        second.Root!.Descendants("disk").Last().Element("address").ShouldBeNull();
    }

    [Fact]
    public void Firmware_that_is_not_installed_is_said_so() =>
        Should.Throw<ProblemException>(() => Build(Spec("web") with { Firmware = Firmware.Uefi }, host: Emulated with { FirmwareCode = null })).Problem.Code.ShouldBe("firmware-missing");

    [Fact]
    public void A_network_of_an_unknown_kind_is_refused() =>
        Should.Throw<ProblemException>(() => Build(Spec("web") with { Nics = [Spec("web").Nics[0] with { PortGroupKind = "overlay" }] })).Problem.Code.ShouldBe("port-group-kind-unknown");

    [Theory]
    [InlineData(0, "vda")]
    [InlineData(25, "vdz")]
    [InlineData(26, "vdaa")]
    [InlineData(701, "vdzz")]
    public void Disks_are_named_as_the_kernel_does(int index, string name) => DomainNames.Disk(index).ShouldBe(name);

    [Fact]
    public void A_taps_name_fits_the_kernel() => DomainNames.Tap(Platform, Nic).ShouldBe("nvabcddeadbeef");

    [Theory]
    [InlineData(true, "custom", "EPYC")]
    [InlineData(false, "custom", "Westmere")]
    public void The_processor_is_named_and_stays(bool kvm, string mode, string model)
    {
        const string offered = "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><cpu><mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model><vendor>AMD</vendor><feature policy='require' name='ss'/></mode></cpu></domainCapabilities>";
        var profile = HostProfile.Read(Architecture.X86_64, kvm, _ => offered);
        profile.VirtualizationType.ShouldBe(kvm ? "kvm" : "qemu");
        var cpu = XElement.Parse(profile.CpuXml);
        ((string?)cpu.Attribute("mode")).ShouldBe(mode);
        ((string?)cpu.Element("model")).ShouldBe(model);
        cpu.Elements("feature").Count().ShouldBe(kvm ? 1 : 0);
    }

    [Theory]
    [InlineData("<v xmlns='https://nssv.dev/domain/1' platform='019f0000-0000-7000-8000-00000000abcd' id='019f0001-0000-7000-8000-000000000001' generation='7'/>", 7L)]
    [InlineData("<v xmlns='https://nssv.dev/domain/1' platform='x' id='019f0001-0000-7000-8000-000000000001' generation='7'/>", null)]
    [InlineData("<v xmlns='https://nssv.dev/domain/1' platform='019f0000-0000-7000-8000-00000000abcd' id='019f0001-0000-7000-8000-000000000001' generation='-1'/>", null)]
    [InlineData("<v/>", null)]
    [InlineData(null, null)]
    public void A_mark_is_ours_only_when_it_is_whole(string? xml, long? generation) => DomainMark.Parse(xml)?.RunGeneration.ShouldBe(generation!.Value);

    private static DomainSpec Spec(string title) => new()
    {
        VirtualMachineId = Vm,
        Title = title,
        RunGeneration = 7,
        Architecture = Architecture.X86_64,
        Firmware = Firmware.Bios,
        CpuCount = 2,
        MemoryBytes = 256L << 20,
        Disks = [new DiskSpec(Volume, Storage, Layer, VolumeFormat.Qcow2, 0, "019f0002000070008000")],
        Nics = [new NicSpec(Nic, PortGroup, "isolated", "52:54:00:00:00:01", 0, NicModel.Virtio)],
    };

    private static XDocument Build(DomainSpec spec, bool directIo = true, HostProfile? host = null) => DomainXml.Build(new DomainPlan(Platform, spec, host ?? Emulated,
        spec.Disks.ToDictionary(d => d.VolumeId, d => (LayerAttachment)new FileAttachment($"/storage/layers/{d.LayerId}.qcow2", d.Format, directIo)),
        $"/home/console/{Vm}.sock", $"/home/vnc/{Vm}.sock", $"/home/nvram/{Vm}.fd"));

    private static XElement Pci(string bus) => new("address", new XAttribute("type", "pci"), new XAttribute("domain", "0x0000"), new XAttribute("bus", bus), new XAttribute("slot", "0x00"), new XAttribute("function", "0x0"));

    private static void Compare(string name, XDocument document)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "Agent", "Domains", "Golden", $"{name}.xml");
        var text = document + "\n";
        if (File.Exists(file) && File.ReadAllText(file) == text)
            return;
        File.WriteAllText(Path.ChangeExtension(file, ".received"), text);
        text.ShouldBe(File.Exists(file) ? File.ReadAllText(file) : "", $"The definition has changed; if that is meant, copy {Path.ChangeExtension(file, ".received")} over the golden file.");
    }
}
