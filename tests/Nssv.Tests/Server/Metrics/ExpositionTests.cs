using System.Diagnostics.Metrics;
using Nssv.Server.Metrics;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Metrics;

public sealed class ExpositionTests : IDisposable
{
    private readonly Meter _meter = new("test");
    private readonly MetricRegistry _registry;

    public ExpositionTests() => _registry = new(_meter);

    public void Dispose()
    {
        _registry.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void A_counter_adds_up_for_each_set_of_labels()
    {
        var counter = _meter.CreateCounter<long>("a_total", null, "What is counted.");
        counter.Add(1, new("method", "GET"), new("status", 200));
        counter.Add(2, new("method", "GET"), new("status", 200));
        counter.Add(5, new("method", "POST"), new("status", 404));
        Lines("a_total").ShouldBe(
        [
            "# HELP a_total What is counted.",
            "# TYPE a_total counter",
            "a_total{method=\"GET\",status=\"200\"} 3",
            "a_total{method=\"POST\",status=\"404\"} 5",
        ]);
    }

    [Fact]
    public void A_histogram_has_buckets_that_grow_a_sum_and_a_count()
    {
        var histogram = _meter.CreateHistogram("b_seconds", null, "How long.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 2 })
            histogram.Record(value, new KeyValuePair<string, object?>("kind", "x"));
        Lines("b_seconds").ShouldBe(
        [
            "# HELP b_seconds How long.",
            "# TYPE b_seconds histogram",
            "b_seconds_bucket{kind=\"x\",le=\"0.1\"} 2",
            "b_seconds_bucket{kind=\"x\",le=\"1\"} 3",
            "b_seconds_bucket{kind=\"x\",le=\"+Inf\"} 4",
            "b_seconds_sum{kind=\"x\"} 2.65",
            "b_seconds_count{kind=\"x\"} 4",
        ]);
    }

    [Fact]
    public void Label_values_and_help_are_escaped()
    {
        _meter.CreateCounter<long>("c_total", null, "A \\ and\na \"line\".").Add(1, new KeyValuePair<string, object?>("path", "C:\\\"x\"\ny"));
        Lines("c_total").ShouldBe(
        [
            "# HELP c_total A \\\\ and\\na \"line\".",
            "# TYPE c_total counter",
            "c_total{path=\"C:\\\\\\\"x\\\"\\ny\"} 1",
        ]);
    }

    [Fact]
    public void What_is_observed_is_asked_for_at_each_scrape_and_forgets_labels_that_are_gone()
    {
        var state = "first";
        _meter.CreateObservableGauge("d", () => new Measurement<int>(7, new KeyValuePair<string, object?>("state", state)));
        Lines("d").ShouldContain("d{state=\"first\"} 7");
        state = "second";
        Lines("d").ShouldBe(["# HELP d d", "# TYPE d gauge", "d{state=\"second\"} 7"]);
    }

    [Fact]
    public void A_gauge_goes_up_and_down()
    {
        var gauge = _meter.CreateUpDownCounter<long>("e");
        gauge.Add(3);
        gauge.Add(-1);
        Lines("e").ShouldContain("e 2");
    }

    [Fact]
    public void More_sets_of_labels_than_the_limit_are_dropped_and_counted()
    {
        var counter = _meter.CreateCounter<long>("f_total");
        for (var i = 0; i < Family.MostSeries + 5; i++)
            counter.Add(1, new KeyValuePair<string, object?>("id", i));
        counter.Add(1, new KeyValuePair<string, object?>("id", 0));
        Lines("f_total").Count(line => !line.StartsWith('#')).ShouldBe(Family.MostSeries);
        Lines("f_total").ShouldContain("f_total{id=\"0\"} 2");
        Lines("nssv_metric_values_dropped_total").ShouldContain("nssv_metric_values_dropped_total 5");
    }

    [Fact]
    public void Another_meter_of_the_same_name_is_not_heard()
    {
        using var other = new Meter("test");
        other.CreateCounter<long>("g_total").Add(1);
        Lines("g_total").ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_count_at_once()
    {
        var counter = _meter.CreateCounter<double>("h_total");
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), (_, _) =>
        {
            for (var i = 0; i < 10_000; i++)
                counter.Add(1, new KeyValuePair<string, object?>("label", i % 3));
            return ValueTask.CompletedTask;
        });
        Lines("h_total").Where(line => !line.StartsWith('#')).Sum(line => int.Parse(line.Split(' ')[1])).ShouldBe(80_000);
    }

    private List<string> Lines(string name) => [.. _registry.Expose().Split('\n').Where(line =>
        line.StartsWith(name, StringComparison.Ordinal) || line.StartsWith($"# HELP {name} ", StringComparison.Ordinal) || line.StartsWith($"# TYPE {name} ", StringComparison.Ordinal))];
}
