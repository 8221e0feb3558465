using System.Xml.Linq;

namespace Nssv.Agent.Domains;

/// <summary>The taps of a domain that must be kept down: those of isolated cards.</summary>
internal static class DomainTaps
{
    public static IReadOnlyList<string> Names(string domainXml) =>
        [.. XDocument.Parse(domainXml).Descendants("interface").Where(i => (string?)i.Attribute("type") == "ethernet").Select(i => (string?)i.Element("target")?.Attribute("dev")).OfType<string>()];
}
