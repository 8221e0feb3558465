using System.Diagnostics.Metrics;
using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Dispatch;

public sealed class CommandLimitTests : IDisposable
{
    private static readonly Id Host = Id.Parse("01890000-0000-7000-8000-000000000001"), OtherHost = Id.Parse("01890000-0000-7000-8000-000000000002");

    private readonly Meter _meter = new("test");
    private readonly Wire _wire = new();
    private readonly HostConnections _links = new();
    private readonly CommandDispatcher _dispatcher;

    public CommandLimitTests()
    {
        _dispatcher = new CommandDispatcher(_wire, _links, TimeProvider.System, new CommandMetrics(_meter), new DispatchLimits(CommandsPerHost: 2));
        _links.Set(Host, HostLink.Connected);
        _links.Set(OtherHost, HostLink.Connected);
    }

    public void Dispose() => _meter.Dispose();

    [Fact]
    public async Task No_more_than_the_limit_is_under_way_on_a_host_and_the_rest_goes_in_order()
    {
        var runs = Enumerable.Range(1, 5).Select(number => Run($"{number}")).ToList();
        await Sent("1", "2");
        await End("2");
        await Sent("1", "2", "3");
        await End("1");
        await End("3");
        await Sent("1", "2", "3", "4", "5");
        await End("4");
        await End("5");
        await Task.WhenAll(runs);
    }

    [Fact]
    public async Task A_host_that_has_enough_holds_up_no_other()
    {
        _ = Run("1");
        _ = Run("2");
        _ = Run("3");
        await Sent("1", "2");
        _ = Run("a", OtherHost);
        await Sent("1", "2", "a");
    }

    [Fact]
    public async Task What_passes_the_queue_and_stored_clean_up_go_at_once()
    {
        _ = Run("1");
        _ = Run("2");
        await Sent("1", "2");
        _ = Run("3");
        _ = Run("kill", passes: true);
        await Sent("1", "2", "kill");
        _ = Run("clean-up", duringReconcile: true);
        await Sent("1", "2", "kill", "clean-up");
    }

    [Fact]
    public async Task A_command_that_is_given_up_makes_room_and_one_given_up_while_it_waits_is_not_sent()
    {
        using var first = new CancellationTokenSource();
        using var third = new CancellationTokenSource();
        var givenUp = Run("1", cancel: first.Token);
        _ = Run("2");
        var neverSent = Run("3", cancel: third.Token);
        _ = Run("4");
        await Sent("1", "2");
        third.Cancel();
        await Should.ThrowAsync<OperationCanceledException>(neverSent);
        first.Cancel();
        await Should.ThrowAsync<OperationCanceledException>(givenUp);
        await Sent("1", "2", "4");
    }

    [Fact]
    public async Task What_could_not_be_delivered_is_sent_again_although_its_place_is_taken()
    {
        _wire.Breaks = 1;
        _ = Run("1");
        _ = Run("2");
        _ = Run("3");
        await Poll.Until("two commands that arrived", () => Task.FromResult(_wire.Arrived.Count >= 2));
        _wire.Arrived.Order().ShouldBe(["1", "2"]);
    }

    private Task<CommandResult> Run(string id, Id? host = null, bool passes = false, bool duringReconcile = false, CancellationToken cancel = default) =>
        _dispatcher.Run(host ?? Host, new CommandEnvelope(id, Id.None, 0, 1, 1, 60, "test.command", JsonSerializer.SerializeToElement(new { })) { PassesQueue = passes }, duringReconcile, cancel);

    private Task<ResultReceipt> End(string id) => _dispatcher.Results(Host, new ResultBatch(Host, 1, [new CommandResult(id, Id.None, 1, true, null, null)]));

    private async Task Sent(params string[] ids)
    {
        await Poll.Until($"commands {string.Join(", ", ids)} to be sent", () => Task.FromResult(_wire.Arrived.Count >= ids.Length));
        _wire.Arrived.ShouldBe(ids);
    }

    private sealed class Wire : IAgentTransport
    {
        private readonly Lock _gate = new();
        private readonly List<string> _arrived = [];

        /// <summary>So many requests do not arrive.</summary>
        public int Breaks { get; set; }

        public List<string> Arrived
        {
            get
            {
                lock (_gate)
                    return [.. _arrived];
            }
        }

        public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel)
        {
            lock (_gate)
            {
                if (Breaks-- > 0)
                    throw new HostUnreachableException(hostId, "The wire broke.");
                _arrived.AddRange(batch.Commands.Select(command => command.Id));
            }
            return Task.FromResult(new CommandReceipt([.. batch.Commands.Select(command => command.Id)], []));
        }

        public Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) => Task.FromResult(new AskReply(ask.Epoch, []));

        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => Task.CompletedTask;
    }
}
