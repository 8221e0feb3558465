using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Plugins.Runner;

/// <summary>The plugin's process: answers the manager's calls until its input ends, as it does when the manager is gone in whatever way.</summary>
internal sealed class PluginRunner : IDisposable
{
    private readonly string _file;
    private readonly TextWriter _answers;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _running = new();
    private IReadOnlyDictionary<string, Extension> _extensions = new Dictionary<string, Extension>();

    private PluginRunner(string file, TextWriter answers) => (_file, _answers) = (file, answers);

    /// <param name="file">The plugin's assembly.</param>
    public static async Task<int> Run(string file)
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = false };
        // What the plugin prints goes to the manager's log, not between the answers.
        Console.SetOut(Console.Error);
        using var runner = new PluginRunner(file, output);
        while (await input.ReadLineAsync() is { } line)
        {
            var asked = JsonSerializer.Deserialize<Asked>(line, Messages.Json)!;
            if (asked.Call is null)
                runner.Cancel(asked.Id);
            else
                _ = Task.Run(() => runner.Answer(asked));
        }

        // Whatever still runs has nobody to answer to.
        return 0;
    }

    public void Dispose() => _writing.Dispose();

    private void Cancel(long id)
    {
        if (_running.TryGetValue(id, out var running))
            running.Cancel();
    }

    private async Task Answer(Asked asked)
    {
        using var cancel = new CancellationTokenSource();
        _running[asked.Id] = cancel;
        Answered answer;
        try
        {
            answer = new(asked.Id, await Do(asked, cancel.Token));
        }
        catch (RefusedException e)
        {
            answer = new(asked.Id, Refused: new(e.Message, e.Advice));
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"{asked.Call} {asked.Extension}: {e}");
            answer = new(asked.Id, Error: $"{e.GetType().Name}: {e.Message}");
        }
        finally
        {
            _running.TryRemove(asked.Id, out _);
        }

        await _writing.WaitAsync();
        try
        {
            await _answers.WriteLineAsync(JsonSerializer.Serialize(answer, Messages.Json));
            await _answers.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<JsonNode?> Do(Asked asked, CancellationToken cancelled)
    {
        switch (asked.Call)
        {
            case Calls.Begin:
                return JsonSerializer.SerializeToNode(Begin(Body<BeginCall>(asked)), Messages.Json);
            case Calls.Heard:
                await Find<EventObserver>(asked).Heard(Body<PlatformEvent>(asked), cancelled);
                return null;
            case Calls.Run:
                await Find<InsertedStep>(asked).Run(Body<FlowCall>(asked), cancelled);
                return null;
            case Calls.Undo:
                await Find<InsertedStep>(asked).Undo(Body<FlowCall>(asked), cancelled);
                return null;
            case Calls.Hindrances:
                return JsonSerializer.SerializeToNode(await Find<DeletionGuard>(asked).Hindrances(Body<IReadOnlyList<JsonObject>>(asked), cancelled), Messages.Json);
            case Calls.Refusals:
                var place = Body<PlacementCall>(asked);
                return JsonSerializer.SerializeToNode(await Find<PlacementRule>(asked).Refusals(place.VirtualMachine, place.Hosts, cancelled), Messages.Json);
            default:
                throw new NotSupportedException($"this plugin's runner does not know the call '{asked.Call}'");
        }
    }

    private Description Begin(BeginCall begin)
    {
        if (begin.Protocol != Messages.Protocol)
            throw new InvalidOperationException($"the manager speaks protocol {begin.Protocol}, the plugin's runner {Messages.Protocol}");
        var plugin = PluginAssembly.Load(_file);
        Directory.CreateDirectory(begin.DataFolder);
        var extensions = plugin.Begin(new PluginEnvironment(begin.DataFolder)).ToList();
        _extensions = extensions.ToDictionary(extension => extension.Name, StringComparer.Ordinal);
        return new(Messages.Protocol, typeof(Plugin).Assembly.GetName().Version!.ToString(2), plugin.Name, plugin.Version, [.. extensions.Select(Described.Of)]);
    }

    private T Find<T>(Asked asked) where T : Extension =>
        _extensions.GetValueOrDefault(asked.Extension ?? "") as T ?? throw new InvalidOperationException($"there is no {typeof(T).Name} '{asked.Extension}'");

    private static T Body<T>(Asked asked) => asked.Body.Deserialize<T>(Messages.Json) ?? throw new InvalidOperationException($"call '{asked.Call}' has no body");
}
