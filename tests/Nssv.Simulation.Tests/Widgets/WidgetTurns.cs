using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Simulation.Tests.Widgets;

/// <param name="Flow">widget.create (after a crash: back) or widget.build (after a crash: forward).</param>
[ApiRequest("POST", "widgets", Permission = "widget.create")]
public sealed record CreateWidget(Id Id, string Name, Id ShelfId, IReadOnlyList<WidgetPart> Parts, bool Start, string Flow) : Request
{
    public override Id Target => Id;
}

[ApiRequest("DELETE", "widgets/{id}", Permission = "widget.delete")]
public sealed record DeleteWidget(Id Id) : Request
{
    public override Id Target => Id;
}

[ApiRequest("POST", "widgets/{id}:switch", Permission = "widget.switch")]
public sealed record SwitchWidget(Id Id, bool On, bool Force = false) : Request
{
    public override Id Target => Id;
}

[ApiRequest("POST", "shelves", Permission = "shelf.create")]
public sealed record CreateShelf(Id Id, long Room, IReadOnlyList<Id> HostIds) : Request
{
    public override Id Target => Id;
}

[ApiRequest("POST", "shelves/{id}:clear", Permission = "shelf.clear")]
public sealed record ClearShelf(Id Id) : Request
{
    public override Id Target => Id;
}

internal sealed class CreateWidgetTurn : CreateTurn<CreateWidget>
{
    public override Type ResourceType => typeof(Widget);

    public override ValueTask<Decision> Decide(CreateWidget request, AcceptContext turn)
    {
        var widget = new Widget
        {
            Id = request.Id,
            ProjectId = turn.Caller.ProjectId,
            CreatedBy = turn.Caller.AccountId,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = request.Name,
            ShelfId = request.ShelfId,
            State = WidgetState.Making,
            HostId = request.Parts[0].HostId,
            Parts = request.Parts,
        };
        return new(Decision.Run(request.Flow, Context(widget, request.Start), new UnitOfWork().Insert(widget)));
    }

    public static WidgetFlow Context(Widget widget, bool start) =>
        new(widget.Id, widget.ShelfId, widget.HostId, start, [.. widget.Parts.Select(part => new PartFlow(part.LayerId, part.HostId))]);
}

internal sealed class DeleteWidgetTurn : AcceptTurn<DeleteWidget, Widget>
{
    public override ValueTask<Decision> Decide(DeleteWidget request, Widget widget, AcceptContext turn) =>
        new(Decision.Run("widget.delete", CreateWidgetTurn.Context(widget, false)));
}

internal sealed class SwitchWidgetTurn : AcceptTurn<SwitchWidget, Widget>
{
    public override ValueTask<Decision> Decide(SwitchWidget request, Widget widget, AcceptContext turn) => widget.State is WidgetState.Making or WidgetState.Removing
        ? throw new Problem(409, "widget-not-ready", "The widget cannot be switched now.").AsException()
        : new(Decision.Run(request.On ? "widget.on" : request.Force ? "widget.force-off" : "widget.off", CreateWidgetTurn.Context(widget, false)));
}

internal sealed class CreateShelfTurn : CreateTurn<CreateShelf>
{
    public override Type ResourceType => typeof(Shelf);

    public override ValueTask<Decision> Decide(CreateShelf request, AcceptContext turn)
    {
        var shelf = new Shelf
        {
            Id = request.Id,
            ProjectId = turn.Caller.ProjectId,
            CreatedBy = turn.Caller.AccountId,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = "shelf",
            Room = request.Room,
        };
        return new(Decision.Run("shelf.create", new NewShelfFlow([.. request.HostIds.Select(host => new PartFlow(shelf.Id, host))]), new UnitOfWork().Insert(shelf)));
    }
}

internal sealed class ClearShelfTurn : AcceptTurn<ClearShelf, Shelf>
{
    public override async ValueTask<Decision> Decide(ClearShelf request, Shelf shelf, AcceptContext turn)
    {
        var widgets = await turn.Store.List<Widget>(Condition.Equal(nameof(Widget.ShelfId), shelf.Id));
        return Decision.Run("shelf.clear", new ShelfFlow(shelf.Id, [.. widgets.Select(widget => widget.Id)]));
    }
}

internal sealed record BookRoom(Id ShelfId, Id WidgetId, long Units) : Request<Done>
{
    public override Id Target => ShelfId;
}

internal sealed record ReleaseRoom(Id ShelfId, Id WidgetId) : Request<Done>
{
    public override Id Target => ShelfId;
}

internal sealed record AddMark(Id ShelfId, Id WidgetId) : Request<Done>
{
    public override Id Target => ShelfId;
}

internal sealed record RemoveMarks(Id ShelfId, Id WidgetId) : Request<Done>
{
    public override Id Target => ShelfId;
}

internal sealed record SetWidget(Id WidgetId, WidgetState State) : Request<Done>
{
    public override Id Target => WidgetId;
}

