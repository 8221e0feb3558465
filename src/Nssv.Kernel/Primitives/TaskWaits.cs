namespace Nssv.Kernel;

/// <summary>
/// Waiting that stays on the caller's context. <c>Task.WaitAsync</c>, <c>WhenAny</c> and <c>WhenAll</c> hop over a pool thread when the task is that of a
/// completion source that runs its continuations asynchronously, as all of ours are; awaited inside an async method first, it comes back on the context.
/// </summary>
public static class TaskWaits
{
#pragma warning disable RS0030 // The one place that may call them: on a task that already ends on the caller's context.
    /// <exception cref="OperationCanceledException">Cancelled before it ended.</exception>
    public static Task<T> OrCancelled<T>(this Task<T> task, CancellationToken cancel) =>
        task.IsCompleted || !cancel.CanBeCanceled ? task : task.Here().WaitAsync(cancel);

    /// <inheritdoc cref="OrCancelled{T}"/>
    public static Task OrCancelled(this Task task, CancellationToken cancel) =>
        task.IsCompleted || !cancel.CanBeCanceled ? task : task.Here().WaitAsync(cancel);

    /// <exception cref="TimeoutException">It did not end in time.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before it ended.</exception>
    public static Task<T> Within<T>(this Task<T> task, TimeSpan limit, TimeProvider time, CancellationToken cancel) =>
        task.IsCompleted ? task : task.Here().WaitAsync(limit, time, cancel);

#pragma warning restore RS0030

    /// <summary>The same task, ending on the context of whoever calls this: fit for <c>WhenAny</c>.</summary>
    public static async Task<T> Here<T>(this Task<T> task) => await task;

    /// <inheritdoc cref="Here{T}"/>
    public static async Task Here(this Task task) => await task;
}
