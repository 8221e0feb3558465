using System.Globalization;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Tests.Data;

/// <summary>Units of a few racks, machines and notes that get in each other's way: stale versions, taken serials, missing parents, statements that read other tables.</summary>
internal sealed class RandomUnits(int seed)
{
    public const int Count = 40;

    private readonly Random _random = new(seed);
    private readonly List<Rack> _racks = [];
    private readonly List<Machine> _machines = [];
    private readonly bool _mostlyGood = seed % 3 != 0;
    private int _ids;

    public IEnumerable<UnitOfWork> Next(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var unit = new UnitOfWork();
            for (var changes = _random.Next(1, 6); changes > 0; changes--)
                Change(unit);
            yield return unit;
        }
    }

    private void Change(UnitOfWork unit)
    {
        var kind = _random.Next(_mostlyGood ? 14 : 18);
        if (_racks.Count == 0 || kind < 3)
        {
            _racks.Add(Sample.Rack($"rack {_ids}", NewId()) with { Labels = Labels() });
            unit.Insert(_racks[^1]);
        }
        else if (_machines.Count == 0 || kind < 7)
        {
            _machines.Add(Sample.Machine(Some(_racks), $"machine {_ids}", NewId()) with { Serial = _mostlyGood || _random.Next(8) > 0 ? null : "taken", SpareRackId = _random.Next(2) == 0 ? Some(_racks).Id : null });
            unit.Insert(_machines[^1]);
        }
        else if (kind == 7)
        {
            unit.Insert(new Note { MachineId = Some(_machines).Id, Number = _ids++, Text = "note" });
        }
        else if (kind == 8)
        {
            var rack = Some(_racks);
            var after = rack with { Units = rack.Units + 1, Version = rack.Version + 1, Labels = Labels() };
            unit.Update(rack, after with { Version = rack.Version });
            _racks[_racks.IndexOf(rack)] = after;
        }
        else if (kind == 9)
        {
            var machine = Some(_machines);
            unit.Observe(machine, machine with { State = MachineState.Running, ObservedSequence = _random.Next(1, 5) });
        }
        else if (kind == 10)
        {
            unit.Require<Rack>(Some(_racks).Id, Condition.Greater("Units", 0));
        }
        else if (kind == 11)
        {
            unit.Execute("machines", "UPDATE machines SET cpu_count = (SELECT count(*) FROM racks) WHERE id = @p0", 1, Some(_machines).Id);
        }
        else if (kind == 12)
        {
            unit.Execute("notes", "DELETE FROM notes WHERE number < @p0", null, _random.Next(_ids + 1));
        }
        else if (kind == 13)
        {
            unit.Execute("racks", "UPDATE racks SET units = units + 1 WHERE units < @p0", null, 45);
        }
        else if (kind == 14)
        {
            unit.Delete(Some(_machines));
        }
        else if (kind == 15)
        {
            unit.Delete(Some(_racks));
        }
        else if (kind == 16)
        {
            unit.Require<Rack>(Some(_racks).Id, Condition.Equal("Units", 43));
        }
        else
        {
            unit.Insert(Sample.Machine(Sample.Rack("missing", NewId()), "orphan", NewId()));
        }
    }

    private SortedDictionary<string, string> Labels() =>
        new(new[] { "env", "tier", "own er" }.Where(_ => _random.Next(3) == 0).ToDictionary(key => key, _ => $"value {_random.Next(3)}"), StringComparer.Ordinal);

    private T Some<T>(List<T> items) => items[_random.Next(items.Count)];

    private Id NewId() => Id.Parse("01890000-0000-7000-8000-" + (++_ids).ToString("x12", CultureInfo.InvariantCulture));
}
