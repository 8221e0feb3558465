using System.Diagnostics.Metrics;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Mailboxes;
using Nssv.Kernel.Operations;
using Nssv.Server.Events;
using Nssv.Server.Http;

namespace Nssv.Server.Metrics;

/// <summary>Figures that the parts of this node know at any time; they are asked for at each scrape.</summary>
internal static class NodeMetrics
{
    public static void Add(IServiceProvider services)
    {
        var meter = services.GetRequiredService<Meter>();
        // First, so that it hears of every instrument before that counts anything.
        _ = services.GetRequiredService<MetricRegistry>();
        ProcessMetrics.Add(meter);

        var mailboxes = services.GetRequiredService<MailboxSet>();
        meter.CreateObservableGauge("nssv_mailbox_waiting_turns", () => mailboxes.Waiting, null, "Turns that wait for the turn before them on the same resource.");
        var operations = services.GetRequiredService<OperationEngine>();
        meter.CreateObservableGauge("nssv_operations_running", () => operations.RunningCount, null, "Operations that have begun on this node and not ended.");
        var feed = services.GetRequiredService<EventFeed>();
        meter.CreateObservableGauge("nssv_events_head", () => feed.Head, null, "Number of the last event that this node has committed since it started.");
        var links = services.GetRequiredService<HostConnections>();
        meter.CreateObservableGauge("nssv_hosts", () => links.Counts().Select(count =>
            new Measurement<int>(count.Hosts, new KeyValuePair<string, object?>("link", count.Link.ToString().ToLowerInvariant()))), null, "Hosts that this node has heard of, by the state of its link to them.");
        var readiness = services.GetRequiredService<Readiness>();
        meter.CreateObservableGauge("nssv_health_check", () => readiness.Last.Checks.Select(check =>
            new Measurement<int>(check.Ok ? 1 : 0, new KeyValuePair<string, object?>("check", check.Name))), null, "1 where a check of /health/ready is passed, else 0.");
    }
}
