using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Simulation.Tests.World;

/// <summary>
/// Who asks, through a client of its own: a request that got no answer is sent again under the same key, as the CLI does. What was acknowledged is remembered.
/// </summary>
internal sealed class Person
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Cluster _cluster;
    private readonly Dice _dice;
    private long _keys;

    public Person(Cluster cluster)
    {
        _cluster = cluster;
        _dice = cluster.World.Dice.Fork();
        Context = cluster.PersonContext = new(cluster.World, "person", TimeSpan.Zero);
    }

    public static Caller Caller { get; } = new(Id.Parse("01890000-0000-7000-8000-000000000002"), ManagerNode.Platform, "admin", CallerRole.Admin);

    public NodeContext Context { get; }

    /// <summary>Answered with 202 or 200.</summary>
    public List<(Request Request, Operation Operation)> Acknowledged { get; } = [];

    /// <summary>Refused, and by what code.</summary>
    public List<(Request Request, Problem Problem)> Refused { get; } = [];

    /// <summary>Of a request and of an answer that gets lost.</summary>
    public double Loss { get; set; }

    /// <summary>Requests that have no answer yet.</summary>
    public int Open { get; private set; }

    public void Ask(Request request)
    {
        Open++;
        var key = $"key-{++_keys}";
        Context.Post(() => _ = Repeat(request, key));
    }

    /// <summary>Does something inside the manager and brings the answer back; null when no answer came.</summary>
    public Task<T?> Reach<T>(string what, Func<IServiceProvider, Task<T>> work) where T : class
    {
        var answer = new TaskCompletionSource<T?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var world = _cluster.World;
        world.After(Patience, () => answer.TrySetResult(null));
        if (_dice.Chance(Loss))
            return answer.Task;
        world.After(MessageFate.Delay(_dice), () =>
        {
            var asked = _dice.Pick(_cluster.Managers);
            var manager = asked.Context;
            if (asked.Services is not { } services)
            {
                answer.TrySetResult(null);
                return;
            }

            manager.WhenDead(() => answer.TrySetResult(null));
            manager.Post(() => _ = Handle(manager, services));
        });
        return answer.Task;

        async Task Handle(NodeContext manager, IServiceProvider services)
        {
            if (_cluster.Points.Hit(manager, $"receives {what}"))
                return;
            T? result;
            try
            {
                result = await work(services);
            }
            catch (Exception e)
            {
                // A refusal comes back like any answer; what is no refusal is a fault, and is seen as one.
                answer.TrySetException(e);
                return;
            }

            if (!_cluster.Points.Hit(manager, $"answers {what}") && !_dice.Chance(Loss))
                world.After(MessageFate.Delay(_dice), () => answer.TrySetResult(result));
        }
    }

    private async Task Repeat(Request request, string key)
    {
        try
        {
            while (true)
            {
                Operation? operation;
                try
                {
                    operation = await Reach(request.GetType().Name, services => services.GetRequiredService<IBus>().Accept(request, Caller, new(key, "body")));
                }
                catch (Exception e) when (e is ProblemException { Problem.Status: 503 or 507 } or OutcomeUnknownException or FencedException)
                {
                    operation = null;
                }

                if (operation is not null)
                {
                    _cluster.World.Note("person", $"has {operation.Kind} {operation.Id.Short} acknowledged");
                    Acknowledged.Add((request, operation));
                    return;
                }

                await Task.Delay(_dice.Between(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2)), Context.Clock);
            }
        }
        catch (ProblemException e)
        {
            _cluster.World.Note("person", $"is refused {request.GetType().Name}: {e.Problem.Code}");
            Refused.Add((request, e.Problem));
        }
        catch (Exception e)
        {
            _cluster.World.Faults.Add($"{request.GetType().Name}: {e}");
        }
        finally
        {
            Open--;
        }
    }
}
