using System.Data.Common;
using System.Globalization;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Bench.Queries;

/// <summary>
/// A large platform's rows, made by the database itself: machines with a volume and a card each, on 1,000 hosts in 10 clusters, with 4 data storages.
/// Every machine has the label <c>ticket</c> with one of 10,000 values, every second one <c>env=prod</c>.
/// </summary>
internal sealed class QuerySeed(Database database, DbConnection connection, bool isPostgres)
{
    public const int Hosts = 1_000, Clusters = 10, Storages = 4, Tickets = 10_000;
    private const string At = "1767225600000000";

    /// <summary>The data center that all of it is in.</summary>
    public static Id DataCenterId { get; } = Id.Parse("019f0000-0000-7000-8000-000000000000");

    /// <param name="layers">With the layer that each volume is made of.</param>
    public void Make(int machines, bool layers = false)
    {
        Migrator.Apply(database, TimeProvider.System, MigrationSet.Kernel, MigrationSet.Embedded("nssv", typeof(VirtualMachine).Assembly));
        Execute(isPostgres ? "SET synchronous_commit = off" : "PRAGMA synchronous = OFF");
        Execute("BEGIN");
        Add<DataCenter>(1, 0, new() { ["name"] = "'main'" });
        Add<Cluster>(Clusters, 1, new() { ["name"] = "'cluster-' || n.i", ["data_center_id"] = Of(0, "0"), ["architecture"] = "'x86_64'" });
        Add<Contracts.Inventory.Host>(Hosts, 2, new() { ["name"] = "'host-' || n.i", ["cluster_id"] = Of(1, $"n.i % {Clusters}"), ["state"] = "'connected'", ["fence_state"] = "'none'" });
        Add<DataStorage>(Storages, 3, new() { ["name"] = "'storage-' || n.i", ["data_center_id"] = Of(0, "0"), ["kind"] = "'local'", ["path"] = "'/var/lib'", ["state"] = "'attached'" });
        Add<PortGroup>(1, 4, new() { ["name"] = "'main'", ["data_center_id"] = Of(0, "0"), ["kind"] = "'isolated'" });
        Add<VirtualMachine>(machines, 5, new()
        {
            ["name"] = "'vm-' || n.i",
            ["cluster_id"] = Of(1, $"n.i % {Clusters}"),
            ["host_id"] = Of(2, $"n.i % {Hosts}"),
            ["architecture"] = "'x86_64'",
            ["firmware"] = "'bios'",
            ["power_intent"] = "'on'",
            ["state"] = "'running'",
            ["cpu_count"] = "1 + n.i % 8",
            ["memory_bytes"] = "(1 + n.i % 16) * 1073741824",
            ["labels"] = $"CASE n.i % 2 WHEN 0 THEN '{{\"env\":\"prod\",\"ticket\":\"t-' ELSE '{{\"ticket\":\"t-' END || (n.i % {Tickets}) || '\"}}'",
        });
        Add<Volume>(machines, 6, new()
        {
            ["name"] = "'vm-' || n.i || ' root'",
            ["virtual_machine_id"] = Of(5, "n.i"),
            ["host_id"] = Of(2, $"n.i % {Hosts}"),
            ["data_storage_id"] = Of(3, $"n.i / {Clusters} % {Storages}"),
            ["role"] = "'root'",
            ["format"] = "'qcow2'",
            ["state"] = "'ready'",
            ["size_bytes"] = "(10 + n.i % 90) * 1073741824",
        });
        Add<NetworkInterface>(machines, 7, new() { ["name"] = "'nic 0'", ["virtual_machine_id"] = Of(5, "n.i"), ["port_group_id"] = Of(4, "0"), ["mac_address"] = "'mac-' || n.i", ["model"] = "'virtio'" });
        if (layers)
        {
            Add<VolumeLayer>(machines, 8, new()
            {
                ["volume_id"] = Of(6, "n.i"),
                ["data_storage_id"] = Of(3, $"n.i / {Clusters} % {Storages}"),
                ["host_id"] = Of(2, $"n.i % {Hosts}"),
                ["role"] = "'data'",
                ["format"] = "'qcow2'",
                ["state"] = "'ready'",
                ["size_bytes"] = "10737418240",
            });
        }
        var (members, name) = isPostgres ? ("json_each_text(r.labels::json)", "j.\"key\"") : ("json_each(r.labels)", "j.\"key\"");
        Execute($"INSERT INTO label_index (source, name, value, resource_id) SELECT 'virtual_machines.labels', {name}, j.value, r.id FROM virtual_machines AS r, {members} AS j");
        Execute("COMMIT");
        // As its own housekeeping does in time.
        if (isPostgres)
            Execute("VACUUM ANALYZE");
    }

    /// <summary>Rows numbered from 0; what is not given is null, or the least of its kind.</summary>
    private void Add<T>(int count, int kind, Dictionary<string, string> given) where T : class
    {
        var table = database.Models.Table<T>();
        given["id"] = Of(kind, "n.i");
        given["created_at"] = given["updated_at"] = $"{At} + n.i * 1000000";
        given.TryAdd("labels", "'{}'");
        var numbers = isPostgres
            ? string.Create(CultureInfo.InvariantCulture, $"generate_series(0::bigint, {count - 1}) AS n(i)")
            : string.Create(CultureInfo.InvariantCulture, $"(WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < {count - 1}) SELECT i FROM c) AS n");
        Execute($"INSERT INTO {table.Name} ({string.Join(", ", table.Columns.Select(column => $"\"{column.Name}\""))}) SELECT {string.Join(", ", table.Columns.Select(Value))} FROM {numbers}");

        string Value(ColumnModel column) => given.TryGetValue(column.Name, out var value) ? value
            : column.Nullable ? "NULL"
            : column.Kind switch
            {
                ColumnKind.Id => Of(9, "0"),
                ColumnKind.Whole or ColumnKind.Time or ColumnKind.Boolean => "0",
                ColumnKind.Real => "1.0",
                ColumnKind.Json => column.ClrType.Name.Contains("Dictionary", StringComparison.Ordinal) ? "'{}'" : "'[]'",
                _ => "''",
            };
    }

    /// <summary>SQL of an id of a kind with a number.</summary>
    private string Of(int kind, string number) => isPostgres
        ? $"'019f000{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0')"
        : $"printf('019f000{kind}-0000-7000-8000-%012x', {number})";

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = (sql, 600);
        command.ExecuteNonQuery();
    }
}
