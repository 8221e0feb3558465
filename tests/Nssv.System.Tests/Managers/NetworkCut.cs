using Nssv.System.Tests.Platform;

namespace Nssv.System.Tests.Managers;

/// <summary>
/// Drops what a manager and another one send to each other, and what it sends to the database, as a broken switch does: nobody is told. Its hosts still reach it.
/// </summary>
internal sealed class NetworkCut : IDisposable
{
    private readonly string _table = $"nssv_test_{Environment.ProcessId}";

    /// <param name="databasePort">Null: both reach the database, and only not each other.</param>
    /// <param name="bothWays">False: the other one reaches the one that is cut off, and is answered.</param>
    public NetworkCut(ManagerProcess cut, ManagerProcess other, int? databasePort, bool bothWays = true)
    {
        Nft($"add table inet {_table}");
        Nft($"add chain inet {_table} out {{ type filter hook output priority 0; }}");
        if (databasePort is { } port)
            Nft($"add rule inet {_table} out meta skgid {cut.GroupId} tcp dport {port} drop");
        Nft($"add rule inet {_table} out meta skgid {cut.GroupId} tcp dport {other.AgentApiPort} drop");
        if (bothWays)
            Nft($"add rule inet {_table} out meta skgid {other.GroupId} tcp dport {cut.AgentApiPort} drop");
    }

    public void Dispose() => Nft($"delete table inet {_table}");

    private static void Nft(string command) => Shell.Do("nft", command);
}
