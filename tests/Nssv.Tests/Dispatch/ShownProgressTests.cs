using Nssv.Kernel.Flows;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Dispatch;

public sealed class ShownProgressTests
{
    private readonly Lock _gate = new();
    private readonly List<int> _written = [];
    private readonly ShownProgress _shown;
    private TaskCompletionSource _database = new();

    public ShownProgressTests() => _shown = new(Write, new ManualTime(DateTimeOffset.UnixEpoch, haste: 200));

    [Fact]
    public async Task The_newest_figure_is_written_one_at_a_time_and_a_late_one_never()
    {
        _shown.Tell(10);
        await Written(10);
        _shown.Tell(20);
        _shown.Tell(30);
        _shown.Tell(25);
        _database.SetResult();
        await Written(10, 30);
        await _shown.End();
    }

    [Fact]
    public async Task The_end_waits_for_what_is_being_written_and_nothing_comes_after_it()
    {
        _shown.Tell(10);
        await Written(10);
        _shown.Tell(20);
        var end = _shown.End();
        end.IsCompleted.ShouldBeFalse("the row is being written");
        _database.SetResult();
        await end;
        _shown.Tell(30);
        await Task.Delay(ShownProgress.Pause / 20, TestContext.Current.CancellationToken);
        _written.ShouldBe([10]);
    }

    [Fact]
    public async Task What_cannot_be_written_is_no_reason_to_fail_and_the_next_figure_is()
    {
        _shown.Tell(10);
        await Written(10);
        var lost = _database;
        _database = new();
        _database.SetResult();
        lost.SetException(new InvalidOperationException("The database is gone."));
        _shown.Tell(20);
        await Written(10, 20);
        await _shown.End();
    }

    private Task Write(int percent)
    {
        lock (_gate)
            _written.Add(percent);
        return _database.Task;
    }

    private async Task Written(params int[] figures)
    {
        await Poll.Until($"{string.Join(", ", figures)} to be written", () => Task.FromResult(Count() >= figures.Length));
        lock (_gate)
            _written.ShouldBe(figures);
    }

    private int Count()
    {
        lock (_gate)
            return _written.Count;
    }
}
