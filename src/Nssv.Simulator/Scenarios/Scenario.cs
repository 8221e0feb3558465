using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator.Scenarios;

/// <summary>Which hosts there are and how they behave.</summary>
internal sealed record Scenario(IReadOnlyList<HostGroup> Groups)
{
    public int HostCount => Groups.Sum(group => group.Count);

    /// <summary>A hundred ordinary hosts that answer within a tenth of a second and never fail.</summary>
    public static Scenario Default { get; } = new([new HostGroup { Name = "host", Count = 100, Latency = [new("*", new Duration.Uniform(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(80)))] }]);

    /// <summary>As many hosts as wanted, each group with its share; the largest remainders are rounded up.</summary>
    public Scenario For(int hosts)
    {
        var shares = Groups.Select(group => (Group: group, Exact: (double)hosts * group.Count / HostCount)).ToList();
        var missing = hosts - shares.Sum(share => (int)share.Exact);
        var up = shares.OrderByDescending(share => share.Exact - Math.Floor(share.Exact)).Take(missing).Select(share => share.Group.Name).ToHashSet();
        return new([.. shares.Select(share => share.Group with { Count = (int)share.Exact + (up.Contains(share.Group.Name) ? 1 : 0) })]);
    }
}

/// <summary>Hosts that are alike.</summary>
internal sealed record HostGroup
{
    public required string Name { get; init; }
    public required int Count { get; init; }
    public int Cpus { get; init; } = 64;
    public long MemoryBytes { get; init; } = 512L << 30;

    /// <summary>Of each storage on each host.</summary>
    public long StorageBytes { get; init; } = 4L << 40;

    /// <summary>The first rule that fits a command's name counts; none: at once.</summary>
    public IReadOnlyList<LatencyRule> Latency { get; init; } = [];

    public IReadOnlyList<FailureRule> Failures { get; init; } = [];
    public CrashProfile? Crashes { get; init; }
    public SilenceProfile? Silences { get; init; }

    /// <summary>How the engine of one of its hosts behaves.</summary>
    public EngineBehaviour Behaviour(IChance chance) => new()
    {
        Latency = command => Latency.FirstOrDefault(rule => rule.Fits(command))?.Time.Draw(chance) ?? TimeSpan.Zero,
        Refuse = (command, _) => Failures.FirstOrDefault(rule => rule.Fits(command) && chance.Next() < rule.Rate)?.Problem,
        Capacity = new HostCapacity(Cpus, MemoryBytes, "simulated", "kvm", "simulated", "9.0.0", "7.2.0", "x86_64"),
    };
}

/// <param name="Command">A command's name, "group.*" or "*".</param>
internal record CommandRule(string Command)
{
    public bool Fits(Command command) => Command == "*" || CommandNames.Of(command.GetType()) is var name && (name == Command || Command.EndsWith(".*", StringComparison.Ordinal) && name.StartsWith(Command[..^1], StringComparison.Ordinal));
}

/// <summary>From a command's begin to its effect.</summary>
internal sealed record LatencyRule(string Command, Duration Time) : CommandRule(Command);

/// <param name="Rate">Of these commands, from 0 to 1.</param>
internal sealed record FailureRule(string Command, double Rate, Problem Problem) : CommandRule(Command);

/// <param name="MeanTime">Between a start and the next crash; exponentially distributed.</param>
/// <param name="LosesJournal">The agent comes back without its journal.</param>
internal sealed record CrashProfile(CrashKind Kind, TimeSpan MeanTime, TimeSpan RestartAfter, bool LosesJournal);

internal enum CrashKind
{
    /// <summary>The agent's process dies; guests go on.</summary>
    Agent,
    /// <summary>The host loses its power; guests are gone.</summary>
    Power,
}

/// <summary>The host is there, but nothing gets through to it or from it.</summary>
internal sealed record SilenceProfile(TimeSpan MeanTime, TimeSpan Duration);

/// <summary>How long something takes.</summary>
internal abstract record Duration
{
    public abstract TimeSpan Draw(IChance chance);

    public sealed record Fixed(TimeSpan Time) : Duration
    {
        public override TimeSpan Draw(IChance chance) => Time;
    }

    public sealed record Uniform(TimeSpan From, TimeSpan To) : Duration
    {
        public override TimeSpan Draw(IChance chance) => From + (To - From) * chance.Next();
    }

    /// <summary>Half take less than the median; <paramref name="Sigma"/> is the deviation of the logarithm. No longer than 100 medians.</summary>
    public sealed record LogNormal(TimeSpan Median, double Sigma) : Duration
    {
        public override TimeSpan Draw(IChance chance)
        {
            // Box and Muller's normal deviate; 1 - x is never 0.
            var normal = Math.Sqrt(-2 * Math.Log(1 - chance.Next())) * Math.Cos(2 * Math.PI * chance.Next());
            return Median * Math.Min(Math.Exp(Sigma * normal), 100);
        }
    }
}
