using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Plugins.Runner;
using Nssv.Server.Http;

namespace Nssv.Server.Plugins;

internal enum PluginState
{
    /// <summary>It is asked, in a process that is started when it is needed.</summary>
    Running,
    /// <summary>It failed several times in a row and is left alone for a while.</summary>
    Resting,
    /// <summary>It was not there when the manager started, and is not used: it could not be loaded, or says what makes no sense.</summary>
    Refused,
}

/// <summary>
/// One plugin as this manager deals with it: every call has a deadline, what hangs is ended with its process, the next call starts it anew, and after failures in a row
/// it rests. Nothing that it does can hold up or bring down anything else.
/// </summary>
internal sealed partial class HostedPlugin(PluginPlace place, PluginLimits limits, TimeProvider time, ILogger log) : IAsyncDisposable
{
    /// <summary>Characters of what it says that go into problems and logs.</summary>
    private const int LongestText = 500;

    private readonly SemaphoreSlim _starting = new(1);
    private readonly SemaphoreSlim _calls = new(limits.Calls);
    private readonly Lock _gate = new();
    private readonly LogLimit _said = new(time);
    private PluginTrust _trust = PluginTrust.Full;
    private PluginProcess? _process;
    private string? _refused;
    private volatile bool _ends;

    public string Name => place.Name;

    /// <summary>What it said of itself at the manager's start; null when it could not.</summary>
    public Description? Description { get; private set; }

    public long Failures { get; private set; }

    public long Starts { get; private set; }

    public string? Reason => _refused ?? _trust.Reason;

    /// <summary>Of the last failure: what anyone may know.</summary>
    public string? PublicReason { get; private set; }

    public PluginState State => _refused is not null ? PluginState.Refused : _trust.IsResting(time.GetUtcNow()) ? PluginState.Resting : PluginState.Running;

    /// <summary>Nothing is wrong with it: it is asked, and the last call went well.</summary>
    public bool IsWell => State == PluginState.Running && _trust.InARow == 0 && _trust.RestsUntil is null;

    /// <summary>For anyone who asks for the manager's health.</summary>
    public HealthCheck Check() => IsWell ? new($"plugin {Name}", true) : new($"plugin {Name}", false, PublicReason);

    public long? Memory => _process?.Memory();

    public int? ProcessId => _process is { HasEnded: false } process ? process.Id : null;

    /// <summary>Lets it say what it is. A failure is kept, not thrown.</summary>
    public async Task Begin()
    {
        try
        {
            await Process();
        }
        catch (PluginFailure e)
        {
            Refuse(e.Message, e.Public);
        }
    }

    /// <summary>It cannot be used as it is, until the manager starts again.</summary>
    public void Refuse(string reason, string? toAnyone = null)
    {
        lock (_gate)
            (_refused, PublicReason) = (reason, toAnyone ?? "It cannot be used as it is.");
        LogRefused(log, Name, reason);
    }

