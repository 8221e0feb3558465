using Nssv.Kernel;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Model;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>Holds widgets; its room and its tally are what must come out right to the last unit.</summary>
[Resource("shelves", Rank = 10)]
public sealed record Shelf : NamedResource
{
    public required long Room { get; init; }
    [Observed] public long Used { get; init; }

    /// <summary>Counts marks: an effect without a natural key, so that only the call's key makes it happen once.</summary>
    [Observed] public long Tally { get; init; }
}

/// <summary>A small thing of layers on several hosts and a domain on one of them: all that a virtual machine is made of, without its figures.</summary>
[Resource("widgets", Rank = 40)]
public sealed record Widget : NamedResource
{
    [Reference<Shelf>] public required Id ShelfId { get; init; }
    [Observed] public required WidgetState State { get; init; }
    [Internal] public required Id HostId { get; init; }
    [JsonColumn] public required IReadOnlyList<WidgetPart> Parts { get; init; }
}

public enum WidgetState { Making, Off, On, Removing }

/// <summary>One layer of a widget, and the host that it is on.</summary>
public sealed record WidgetPart(Id LayerId, Id HostId);

/// <summary>Room taken by a widget: the natural key of booking it.</summary>
[Table("bookings")]
public sealed record Booking
{
    [Key] public required Id WidgetId { get; init; }
    [Index] public required Id ShelfId { get; init; }
    public required long Units { get; init; }
}

/// <summary>One mark of a widget; each call makes another.</summary>
[Table("marks")]
public sealed record Mark
{
    [Key] public required Id Id { get; init; }
    [Index] public required Id WidgetId { get; init; }
    public required Id ShelfId { get; init; }
}

[FlowContext]
public sealed record WidgetFlow(Id WidgetId, Id ShelfId, Id HostId, bool Start, IReadOnlyList<PartFlow> Parts);

[FlowContext]
public sealed record PartFlow(Id LayerId, Id HostId);

[FlowContext]
public sealed record ShelfFlow(Id ShelfId, IReadOnlyList<Id> WidgetIds);

[FlowContext]
public sealed record NewShelfFlow(IReadOnlyList<PartFlow> Hosts);
