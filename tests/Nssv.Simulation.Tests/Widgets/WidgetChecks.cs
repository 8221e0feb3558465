using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>Rows, bookings, marks, layers and domains agree, and nothing else is there.</summary>
internal static class WidgetChecks
{
    public static async Task Agree(IStore store, IReadOnlyList<HostNode> hosts, Func<HostNode, bool> lostPower, Findings findings)
    {
        var widgets = await store.List<Widget>();
        var marks = (await store.List<Mark>()).ToLookup(mark => mark.WidgetId);
        var bookings = (await store.List<Booking>()).ToDictionary(booking => booking.WidgetId);
        foreach (var shelf in await store.List<Shelf>())
        {
            var booked = bookings.Values.Where(booking => booking.ShelfId == shelf.Id).Sum(booking => booking.Units);
            findings.Expect(shelf.Used == booked, Invariant.Once, $"shelf {shelf.Id.Short} counts {shelf.Used} units used, its bookings {booked}");
            var marked = marks.Sum(group => group.Count(mark => mark.ShelfId == shelf.Id));
            findings.Expect(shelf.Tally == marked, Invariant.Once, $"shelf {shelf.Id.Short} counts {shelf.Tally} marks, there are {marked}");
        }

        foreach (var widget in widgets)
        {
            findings.Expect(widget.State is WidgetState.On or WidgetState.Off, Invariant.NothingLeft, $"widget {widget.Id.Short} is still {widget.State}");
            findings.Expect(bookings.ContainsKey(widget.Id), Invariant.Truth, $"widget {widget.Id.Short} has no booking");
            findings.Expect(marks[widget.Id].Count() == 1, Invariant.Once, $"widget {widget.Id.Short} has {marks[widget.Id].Count()} marks");
        }

        var known = widgets.Select(widget => widget.Id).ToHashSet();
        findings.AddAll(Invariant.NothingLeft, bookings.Keys.Where(id => !known.Contains(id)).Select(id => $"a booking of {id.Short}"));
        findings.AddAll(Invariant.NothingLeft, marks.Where(group => !known.Contains(group.Key)).Select(group => $"a mark of {group.Key.Short}"));
        foreach (var host in hosts)
            Host(host, widgets, lostPower(host), findings);
    }

    private static void Host(HostNode host, IReadOnlyList<Widget> widgets, bool lostPower, Findings findings)
    {
        var layers = host.Machine.Layers.Select(layer => layer.LayerId).ToHashSet();
        var wanted = widgets.SelectMany(widget => widget.Parts).Where(part => part.HostId == host.Id).Select(part => part.LayerId).ToHashSet();
        findings.AddAll(Invariant.NothingLeft, layers.Except(wanted).Select(id => $"layer {id.Short} on {host.Name}"));
        findings.AddAll(Invariant.Truth, wanted.Except(layers).Select(id => $"layer {id.Short} is missing on {host.Name}"));
        var domains = host.Machine.Domains.ToDictionary(domain => domain.VirtualMachineId);
        var here = widgets.Where(widget => widget.HostId == host.Id).ToDictionary(widget => widget.Id);
        findings.AddAll(Invariant.NothingLeft, domains.Keys.Where(id => !here.ContainsKey(id)).Select(id => $"domain {id.Short} on {host.Name}"));
        foreach (var widget in here.Values)
        {
            if (!domains.TryGetValue(widget.Id, out var domain))
                findings.Add(Invariant.Truth, $"domain {widget.Id.Short} is missing on {host.Name}");
            else if (!lostPower)
                findings.Expect(widget.State == WidgetState.On == (domain.State == DomainState.Running), Invariant.Truth, $"widget {widget.Id.Short} is {widget.State}, its domain {domain.State}");
        }
    }
}
