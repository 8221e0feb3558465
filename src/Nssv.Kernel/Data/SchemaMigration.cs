using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>A migration that this database has been through.</summary>
[Table("schema_migrations")]
internal sealed record SchemaMigration
{
    /// <summary>Whose migrations: "kernel" or the assembly that supplied them.</summary>
    [Key] public required string Set { get; init; }

    [Key] public required long Number { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the file, in hex.</summary>
    public required string Hash { get; init; }

    public required DateTimeOffset AppliedAt { get; init; }

    /// <summary>The lowest level of a build that may use the database although it does not know this migration; null: each must know it.</summary>
    public long? ReadableBy { get; init; }
}
