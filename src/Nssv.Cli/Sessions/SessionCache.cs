using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Cli.Platform;
using Nssv.Client;

namespace Nssv.Cli.Sessions;

/// <summary>The last session of the local instance, kept so that not every command signs in. Readable by its owner alone.</summary>
internal sealed class SessionCache(string path, TimeProvider time)
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>A token for this server that is still good for a while; else null.</summary>
    public string? Read(Uri server)
    {
        try
        {
            var session = JsonNode.Parse(File.ReadAllText(path));
            return session.At("server").AsText() == server.GetLeftPart(UriPartial.Authority) && session.At("expiresAt").AsTime() > time.GetUtcNow() + Margin
                ? session.At("token").AsText()
                : null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Write(Uri server, string token, string? expiresAt)
    {
        try
        {
            var session = new JsonObject { ["server"] = server.GetLeftPart(UriPartial.Authority), ["token"] = token, ["expiresAt"] = expiresAt };
            AtomicFile.Write(path, session.ToJsonString() + "\n", AtomicFile.Secret);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException)
        {
            // Only a convenience: the next command signs in again.
        }
    }
}