    /// <summary>Throws at once while it rests.</summary>
    /// <exception cref="PluginFailure">It is not there, failed, or did not answer in time.</exception>
    /// <exception cref="ProblemException">It said no.</exception>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async Task<JsonNode?> Call(string call, string extension, JsonNode? body, TimeSpan deadline, CancellationToken cancelled)
    {
        if (State != PluginState.Running)
            throw new PluginFailure(Name, "It is not asked at present.", $"It is not asked at present: {Reason}");
        await Enter(deadline, cancelled);
        try
        {
            var process = await Ready(deadline, cancelled);
            using var late = new CancellationTokenSource(deadline, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancelled);
            return await Ask(process, call, extension, body, deadline, either.Token, cancelled);
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>Ends its process if it has grown too large.</summary>
    public void Look()
    {
        if (_process is { } process && process.Memory() > limits.MemoryBytes)
            process.Kill(TooLarge);
    }

    public async ValueTask DisposeAsync()
    {
        _ends = true;
        await _starting.WaitAsync();
        _starting.Release();
        if (_process is { } process)
            await process.DisposeAsync();
    }

    /// <summary>Its process within the time of a start, whoever starts it and whatever is in its way.</summary>
    private async Task<PluginProcess> Ready(TimeSpan deadline, CancellationToken cancelled)
    {
        try
        {
            return await Process().WaitAsync(deadline + limits.Begin, time, cancelled);
        }
        catch (TimeoutException)
        {
            throw new PluginFailure(Name, "It does not begin.", $"Its process has not begun within {(deadline + limits.Begin).TotalSeconds:0.#} s.");
        }
    }

    private async Task Enter(TimeSpan deadline, CancellationToken cancelled)
    {
        using var late = new CancellationTokenSource(deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancelled);
        try
        {
            await _calls.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancelled.IsCancellationRequested)
        {
            throw new PluginFailure(Name, "It is too busy.", $"It has had {limits.Calls} calls under way for {deadline.TotalSeconds:0.#} s.");
        }
    }

    private string TooLarge => $"It used more than {limits.MemoryBytes >> 20} MiB of memory.";

    private async Task<JsonNode?> Ask(PluginProcess process, string call, string? extension, JsonNode? body, TimeSpan deadline, CancellationToken either, CancellationToken cancelled)
    {
        Answered answered;
        try
        {
            answered = await process.Ask(call, extension, body, limits.Grace, time, either);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            throw Failed("It does not answer in time.", $"'{extension}' ({call}) did not end within {deadline.TotalSeconds:0.#} s.", call);
        }
        catch (TimeoutException)
        {
            process.Kill("It hangs.");
            process.TakeBlame();
            cancelled.ThrowIfCancellationRequested();
            throw Failed("It hangs.", $"'{extension}' ({call}) did not end within {deadline.TotalSeconds:0.#} s, nor when it was cancelled: its process was ended.", call);
        }
        catch (IOException)
        {
            if (!process.TakeBlame())
                throw new PluginFailure(Name, "Its process ended.", process.EndedBecause ?? "Its process ended.", inCall: true);
            throw Failed("Its process ended.", process.EndedBecause ?? $"Its process ended while it did '{extension}' ({call}).", call);
        }

        if (answered.Error is { } error)
        {
            // What it holds on to is only given back with the process.
            if (error.StartsWith(nameof(OutOfMemoryException), StringComparison.Ordinal))
                process.Kill(TooLarge);
            throw Failed("It fails.", $"'{extension}' ({call}): {Short(error)}", call);
        }

        // That it can say what it is does not mean that it does its part.
        if (call != Calls.Begin)
            Well();
        return answered.Refused is { } refusal
            ? throw new Problem(409, "refused-by-plugin", "A plugin refuses it.", $"Plugin {Name}: {Short(refusal.Reason)}", Short(refusal.Advice) ?? $"Ask whoever runs plugin '{Name}'.").AsException()
            : answered.Result;
    }

    /// <summary>Its process; a new one when there is none.</summary>
    private async Task<PluginProcess> Process()
    {
        if (_process is { HasEnded: false } running)
            return running;
        await _starting.WaitAsync();
        try
        {
            if (_ends)
                throw new PluginFailure(Name, "The manager stops.", "The manager stops.");
            if (_process is { HasEnded: false } begun)
                return begun;
            if (State != PluginState.Running)
                throw new PluginFailure(Name, "It is not asked at present.", $"It is not asked at present: {Reason}");
            if (_process is { } ended)
                await ended.DisposeAsync();
            _process = null;
            if (!File.Exists(place.Assembly))
                throw Failed("It cannot be loaded.", $"There is no {place.Assembly}.");
            Starts++;
            var fresh = Start();
            await Introduce(fresh);
            // Nobody asks it before it has begun.
            return _process = fresh;
        }
        finally
        {
            _starting.Release();
        }
    }

    private PluginProcess Start()
    {
        try
        {
            return PluginProcess.Start(place, limits, Said);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            throw Failed("It cannot be loaded.", $"Its process could not be started: {e.Message}");
        }
    }

    private async Task Introduce(PluginProcess process)
    {
        using var late = new CancellationTokenSource(limits.Begin, time);
        try
        {
            var answer = await Ask(process, Calls.Begin, null, JsonSerializer.SerializeToNode(new BeginCall(Messages.Protocol, place.DataFolder), Messages.Json), limits.Begin, late.Token, CancellationToken.None);
            Description ??= Checked(answer);
        }
        catch (Exception e) when (e is PluginFailure or ProblemException)
        {
            process.Kill("It could not begin.");
            await process.DisposeAsync();
            throw e as PluginFailure ?? Failed("It cannot be loaded.", "It refuses to begin.");
        }
    }

    private Description Checked(JsonNode? answer)
    {
        Description? said;
        try
        {
            said = answer.Deserialize<Description>(Messages.Json);
        }
        catch (JsonException)
        {
            said = null;
        }

        if (said is not { Name: not null, Extensions: not null })
            throw Failed("It cannot be loaded.", "It does not say what it is.");
        if (said.Name != Name)
            throw Failed("It cannot be loaded.", $"It calls itself '{said.Name}', its folder is '{Name}'.");
        if (said.Extensions.FirstOrDefault(extension => !PluginPlace.IsName(extension.Name)) is { } odd)
            throw Failed("It cannot be loaded.", $"'{odd.Name}' is no name for an extension: lower-case letters, digits and hyphens.");
        return said;
    }

    private void Well()
    {
        lock (_gate)
            _trust = PluginTrust.Full;
    }

    private PluginFailure Failed(string toAnyone, string detail, string call = Calls.Begin)
    {
        bool rests;
        lock (_gate)
        {
            Failures++;
            PublicReason = toAnyone;
            _trust = _trust.Failed(detail, time.GetUtcNow(), limits);
            rests = _trust.RestsUntil is not null;
        }

        LogFailed(log, Name, detail, rests ? $"it is left alone until {_trust.RestsUntil:u}" : "it is asked again");
        return new(Name, toAnyone, detail, call != Calls.Begin);
    }

    private void Said(string line)
    {
        if (_said.Takes())
            LogSaid(log, Name, line);
    }

    private static string? Short(string? text) => text is { Length: > LongestText } ? text[..LongestText] + "…" : text;

    [LoggerMessage(EventId = 60, Level = LogLevel.Error, Message = "Plugin {Plugin} is not used: {Reason}")]
    private static partial void LogRefused(ILogger log, string plugin, string reason);

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning, Message = "Plugin {Plugin} failed: {Reason} ({Then})")]
    private static partial void LogFailed(ILogger log, string plugin, string reason, string then);

    [LoggerMessage(EventId = 62, Level = LogLevel.Information, Message = "Plugin {Plugin} says: {Line}")]
    private static partial void LogSaid(ILogger log, string plugin, string line);
}
