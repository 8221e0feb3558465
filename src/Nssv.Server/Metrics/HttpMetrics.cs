using System.Diagnostics.Metrics;
using System.Globalization;

namespace Nssv.Server.Metrics;

/// <summary>What is asked of this manager over HTTP. Routes are templates and methods are known ones, so a client cannot make labels.</summary>
internal sealed class HttpMetrics(Meter meter)
{
    private readonly Counter<long> _requests = meter.CreateCounter<long>("nssv_http_requests_total", null, "Requests that were answered.");
    private readonly UpDownCounter<long> _underWay = meter.CreateUpDownCounter<long>("nssv_http_requests_under_way", null, "Requests that are being answered.");
    private readonly Histogram<double> _duration = meter.CreateHistogram("nssv_http_request_duration_seconds", null, "Time from a request's headers to the end of its answer.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
    private readonly Counter<long> _accepted = meter.CreateCounter<long>("nssv_accepted_requests_total", null, "Requests for a change that were accepted, by what was asked for.");
    private readonly Counter<long> _refused = meter.CreateCounter<long>("nssv_refused_requests_total", null, "Requests that were answered with a problem, by its code.");

    public void Began() => _underWay.Add(1);

    public void Answered(string method, string route, int status, TimeSpan took)
    {
        _underWay.Add(-1);
        _requests.Add(1, new("method", method), new("route", route), new("status", StatusText(status)));
        _duration.Record(took.TotalSeconds, new("method", method), new("route", route));
    }

    public void Accepted(string kind) => _accepted.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    private static string StatusText(int status) => status switch
    {
        200 => "200",
        202 => "202",
        _ => status.ToString(CultureInfo.InvariantCulture),
    };
}
