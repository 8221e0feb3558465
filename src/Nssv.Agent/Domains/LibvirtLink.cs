using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Nssv.Agent.Execution;
using Nssv.Libvirt;

namespace Nssv.Agent.Domains;

/// <summary>
/// The agent's connection to libvirtd: opened, watched and opened anew with growing pauses for as long as the agent lives. Calls run on a bounded pool
/// of threads of their own, with a deadline. Virtual machines do not notice when libvirtd goes away.
/// </summary>
internal sealed class LibvirtLink(string uri, ILogger logger, TimeProvider time) : IDisposable
{
    public static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);

    /// <summary>How long a call waits for a connection that is being opened; the first contact may take libvirtd 16 s.</summary>
    private static readonly TimeSpan ConnectionWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200), LongestPause = TimeSpan.FromSeconds(5);

    private readonly BlockingCalls _calls = new("libvirt", 8);
    private readonly BlockingCalls _opening = new("libvirt connection", 1);
    private readonly Channel<DomainEvent?> _events = Channel.CreateUnbounded<DomainEvent?>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ending = new();
    private volatile TaskCompletionSource<Opened> _opened = Next();

    /// <summary>In the order libvirt raised them; null stands for "connected anew, anything may have happened".</summary>
    public ChannelReader<DomainEvent?> Events => _events.Reader;

    public bool IsConnected => _opened.Task.IsCompletedSuccessfully;

    public void Start() => _ = Keep();

    /// <summary>Runs a blocking call on the connection. A connection that breaks under it is replaced and the call made again once: all of them may be repeated.</summary>
    public async Task<T> Call<T>(Func<LibvirtConnection, T> call, CancellationToken cancel)
    {
        for (var repeat = false; ; repeat = true)
        {
            Opened opened;
            try
            {
                opened = await _opened.Task.WaitAsync(ConnectionWait, time, cancel).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw DomainProblems.Unavailable($"No connection to {uri} within {ConnectionWait.TotalSeconds:0} s.").AsException();
            }

            try
            {
                return await _calls.Run(() => call(opened.Connection), CallLimit, cancel).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw DomainProblems.Timeout($"A call took longer than {CallLimit.TotalSeconds:0} s.").AsException();
            }
            catch (Exception e) when (e is ObjectDisposedException or LibvirtException { ConnectionLost: true })
            {
                Lost(opened, e.Message);
                if (repeat)
                    throw DomainProblems.Unavailable(e.Message).AsException();
            }
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        if (_opened.Task.IsCompletedSuccessfully)
            _opened.Task.Result.Connection.Dispose();
        _calls.Dispose();
        _opening.Dispose();
        _ending.Dispose();
    }

    private async Task Keep()
    {
        var pause = FirstPause;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var opened = await _opening.Run(Open, TimeSpan.FromMinutes(5), _ending.Token).ConfigureAwait(false);
                pause = FirstPause;
                logger.LibvirtConnected(uri);
                _opened.TrySetResult(opened);
                _events.Writer.TryWrite(null);
                await opened.Lost.Task.WaitAsync(_ending.Token).ConfigureAwait(false);
                Forget(opened);
                // On a thread of its own: telling a dead server good-bye may take a while.
                _ = _opening.Run(() => Close(opened.Connection), TimeSpan.FromMinutes(5), CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is LibvirtException or TimeoutException or DllNotFoundException)
            {
                logger.LibvirtAway(uri, e.Message);
                await Task.Delay(pause, time, CancellationToken.None).ConfigureAwait(false);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            }
        }
    }

    private Opened Open()
    {
        var opened = new Opened(LibvirtConnection.Open(uri), new(TaskCreationOptions.RunContinuationsAsynchronously));
        opened.Connection.Closed += reason => Lost(opened, reason.ToString());
        opened.Connection.DomainEvent += e => _events.Writer.TryWrite(e);
        // Between opening and subscribing nothing can be missed, but it may have died.
        if (!opened.Connection.IsAlive)
            opened.Lost.TrySetResult();
        return opened;
    }

    private static bool Close(LibvirtConnection connection)
    {
        connection.Dispose();
        return true;
    }

    private void Lost(Opened opened, string why)
    {
        Forget(opened);
        if (opened.Lost.TrySetResult())
            logger.LibvirtLost(uri, why);
    }

    /// <summary>Who calls from now on waits for the next connection: also who repeats a call at once, long before the next one is opened.</summary>
    private void Forget(Opened opened)
    {
        var current = _opened;
        if (current.Task.IsCompletedSuccessfully && current.Task.Result == opened)
            Interlocked.CompareExchange(ref _opened, Next(), current);
    }

    private static TaskCompletionSource<Opened> Next() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Opened(LibvirtConnection Connection, TaskCompletionSource Lost);
}
