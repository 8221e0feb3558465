using System.Diagnostics.Metrics;

namespace Nssv.Kernel.Agents;

/// <summary>What the dispatcher counts of commands to hosts.</summary>
public sealed class CommandMetrics(Meter meter)
{
    private readonly Counter<long> _sent = meter.CreateCounter<long>("nssv_agent_commands_sent_total", null, "Commands handed to hosts, repeats included.");
    private readonly Counter<long> _refused = meter.CreateCounter<long>("nssv_agent_commands_refused_total", null, "Commands that hosts refused.");
    private readonly Counter<long> _requests = meter.CreateCounter<long>("nssv_agent_requests_total", null, "Requests with commands to hosts, by what became of them.");
    private readonly UpDownCounter<long> _underWay = meter.CreateUpDownCounter<long>("nssv_agent_commands_under_way", null, "Commands that were sent to hosts and have not ended.");
    private readonly UpDownCounter<long> _waiting = meter.CreateUpDownCounter<long>("nssv_agent_commands_waiting", null, "Commands that wait in the manager because their host has enough under way.");
    private readonly Histogram<double> _duration = meter.CreateHistogram("nssv_agent_command_duration_seconds", null, "Time from asking for a command to its result.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600] });

    internal void Sent(string command) => _sent.Add(1, new KeyValuePair<string, object?>("command", command));

    internal void Refused(string command, string code) => _refused.Add(1, new("command", command), new("code", code));

    internal void Answered(string result) => _requests.Add(1, new KeyValuePair<string, object?>("result", result));

    internal void UnderWay(int change) => _underWay.Add(change);

    internal void Waiting(int change) => _waiting.Add(change);

    internal void Ended(string command, bool succeeded, TimeSpan took) =>
        _duration.Record(took.TotalSeconds, new("command", command), new("result", succeeded ? "succeeded" : "failed"));
}
