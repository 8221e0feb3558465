using Nssv.Agent.Protocol;
using Nssv.Kernel;

namespace Nssv.Simulator.Scenarios;

/// <summary>Reads a scenario file (YAML, of which JSON is a part). Whatever is wrong is told with its line.</summary>
internal static class ScenarioReader
{
    private const int MostHosts = 100_000;
    private const int MostCpus = 4_096;

    /// <exception cref="ScenarioException">It cannot be read, or makes no sense.</exception>
    public static Scenario ReadFile(string path)
    {
        try
        {
            return Read(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"{path} cannot be read: {exception.Message}");
        }
        catch (ScenarioException exception)
        {
            throw new ScenarioException($"{path}, {exception.Message}");
        }
    }

    /// <inheritdoc cref="ReadFile"/>
    public static Scenario Read(string text)
    {
        var root = ScenarioSection.Parse(text);
        var groups = root.Sections("groups").Select(Group).ToList();
        if (groups.Count == 0)
            throw root.Wrong("groups", "needs at least one group of hosts");
        if (groups.GroupBy(group => group.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw root.Wrong("groups", $"has two groups named '{twice.Key}'");
        root.End();
        return new(groups);
    }

    private static HostGroup Group(ScenarioSection section)
    {
        var name = section.Text("name") ?? throw section.Wrong("name", "is missing");
        if (name.Length > 40 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
            throw section.Wrong("name", "is at most 40 letters, digits and hyphens");
        var group = new HostGroup
        {
            Name = name,
            Count = (int)(section.Number("count", 1, MostHosts) ?? throw section.Wrong("count", "is missing")),
            Cpus = (int)(section.Number("cpus", 1, MostCpus) ?? 64),
            MemoryBytes = section.Size("memory") ?? 512L << 30,
            StorageBytes = section.Size("storage") ?? 4L << 40,
            Latency = section.Section("latency") is { } latency ? Latencies(latency) : [],
            Failures = [.. section.Sections("failures").Select(Failure)],
            Crashes = section.Section("crashes") is { } crashes ? Crashes(crashes) : null,
            Silences = section.Section("silences") is { } silences ? Silences(silences) : null,
        };
        section.End();
        return group;
    }

    /// <summary>The more exact rule first: a command's own name, its group, "*".</summary>
    private static List<LatencyRule> Latencies(ScenarioSection section)
    {
        var rules = section.Names.Select(name => new LatencyRule(CommandName(section, name), Time(section, name))).ToList();
        section.End();
        return [.. rules.OrderBy(rule => rule.Command == "*" ? 2 : rule.Command.EndsWith('*') ? 1 : 0)];
    }

    private static Duration Time(ScenarioSection parent, string name)
    {
        if (parent.Section(name, orValue: true) is not { } section)
            return new Duration.Fixed(parent.Time(name)!.Value);
        if (section.Times("uniform") is { } bounds)
        {
            if (bounds is not [var from, var to] || from > to)
                throw section.Wrong("uniform", "is the shortest and the longest time, such as [20ms, 80ms]");
            section.End();
            return new Duration.Uniform(from, to);
        }
        if (section.Section("logNormal") is { } logNormal)
        {
            var median = logNormal.Time("median") ?? throw logNormal.Wrong("median", "is missing");
            var sigma = logNormal.Real("sigma", 0, 3) ?? throw logNormal.Wrong("sigma", "is missing");
            logNormal.End();
            section.End();
            return new Duration.LogNormal(median, sigma);
        }
        throw parent.Wrong(name, "is a time (20ms), {uniform: [20ms, 80ms]} or {logNormal: {median: 50ms, sigma: 0.5}}");
    }

    private static FailureRule Failure(ScenarioSection section)
    {
        var command = CommandName(section, section.Text("command") ?? throw section.Wrong("command", "is missing"));
        var rate = section.Real("rate", 0, 1) ?? throw section.Wrong("rate", "is missing");
        var code = section.Text("code") ?? throw section.Wrong("code", "is missing");
        if (code.Length is 0 or > 60 || !code.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
            throw section.Wrong("code", "is a problem's code such as 'storage-full': lower-case letters, digits and hyphens");
        var status = (int)(section.Number("status", 400, 599) ?? 500);
        var title = section.Text("title") ?? "The simulated host failed as its scenario says.";
        section.End();
        return new(command, rate, new Problem(status, code, title, $"{rate:P1} of {command} fail so in this scenario.", "Try again, or change the scenario."));
    }

    private static CrashProfile Crashes(ScenarioSection section)
    {
        var kind = section.Text("kind") switch
        {
            "agent" => CrashKind.Agent,
            "power" => CrashKind.Power,
            null => throw section.Wrong("kind", "is missing: agent or power"),
            var other => throw section.Wrong("kind", $"is agent or power, not '{other}'"),
        };
        var profile = new CrashProfile(kind, Mean(section), section.Time("restartAfter") ?? TimeSpan.FromSeconds(10), section.Flag("losesJournal") ?? false);
        section.End();
        return profile;
    }

    private static SilenceProfile Silences(ScenarioSection section)
    {
        var profile = new SilenceProfile(Mean(section), section.Time("duration") ?? throw section.Wrong("duration", "is missing"));
        section.End();
        return profile;
    }

    private static TimeSpan Mean(ScenarioSection section) =>
        section.Time("meanTime") is not { } mean ? throw section.Wrong("meanTime", "is missing")
        : mean < TimeSpan.FromSeconds(1) ? throw section.Wrong("meanTime", "is at least 1s") : mean;

    private static string CommandName(ScenarioSection section, string name)
    {
        var known = CommandCatalog.Contracts.Names;
        if (name == "*" || known.Contains(name) || name.EndsWith(".*", StringComparison.Ordinal) && known.Any(command => command.StartsWith(name[..^1], StringComparison.Ordinal)))
            return name;
        throw section.Wrong(name, $"is no command; there are {string.Join(", ", known.Order(StringComparer.Ordinal))}, their groups such as 'domain.*', and '*'");
    }
}
