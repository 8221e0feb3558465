using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Tests.Data;

/// <summary>A small world of its own, so that these tests do not change with the product's resources.</summary>
[Resource("racks", Rank = 10)]
public sealed record Rack : NamedResource
{
    [Editable] public int Units { get; init; }
}

public enum MachineState { Stopped, Running, NotKnown }

/// <summary>Has a column of every kind, with and without null.</summary>
[Resource("machines", Rank = 20, ShortName = "m")]
public sealed record Machine : NamedResource, IObserved
{
    [Editable, Reference<Rack>(OnDelete.Cascade)] public required Id RackId { get; init; }
    [Editable, Index(Unique = true)] public string? Serial { get; init; }
    [Editable] public required int CpuCount { get; init; }
    [Editable] public required long MemoryBytes { get; init; }
    [Editable] public bool Enabled { get; init; }
    [Editable] public double Weight { get; init; }
    [Observed] public required MachineState State { get; init; }
    [Observed] public DateTimeOffset? SeenAt { get; init; }
    [Observed, Internal] public long ObservedSequence { get; init; }
    [Internal] public string? Intent { get; init; }
    [Editable, Secret] public string? Password { get; init; }
    public int? MaybeInt { get; init; }
    public long? MaybeLong { get; init; }
    public bool? MaybeBool { get; init; }
    public double? MaybeReal { get; init; }
    public MachineState? MaybeState { get; init; }
    [Reference<Rack>(OnDelete.Detach)] public Id? SpareRackId { get; init; }
    [JsonColumn] public IReadOnlyList<Slot> Slots { get; init; } = [];
    [JsonColumn] public JsonObject? Extra { get; init; }
}

public sealed record Slot(int Number, MachineState State, Id? Holds = null);

[Table("notes")]
public sealed record Note
{
    [Key] public required Id MachineId { get; init; }
    [Key] public required int Number { get; init; }
    public required string Text { get; init; }
}

/// <summary>A plain counter of rows for load and crash tests.</summary>
[Table("journal_lines")]
public sealed record JournalLine
{
    [Key] public required Id Id { get; init; }
    [Index] public required string Owner { get; init; }
    public required string Text { get; init; }
    [Index("by_state")] public required MachineState State { get; init; }
}

internal static class Sample
{
    public static readonly ResourceModels Models = ResourceModels.FromTypes(typeof(Rack), typeof(Machine), typeof(Note), typeof(JournalLine));
    public static readonly Id Project = Id.Parse("01890000-0000-7000-8000-000000000001");
    public static readonly Id Account = Id.Parse("01890000-0000-7000-8000-000000000002");
    public static readonly Id Manager = Id.Parse("01890000-0000-7000-8000-000000000003");
    public static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static Id NewId() => new(Guid.CreateVersion7());

    public static Rack Rack(string name = "rack", Id? id = null) => new()
    {
        Id = id ?? NewId(),
        ProjectId = Project,
        CreatedBy = Account,
        CreatedAt = Start,
        UpdatedAt = Start,
        Version = 1,
        Name = name,
        Units = 42,
    };

    public static Machine Machine(Rack rack, string name = "machine", Id? id = null) => new()
    {
        Id = id ?? NewId(),
        ProjectId = Project,
        CreatedBy = Account,
        CreatedAt = Start,
        UpdatedAt = Start,
        Version = 1,
        Name = name,
        RackId = rack.Id,
        CpuCount = 4,
        MemoryBytes = 8L << 30,
        State = MachineState.Stopped,
    };

    public static JournalLine Line(string owner) => new() { Id = NewId(), Owner = owner, Text = "a line of the journal, as long as most", State = MachineState.Running };
}
