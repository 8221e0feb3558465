using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Nssv.Kernel.Trust;

/// <summary>Who a certificate speaks for: the URI <c>nssv://&lt;platform&gt;/&lt;role&gt;/&lt;id&gt;</c> among its alternative names (RFC 5280, 4.2.1.6).</summary>
public sealed record PlatformIdentity(Id PlatformId, string Role, Id Id)
{
    public const string Manager = "manager";
    public const string Agent = "agent";

    private const string Scheme = "nssv://";
    private const string AlternativeNames = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    public Uri Uri => new($"{Scheme}{PlatformId}/{Role}/{Id}");

    /// <summary>The certificate's identity; null when it has none, more than one, or one that is not exactly of this form. Proves nothing by itself: see <see cref="PlatformTrust"/>.</summary>
    public static PlatformIdentity? Of(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.Where(extension => extension.Oid?.Value == AlternativeNames).ToList();
        if (names.Count != 1)
            return null;
        try
        {
            var uris = new List<string>();
            var sequence = new AsnReader(names[0].RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                if (sequence.PeekTag() == UriTag)
                    uris.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                else
                    sequence.ReadEncodedValue();
            }
            return uris is [var only] ? Parse(only) : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static PlatformIdentity? Parse(string uri) =>
        uri.StartsWith(Scheme, StringComparison.Ordinal)
        && uri[Scheme.Length..].Split('/') is [var platform, Manager or Agent, var holder] parts
        && Id.TryParse(platform, null, out var platformId) && Id.TryParse(holder, null, out var id)
            ? new(platformId, parts[1], id)
            : null;
}
