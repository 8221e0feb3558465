using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Flows;

/// <summary>Reads flows from XML that was checked against flows.xsd.</summary>
public sealed class FlowReader
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(5);
    private readonly XmlSchemaSet _schemas = new();
    private readonly Func<string, Type?> _contextType;

    /// <param name="contextType">Finds a context's type by its simple name.</param>
    public FlowReader(Func<string, Type?> contextType)
    {
        _contextType = contextType;
        using var xsd = typeof(FlowReader).Assembly.GetManifestResourceStream("Nssv.Kernel.Flows.flows.xsd")!;
        using var reader = XmlReader.Create(xsd);
        _schemas.Add(null, reader);
    }

    /// <summary>Every embedded resource of the assembly whose name ends with ".flow.xml".</summary>
    public IEnumerable<FlowDefinition> ReadAll(Assembly assembly)
    {
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".flow.xml", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var text = new StreamReader(stream, Encoding.UTF8);
            yield return Read(text.ReadToEnd(), name);
        }
    }

    /// <exception cref="FlowException">The XML does not follow the schema, or names a type that does not exist.</exception>
    public FlowDefinition Read(string xml, string source)
    {
        XElement root;
        try
        {
            var document = XDocument.Parse(xml, LoadOptions.SetLineInfo);
            document.Validate(_schemas, (_, e) => throw new FlowException($"{source}: line {e.Exception.LineNumber}: {e.Message}"));
            root = document.Root!;
        }
        catch (XmlException e)
        {
            throw new FlowException($"{source}: {e.Message}");
        }

        var contextName = (string)root.Attribute("context")!;
        var afterCrash = Direction(root.Attribute("afterCrash")) ?? FlowDirection.Forward;
        return new FlowDefinition(
            (string)root.Attribute("name")!,
            _contextType(contextName) ?? throw new FlowException($"{source}: there is no context type '{contextName}'"),
            (string?)root.Attribute("target"),
            (string?)root.Attribute("claims") ?? Aspects.All,
            afterCrash,
            (bool?)root.Attribute("passesQueue") ?? false,
            [.. root.Elements("conflict").Select(c => new FlowConflict((string)c.Attribute("with")!, Enum.Parse<ConflictPolicy>((string)c.Attribute("policy")!, ignoreCase: true)))],
            [.. root.Elements().Where(e => e.Name != "conflict").Select(ReadNode)],
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(xml))));
    }

    private static FlowNode ReadNode(XElement e)
    {
        var when = (string?)e.Attribute("when");
        var since = (long?)e.Attribute("since") ?? 1;
        return e.Name == "call"
            ? new FlowNode.Call((string)e.Attribute("flow")!, when, (string?)e.Attribute("foreach"), (string?)e.Attribute("with"), since)
            : new FlowNode.Step(
                (string)e.Attribute("name")!,
                when,
                Duration(e.Attribute("deadline")) ?? DefaultDeadline,
                (int?)e.Attribute("retry") ?? 0,
                Direction(e.Attribute("afterCrash")),
                (bool?)e.Attribute("pointOfNoReturn") ?? false,
                Duration(e.Attribute("stall")),
                since);
    }

    private static TimeSpan? Duration(XAttribute? a) => a is null ? null : XmlConvert.ToTimeSpan(a.Value);

    private static FlowDirection? Direction(XAttribute? a) => a is null ? null : Enum.Parse<FlowDirection>(a.Value, ignoreCase: true);
}

/// <summary>A flow is wrong: found at start-up and in a test, never while it runs.</summary>
public sealed class FlowException(string message) : Exception(message);

/// <summary>Names of what an operation claims of its target.</summary>
public static class Aspects
{
    /// <summary>Overlaps with every other.</summary>
    public const string All = "all";

    public static bool Overlap(string a, string b) => a == All || b == All || a == b;
}
