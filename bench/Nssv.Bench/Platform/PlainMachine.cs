using System.Diagnostics;
using System.Xml.Linq;

namespace Nssv.Bench.Platform;

/// <summary>A machine made by hand: qemu-img, virsh define, virsh start. Its definition is the platform's own with another name and other files.</summary>
/// <param name="Xml">Of a machine that the platform has defined.</param>
/// <param name="Image">What its disk builds on.</param>
internal sealed record PlainMachine(string Xml, string Image, string Folder)
{
    public static async Task<PlainMachine> Like(Instance instance, string id, string folder)
    {
        var xml = await Shell.Virsh("dumpxml", "--inactive", instance.Domain(id));
        var disk = XDocument.Parse(xml).Descendants("disk").Single().Element("source")!.Attribute("file")!.Value;
        var chain = System.Text.Json.Nodes.JsonNode.Parse(await Shell.Run("qemu-img", ["info", "-U", "--output=json", disk]))!;
        // QEMU runs as a user of its own and makes its sockets there.
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        return new(xml, chain["full-backing-filename"]!.GetValue<string>(), folder);
    }

    /// <returns>Milliseconds until it runs, and until its guest is ready.</returns>
    public async Task<(double Running, double Ready)> Measure(int number)
    {
        var name = $"plain-{Environment.ProcessId}-{number}";
        var (disk, console, file) = (Path.Combine(Folder, $"{name}.qcow2"), Path.Combine(Folder, $"{number}.sock"), Path.Combine(Folder, $"{name}.xml"));
        var domain = XDocument.Parse(Xml).Root!;
        domain.Element("name")!.Value = name;
        domain.Element("uuid")!.Value = Guid.NewGuid().ToString();
        domain.Element("metadata")?.Remove();
        domain.Descendants("disk").Single().Element("source")!.SetAttributeValue("file", disk);
        foreach (var source in domain.Descendants("source").Where(source => source.Parent!.Name.LocalName is "serial" or "console"))
            source.SetAttributeValue("path", console);
        foreach (var graphics in domain.Descendants("graphics"))
        {
            graphics.SetAttributeValue("socket", null);
            graphics.Element("listen")!.SetAttributeValue("socket", Path.Combine(Folder, $"{number}.vnc"));
        }
        await File.WriteAllTextAsync(file, domain.ToString());

        var clock = Stopwatch.StartNew();
        var ready = SerialPort.UntilReady(console);
        await Shell.Run("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", Image, disk]);
        await Shell.Virsh("define", file);
        await Shell.Virsh("start", name);
        var running = clock.Elapsed.TotalMilliseconds;
        await ready;
        var whole = clock.Elapsed.TotalMilliseconds;
        await Shell.Virsh("destroy", name);
        await Shell.Virsh("undefine", name);
        File.Delete(disk);
        return (running, whole);
    }
}
