using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>What becomes of one message.</summary>
internal sealed record MessageFate
{
    /// <summary>When each copy arrives; none: it is lost.</summary>
    public required IReadOnlyList<TimeSpan> Arrivals { get; init; }

    /// <summary>How long the answer takes; null: it is lost.</summary>
    public required TimeSpan? Answer { get; init; }

    public static MessageFate Quick(Dice dice) => new() { Arrivals = [Delay(dice)], Answer = Delay(dice) };

    public static TimeSpan Delay(Dice dice) => dice.Between(TimeSpan.FromMilliseconds(0.2), TimeSpan.FromMilliseconds(3));
}

/// <summary>The wire between all nodes. A message arrives in the context of whoever lives under that name then; bytes are read anew at each arrival.</summary>
internal sealed class WorldLink(SimulatedWorld world, CrashPoints points, Func<string, NodeContext?> nodeOf) : ISimulatedLink
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Dice _dice = world.Dice.Fork();

    /// <summary>Decides what becomes of each message; the default carries all of them at once.</summary>
    public Func<SimulatedMessage, MessageFate>? Fate { get; set; }

    /// <summary>Copies that have not arrived yet.</summary>
    public int UnderWay { get; private set; }

    public async Task<byte[]> Carry(SimulatedMessage message, Func<Task<byte[]>> arrive, CancellationToken cancel)
    {
        var sender = (NodeContext)SynchronizationContext.Current!;
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (sender.IsDead || points.Hit(sender, $"sends {message.Kind}"))
            return await answer.Task;
        var fate = Fate?.Invoke(message) ?? MessageFate.Quick(_dice);
        world.Trace.Mix(message.Body);
        world.Note(sender.Name, fate.Arrivals.Count == 0 ? $"→ {Short(message.To)} {message.Kind} lost" : $"→ {Short(message.To)} {message.Kind}");
        if (world.Trace.Verbose && message.Kind is not "heartbeat")
            world.Note(sender.Name, "  " + System.Text.Encoding.UTF8.GetString(message.Body));
        world.After(Patience, () => answer.TrySetException(new LinkBrokenException($"{message.To} did not answer {message.Kind}")));
        foreach (var delay in fate.Arrivals)
        {
            UnderWay++;
            world.After(delay, () =>
            {
                UnderWay--;
                Arrive(sender, message, arrive, fate, answer);
            });
        }
        using var registration = cancel.Register(() => answer.TrySetCanceled(cancel));
        var bytes = await answer.Task;
        return points.Hit(sender, $"is answered {message.Kind}") ? await new TaskCompletionSource<byte[]>().Task : bytes;
    }

    private void Arrive(NodeContext sender, SimulatedMessage message, Func<Task<byte[]>> arrive, MessageFate fate, TaskCompletionSource<byte[]> answer)
    {
        if (nodeOf(message.To) is not { IsDead: false } receiver)
        {
            world.After(MessageFate.Delay(_dice), () => answer.TrySetException(new LinkBrokenException($"Nobody lives at {message.To}")));
            return;
        }
        receiver.WhenDead(() => world.After(MessageFate.Delay(_dice), () => answer.TrySetException(new LinkBrokenException($"{message.To} died"))));
        receiver.Post(() => _ = Handle(sender, receiver, message, arrive, fate, answer));
    }

    private async Task Handle(
        NodeContext sender, NodeContext receiver, SimulatedMessage message, Func<Task<byte[]>> arrive, MessageFate fate, TaskCompletionSource<byte[]> answer)
    {
        if (points.Hit(receiver, $"receives {message.Kind}"))
            return;
        byte[] bytes;
        try
        {
            bytes = await arrive();
        }
        catch (Exception e)
        {
            world.Note(receiver.Name, $"cannot take {message.Kind}: {e.Message}");
            world.After(MessageFate.Delay(_dice), () => answer.TrySetException(new LinkBrokenException(e.Message)));
            return;
        }
        if (points.Hit(receiver, $"answers {message.Kind}") || fate.Answer is not { } delay)
            return;
        world.Trace.Mix(bytes);
        if (world.Trace.Verbose && message.Kind is not "heartbeat")
            world.Note(receiver.Name, $"{message.Kind} ⇒ {Short(sender.Name)} {System.Text.Encoding.UTF8.GetString(bytes)}");
        world.After(delay, () => answer.TrySetResult(bytes));
    }

    private static string Short(string name) => name.Length > 12 ? name[^8..] : name;
}
