namespace Nssv.Contracts.Network;

/// <summary>MAC addresses (IEEE 802) in one text form: lower-case hex pairs with colons.</summary>
public static class MacAddress
{
    /// <summary>Six pairs, no group address, not all zero.</summary>
    public static bool IsUsable(string text)
    {
        if (text.Length != 17)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (i % 3 == 2 ? text[i] != ':' : !char.IsAsciiHexDigitLower(text[i]))
                return false;
        }

        var first = Convert.ToInt32(text[..2], 16);
        return (first & 1) == 0 && text != "00:00:00:00:00:00";
    }

    /// <summary>What is wrong with one that is not usable.</summary>
    public static Nssv.Kernel.FieldError Wrong(string field) =>
        new(field, "mac-address", "A MAC address has six pairs of lower-case hex digits with colons, and is no group address.");

    /// <summary>A locally administered address from the end of an id, which is random.</summary>
    public static string From(Nssv.Kernel.Id id)
    {
        var hex = id.Value.ToString("N")[^10..];
        return $"52:{hex[..2]}:{hex[2..4]}:{hex[4..6]}:{hex[6..8]}:{hex[8..10]}";
    }
}
