using Nssv.Client;

namespace Nssv.Cli.Commands.Api;

/// <summary>The path of a raw call: absolute below the server, or relative to the API's root. Never another server, which would be given the token.</summary>
internal static class RequestPath
{
    public static string Of(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal) || text.StartsWith("//", StringComparison.Ordinal) || text.Any(char.IsControl) || text.Length == 0)
        {
            throw new UsageException($"\"{Output.Printable.Of(text)}\" is not a path of the API.", "Write it like /api/v1/hosts or hosts.");
        }

        return (text.StartsWith('/') ? text : $"{ApiClient.Root}/{text}").Replace(" ", "%20", StringComparison.Ordinal);
    }
}
