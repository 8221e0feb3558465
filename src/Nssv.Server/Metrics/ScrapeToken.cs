using System.Security.Cryptography;
using System.Text;
using Nssv.Server.Certificates;

namespace Nssv.Server.Metrics;

/// <summary>What a scraper shows instead of a session: it opens /metrics and nothing else. Made at the first start; to have another one, remove the file and start again.</summary>
internal sealed class ScrapeToken
{
    private const int Bytes = 32;
    private readonly byte[] _hash;

    private ScrapeToken(string token) => _hash = Hash(token);

    /// <param name="file">Readable by its owner alone.</param>
    public static ScrapeToken Open(string file, ISecretSource secrets)
    {
        if (!File.Exists(file))
        {
            var random = new byte[Bytes];
            secrets.Fill(random);
            PrivateFile.Write(file, Convert.ToHexStringLower(random) + "\n");
        }
        var token = File.ReadAllText(file).Trim();
        return token.Length >= Bytes
            ? new(token)
            : throw new ConfigurationException($"The file {file} holds no token of at least {Bytes} characters.", "Remove it: the next start makes a new one.");
    }

    /// <summary>Takes the same time whatever it is shown.</summary>
    public bool Is(string token) => CryptographicOperations.FixedTimeEquals(_hash, Hash(token));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
