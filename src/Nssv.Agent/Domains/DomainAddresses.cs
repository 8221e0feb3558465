using System.Globalization;
using System.Xml.Linq;
using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Agent.Domains;

/// <summary>
/// Hardware that does not move: what libvirt chose at the first define is read into <see cref="DomainHardware"/>, and every later definition says it
/// again, word for word. A device that is new gets an address from libvirt among those that are free.
/// </summary>
internal static class DomainAddresses
{
    // Besides the address, what makes a PCI bridge the same one: its model and its chassis and port numbers.
    private const string ModelSuffix = "/model", TargetSuffix = "/target";

    public static DomainHardware Read(string inactiveXml, DomainSpec spec)
    {
        var domain = XDocument.Parse(inactiveXml).Root!;
        var addresses = new SortedDictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (key, device) in Keyed(domain.Element("devices")!, spec))
        {
            if (device.Element("address") is { } address)
                addresses[key] = Attributes(address);
            if (device.Name != "controller")
                continue;
            if ((string?)device.Attribute("model") is { } model)
                addresses[key + ModelSuffix] = new Dictionary<string, string> { ["name"] = model };
            if (device.Element("target") is { } target)
                addresses[key + TargetSuffix] = Attributes(target);
            // Some controllers have no address (the root complex); their being there is what counts.
            addresses.TryAdd(key, new Dictionary<string, string>());
        }

        var cpu = domain.Element("cpu") ?? throw new InvalidOperationException("libvirt's answer has no <cpu>.");
        return new DomainHardware((string)domain.Element("os")!.Element("type")!.Attribute("machine")!, cpu.ToString(SaveOptions.DisableFormatting), addresses);
    }

    public static void Apply(XElement domain, DomainSpec spec)
    {
        if (spec.Hardware is not { } hardware)
            return;
        var devices = domain.Element("devices")!;
        foreach (var (key, known) in hardware.Addresses)
        {
            if (key.EndsWith(ModelSuffix, StringComparison.Ordinal) || key.EndsWith(TargetSuffix, StringComparison.Ordinal) || key.Split(':') is not ["controller", var type, var index])
                continue;
            var controller = devices.Elements("controller").FirstOrDefault(c => (string?)c.Attribute("type") == type && (string?)c.Attribute("index") == index);
            if (controller is null)
            {
                controller = new XElement("controller", new XAttribute("type", type), new XAttribute("index", index));
                devices.Elements("controller").Last().AddAfterSelf(controller);
            }

            if (hardware.Addresses.TryGetValue(key + ModelSuffix, out var model))
                controller.SetAttributeValue("model", model["name"]);
            if (hardware.Addresses.TryGetValue(key + TargetSuffix, out var target))
                controller.Add(Named("target", target));
        }

        foreach (var (key, device) in Keyed(devices, spec))
        {
            if (hardware.Addresses.TryGetValue(key, out var address) && address.Count > 0)
                device.Add(Named("address", address));
        }
    }

    /// <summary>Devices by a name that outlives their position: disks by volume, cards by id, the rest by kind and number.</summary>
    private static IEnumerable<(string Key, XElement Device)> Keyed(XElement devices, DomainSpec spec)
    {
        var disks = spec.Disks.ToDictionary(d => DomainNames.Disk(d.DeviceIndex), d => d.VolumeId);
        var nics = spec.Nics.ToDictionary(n => n.MacAddress.ToLowerInvariant(), n => n.NetworkInterfaceId);
        var counts = new Dictionary<string, int>();
        foreach (var device in devices.Elements())
        {
            var kind = device.Name.LocalName;
            var key = kind switch
            {
                "disk" => Of(disks, (string?)device.Element("target")?.Attribute("dev"), "disk"),
                "interface" => Of(nics, ((string?)device.Element("mac")?.Attribute("address"))?.ToLowerInvariant(), "nic"),
                "controller" => $"controller:{(string?)device.Attribute("type")}:{(string?)device.Attribute("index")}",
                "emulator" or "graphics" or "audio" or "console" => null,
                "input" => Numbered(counts, $"input:{(string?)device.Attribute("type")}:{(string?)device.Attribute("bus")}"),
                "channel" => Numbered(counts, $"channel:{(string?)device.Element("target")?.Attribute("name")}"),
                _ => Numbered(counts, kind),
            };
            if (key is not null)
                yield return (key, device);
        }
    }

    private static string? Of(Dictionary<string, Id> known, string? name, string kind) =>
        name is not null && known.TryGetValue(name, out var id) ? $"{kind}:{id}" : null;

    private static string Numbered(Dictionary<string, int> counts, string kind)
    {
        counts[kind] = counts.GetValueOrDefault(kind, -1) + 1;
        return $"{kind}:{counts[kind].ToString(CultureInfo.InvariantCulture)}";
    }

    private static Dictionary<string, string> Attributes(XElement element) => element.Attributes().ToDictionary(a => a.Name.LocalName, a => a.Value);

    private static XElement Named(string name, IReadOnlyDictionary<string, string> attributes) =>
        new(name, attributes.OrderBy(a => a.Key == "type" ? "" : a.Key, StringComparer.Ordinal).Select(a => new XAttribute(a.Key, a.Value)));
}
