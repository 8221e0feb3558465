namespace Nssv.Agent.Protocol;

/// <summary>Bounds and times of the desk. The defaults serve a host of any size; simulations shorten the times.</summary>
public sealed record DeskOptions
{
    /// <summary>Commands that run at once, over all resources.</summary>
    public int RunningLimit { get; init; } = 256;

    /// <summary>Commands that are taken in and not ended: more are refused with 503 until some end.</summary>
    public int PendingLimit { get; init; } = 20_000;

    /// <summary>Results in one message to a manager.</summary>
    public int ResultsPerBatch { get; init; } = 128;

    /// <summary>Between two messages to a manager about how far commands are; one that ends before the first is told of by its result alone.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long commands, results and epochs of an ended operation are kept: longer than any message or sleeping owner can be late.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How often it is looked for what the retention time is over for.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The retention time of operations whose end was never told, counted from their last command.</summary>
    public TimeSpan LongestRetention { get; init; } = TimeSpan.FromDays(90);
}
