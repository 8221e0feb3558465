using Nssv.Kernel;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>What goes wrong in one run: thrown once at its beginning, so that runs differ in kind and not only in degree.</summary>
internal sealed class Chaos
{
    private static readonly Problem Broken = new(500, "simulated-failure", "The host could not do it.", "By chance.", "Try again.");

    private readonly Cluster _cluster;
    private readonly Dice _dice;
    private readonly double _loss;
    private readonly double _repeat;
    private readonly double _late;
    private readonly double _refusal;
    private readonly HashSet<HostNode> _lostPower = [];
    private readonly HashSet<(string From, string To)> _cutPairs = [];
    private readonly List<(string From, string To)> _cutForGood = [];
    private bool _over;

    /// <param name="cutForGood">Two managers never hear each other (or one not the other), also when everything else is well again.</param>
    public Chaos(Cluster cluster, bool cutForGood)
    {
        _cluster = cluster;
        _dice = cluster.World.Dice.Fork();
        _loss = _dice.Pick([0, 0.01, 0.05, 0.15]);
        _repeat = _dice.Pick([0, 0.02, 0.1]);
        _late = _dice.Pick([0, 0.02, 0.1]);
        _refusal = _dice.Pick([0, 0, 0.03, 0.1]);
        if (cutForGood)
        {
            var (one, other) = (_dice.Below(2), cluster.Managers.Count - 1);
            _cutForGood = Between(cluster.Managers[one == other ? 0 : one].Url, cluster.Managers[other].Url);
        }
    }

    /// <summary>The database takes nothing.</summary>
    public bool DatabaseIsFull { get; private set; }

    public bool LostPower(HostNode host) => _lostPower.Contains(host);

    public void Begin(TimeSpan length)
    {
        var (world, points) = (_cluster.World, _cluster.Points);
        points.Armed = true;
        points.Probability = _dice.Pick([0, 0.001, 0.003, 0.01]);
        _cluster.RestartAfter = () => _dice.Between(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(_dice.Pick([2, 10, 30])));
        _cluster.Link.Fate = Fate;
        var lostCommits = _dice.Pick([0, 0, 0, 0.02]);
        foreach (var manager in _cluster.Managers)
        {
            manager.LostCommits = lostCommits;
            manager.RejoinAfter = () => _dice.Between(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        }

        foreach (var host in _cluster.Hosts)
        {
            var slow = _dice.Chance(0.15);
            host.Latency = dice => slow && dice.Chance(0.1) ? dice.Between(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(70)) : dice.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(30));
            host.Refuses = (dice, _, _) => dice.Chance(_refusal) ? Broken : null;
        }
        world.Note("chaos", $"loss {_loss} repeat {_repeat} late {_late} refusal {_refusal} crash {points.Probability} lost commits {lostCommits}");
        var strikes = length > TimeSpan.FromMinutes(2) ? (int)(length.TotalSeconds / 25) : _dice.Below(_cluster.Managers.Count > 1 ? 6 : 4);
        for (var i = strikes; i > 0; i--)
            world.After(length * _dice.Next(), Strike);
        world.After(length, Heal);
    }

    public MessageFate Fate(SimulatedMessage message)
    {
        if (_cutForGood.Contains((message.From, message.To)))
            return new() { Arrivals = [], Answer = null };
        if (_over)
            return MessageFate.Quick(_dice);
        if (_cutPairs.Contains((message.From, message.To)))
            return new() { Arrivals = [], Answer = null };
        List<TimeSpan> arrivals = [];
        if (!_dice.Chance(_loss))
            arrivals.Add(Delay());
        while (_dice.Chance(_repeat))
            arrivals.Add(Delay());
        return new() { Arrivals = arrivals, Answer = _dice.Chance(_loss) ? null : Delay() };
    }

    private TimeSpan Delay() => _dice.Chance(_late) ? _dice.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(40)) : MessageFate.Delay(_dice);

    private void Strike()
    {
        if (_over)
            return;
        var host = _dice.Pick(_cluster.Hosts);
        var manager = _dice.Pick(_cluster.Managers);
        switch (_dice.Below(_cluster.Managers.Count > 1 ? 10 : 6))
        {
            case 0:
                manager.Kill();
                _cluster.Again(() => manager.Context.IsDead, manager.Start);
                break;
            case 1 when _cluster.Managers.Count == 1:
                manager.Replace();
                _cluster.World.After(_dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)), manager.WakeSleepers);
                break;
            case 1 or 6:
                // For less than its lease, or for more.
                manager.Pause();
                _cluster.World.After(_dice.Between(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(_dice.Pick([8, 20, 60]))), manager.WakeSleepers);
                break;
            case 7:
                manager.IsCutOff = true;
                _cluster.World.Note("chaos", $"{manager.Url} is cut off from the database");
                _cluster.World.After(_dice.Between(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(_dice.Pick([8, 20, 60]))), () => manager.IsCutOff = false);
                break;
            case 8:
                Cut(manager.Url, _dice.Chance(0.5) ? host.Id.ToString() : _dice.Pick(_cluster.Managers).Url);
                break;
            case 9:
                var by = _dice.Between(TimeSpan.FromHours(-1), TimeSpan.FromHours(1));
                _cluster.World.Note("chaos", $"the clock of {manager.Url} jumps by {by}");
                manager.Context.Clock.Jump(by);
                break;
            case 2:
                host.Kill();
                _cluster.Again(() => host.Context.IsDead, host.Start);
                break;
            case 3:
                _lostPower.Add(host);
                host.CutPower();
                _cluster.Again(() => host.Context.IsDead, host.Start);
                break;
            case 4:
                // Away for longer than anybody waits.
                host.Kill();
                var life = host.Context;
                _cluster.World.After(_dice.Between(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(200)), () =>
                {
                    if (host.Context == life)
                        host.Start();
                });
                break;
            default:
                DatabaseIsFull = true;
                _cluster.World.Note("chaos", "the database is full");
                _cluster.World.After(_dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(_dice.Pick([10, 60, 400]))), () =>
                {
                    DatabaseIsFull = false;
                    _cluster.World.Note("chaos", "the database has room again");
                });
                break;
        }
    }

    /// <summary>Nothing gets through between two of them, in one direction or in both.</summary>
    private void Cut(string one, string other)
    {
        var pairs = Between(one, other);
        _cluster.World.Note("chaos", $"{one} and {other} are cut off from each other");
        _cutPairs.UnionWith(pairs);
        _cluster.World.After(_dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(_dice.Pick([5, 20, 90]))), () => _cutPairs.ExceptWith(pairs));
    }

    private List<(string, string)> Between(string one, string other) => _dice.Chance(0.3) ? [(one, other)] : [(one, other), (other, one)];

    private void Heal()
    {
        _cluster.World.Note("chaos", "is over");
        _over = true;
        DatabaseIsFull = false;
        _cluster.Points.Probability = 0;
        _cluster.Points.Armed = false;
        foreach (var manager in _cluster.Managers)
        {
            manager.LostCommits = 0;
            manager.IsCutOff = false;
            manager.WakeSleepers();
        }

        _cutPairs.Clear();
        foreach (var host in _cluster.Hosts)
        {
            host.Latency = static dice => dice.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20));
            host.Refuses = static (_, _, _) => null;
        }
    }
}
