using System.Diagnostics;

namespace Nssv.Tests.Data;

/// <summary>Waits for what another process does, with a deadline that says what was awaited.</summary>
internal static class Poll
{
    public static async Task Until(string what, Func<Task<bool>> condition, int seconds = 20)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(seconds))
                throw new TimeoutException($"waited {seconds} s for: {what}");
            await Task.Delay(10);
        }
    }
}