internal sealed record ForgetWidget(Id WidgetId) : Request<Done>
{
    public override Id Target => WidgetId;
}

/// <summary>Sees whether turns overlap on one resource.</summary>
/// <param name="isOwner">Whether the watched manager owns a resource, as the database says.</param>
internal sealed class TurnWatch(Func<Id, bool> isOwner)
{
    private readonly HashSet<Id> _inside = [];

    public List<string> Overlaps { get; } = [];

    public async Task<T> Inside<T>(Id target, Func<Task<T>> turn)
    {
        if (!_inside.Add(target))
            Overlaps.Add($"two turns at once on {target}");
        if (!isOwner(target))
            Overlaps.Add($"a turn begins on {target}, which is another manager's");
        await Task.Yield();
        try
        {
            return await turn();
        }
        finally
        {
            _inside.Remove(target);
        }
    }
}

internal abstract class WatchedTurn<TRequest>(TurnWatch watch) : CallTurn<TRequest, Done> where TRequest : Request<Done>
{
    public sealed override async ValueTask<Answer<Done>> Decide(TRequest request, TurnContext turn) =>
        Answer(new Done(), await watch.Inside(request.Target, () => Unit(request, turn)));

    protected abstract Task<UnitOfWork> Unit(TRequest request, TurnContext turn);
}

internal sealed class BookRoomTurn(TurnWatch watch) : WatchedTurn<BookRoom>(watch)
{
    public override bool NaturallyKeyed => true;

    protected override async Task<UnitOfWork> Unit(BookRoom request, TurnContext turn)
    {
        if (await turn.Store.First<Booking>(Condition.Equal(nameof(Booking.WidgetId), request.WidgetId)) is not null)
            return new();
        var shelf = await turn.Store.Get<Shelf>(request.ShelfId);
        if (shelf.Used + request.Units > shelf.Room)
            throw new Problem(409, "shelf-full", "The shelf is full.").AsException();
        return new UnitOfWork()
            .Execute("shelves", "UPDATE shelves SET used = used + @p0 WHERE id = @p1 AND used + @p0 <= room", 1, request.Units, request.ShelfId)
            .Insert(new Booking { WidgetId = request.WidgetId, ShelfId = request.ShelfId, Units = request.Units });
    }
}

internal sealed class ReleaseRoomTurn(TurnWatch watch) : WatchedTurn<ReleaseRoom>(watch)
{
    public override bool NaturallyKeyed => true;

    protected override async Task<UnitOfWork> Unit(ReleaseRoom request, TurnContext turn) =>
        await turn.Store.First<Booking>(Condition.Equal(nameof(Booking.WidgetId), request.WidgetId)) is not { } booking
            ? new()
            : new UnitOfWork().Execute("shelves", "UPDATE shelves SET used = used - @p0 WHERE id = @p1", 1, booking.Units, booking.ShelfId).Delete(booking);
}

internal sealed class AddMarkTurn(TurnWatch watch) : WatchedTurn<AddMark>(watch)
{
    protected override Task<UnitOfWork> Unit(AddMark request, TurnContext turn) => Task.FromResult(new UnitOfWork()
        .Execute("shelves", "UPDATE shelves SET tally = tally + 1 WHERE id = @p0", 1, request.ShelfId)
        .Insert(new Mark { Id = turn.Ids.Next(), WidgetId = request.WidgetId, ShelfId = request.ShelfId }));
}

internal sealed class RemoveMarksTurn(TurnWatch watch) : WatchedTurn<RemoveMarks>(watch)
{
    public override bool NaturallyKeyed => true;

    protected override async Task<UnitOfWork> Unit(RemoveMarks request, TurnContext turn)
    {
        var unit = new UnitOfWork();
        foreach (var mark in await turn.Store.List<Mark>(Condition.Equal(nameof(Mark.WidgetId), request.WidgetId)))
            unit.Execute("shelves", "UPDATE shelves SET tally = tally - 1 WHERE id = @p0", 1, mark.ShelfId).Delete(mark);
        return unit;
    }
}

internal sealed class SetWidgetTurn(TurnWatch watch) : WatchedTurn<SetWidget>(watch)
{
    public override bool NaturallyKeyed => true;

    protected override async Task<UnitOfWork> Unit(SetWidget request, TurnContext turn) =>
        await turn.Store.Find<Widget>(request.WidgetId) is not { } widget ? new() : new UnitOfWork().Observe(widget, widget with { State = request.State });
}

internal sealed class ForgetWidgetTurn(TurnWatch watch) : WatchedTurn<ForgetWidget>(watch)
{
    public override bool NaturallyKeyed => true;

    protected override async Task<UnitOfWork> Unit(ForgetWidget request, TurnContext turn) =>
        await turn.Store.Find<Widget>(request.WidgetId) is not { } widget ? new() : new UnitOfWork().Delete(widget);
}
