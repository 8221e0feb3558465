using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Plugins.Runner;

namespace Nssv.Server.Plugins;

/// <summary>A plugin's process with the calls that are under way in it. It gets none of the manager's environment, and ends with the manager's end of its input.</summary>
internal sealed class PluginProcess : IAsyncDisposable
{
    private const int LongestAnswer = 8 << 20;
    private const int LongestSaid = 1_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Answered>> _waiting = new();
    private readonly Task _reading;
    private long _calls;
    private int _blamed;

    private PluginProcess(Process process, Action<string> said)
    {
        _process = process;
        _ = Listen(said);
        _reading = Read();
    }

    public int Id => _process.Id;

    /// <summary>It answers no more; it may take a moment until it is gone.</summary>
    public bool HasEnded => EndedBecause is not null || _reading.IsCompleted;

    /// <summary>Why it was ended from here, if it was.</summary>
    public string? EndedBecause { get; private set; }

    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static PluginProcess Start(PluginPlace place, PluginLimits limits, Action<string> said)
    {
        Directory.CreateDirectory(place.DataFolder);
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var start = new ProcessStartInfo(Path.Combine(root, "dotnet"), [typeof(PluginProcess).Assembly.Location, "run-plugin", "--assembly", place.Assembly])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = place.DataFolder,
        };
        // The manager's own may hold what no plugin needs to know.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["HOME"] = place.DataFolder;
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment["DOTNET_ROOT"] = root;
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_GCHeapHardLimit"] = limits.MemoryBytes.ToString("x", CultureInfo.InvariantCulture);
        var process = Process.Start(start)!;
        try
        {
            // The platform goes first.
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended already, as whoever calls it will see.
        }

        return new PluginProcess(process, said);
    }

    /// <summary>Asks it, and waits for the answer until it is cancelled.</summary>
    /// <param name="grace">How long it has for ending what was cancelled.</param>
    /// <exception cref="IOException">The process has ended.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and the plugin has ended it.</exception>
    /// <exception cref="TimeoutException">It was cancelled, and the plugin goes on.</exception>
    public async Task<Answered> Ask(string call, string? extension, JsonNode? body, TimeSpan grace, TimeProvider time, CancellationToken cancelled)
    {
        var id = Interlocked.Increment(ref _calls);
        var answer = new TaskCompletionSource<Answered>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            await Write(new Asked(id, call, extension, body));
            if (HasEnded)
                throw new IOException();
            try
            {
                return await answer.Task.WaitAsync(cancelled);
            }
            catch (OperationCanceledException)
            {
                await Write(new Asked(id, null));
                await answer.Task.WaitAsync(grace, time, CancellationToken.None);
                throw;
            }
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Bytes of memory that it occupies; null when it is no more.</summary>
    public long? Memory()
    {
        try
        {
            return long.Parse(File.ReadAllText($"/proc/{_process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }

    public void Kill(string because)
    {
        EndedBecause ??= because;
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself, or a child of it has.
        }
    }

    /// <summary>True once: many calls end with one process, and it is one failure.</summary>
    public bool TakeBlame() => Interlocked.Exchange(ref _blamed, 1) == 0;

    /// <summary>Ends it, in a few seconds whatever it does. A child that it has left behind may hold its pipes for longer: nobody waits for that.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            Kill("The manager ends.");
        }

        try
        {
            await Task.WhenAll(_process.WaitForExitAsync(), _reading).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Fail();
        }

        _process.Dispose();
    }

    private async Task Write(Asked asked)
    {
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(asked, Messages.Json)).WaitAsync(Patience);
            await _process.StandardInput.FlushAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            // It does not even read: its pipe is full.
            Kill("It does not read what it is asked.");
            throw new IOException();
        }
        catch (InvalidOperationException)
        {
            // It is closed, or what was written before is stuck in it.
            throw new IOException();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task Read()
    {
        var lines = new BoundedLines(_process.StandardOutput, LongestAnswer);
        try
        {
            while (await lines.Read() is { } line)
            {
                if (lines.WasCut)
                    Kill($"It answers with more than {LongestAnswer >> 20} MiB.");
                else if (Parse(line) is { } answered && _waiting.TryGetValue(answered.Id, out var waiting))
                    waiting.TrySetResult(answered);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // As if it had ended.
        }

        Fail();
    }

    private async Task Listen(Action<string> said)
    {
        var lines = new BoundedLines(_process.StandardError, LongestSaid);
        try
        {
            while (await lines.Read() is { } line)
                said(line);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It says no more.
        }
    }

    private void Fail()
    {
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(new IOException());
    }

    /// <summary>A line that is no answer was printed past the runner, by a library of the plugin's: nobody waits for it.</summary>
    private static Answered? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Answered>(line, Messages.Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
