using System.Globalization;
using System.Text.Json.Nodes;

namespace Nssv.Kernel.Flows;

/// <summary>Addresses a sub-flow's context inside its operation's: "disks[1]", "root.layers[0]".</summary>
internal static class ScopePath
{
    public static string Property(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";

    public static string Item(string scope, string name, int index) => $"{Property(scope, name)}[{index}]";

    public static JsonObject Find(JsonObject root, string scope)
    {
        JsonNode node = root;
        foreach (var part in Parts(scope))
            node = Child(node, part) ?? throw new InvalidOperationException($"the context has no '{scope}'");
        return node.AsObject();
    }

    private static JsonNode? Child(JsonNode node, (string Name, int? Index) part) =>
        part.Index is { } i ? node[part.Name]?[i] : node[part.Name];

    private static IEnumerable<(string Name, int? Index)> Parts(string scope)
    {
        if (scope.Length == 0)
            yield break;
        foreach (var part in scope.Split('.'))
        {
            var bracket = part.IndexOf('[', StringComparison.Ordinal);
            yield return bracket < 0
                ? (part, null)
                : (part[..bracket], int.Parse(part[(bracket + 1)..^1], CultureInfo.InvariantCulture));
        }
    }
}
