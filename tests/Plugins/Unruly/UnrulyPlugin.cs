using System.Text.Json.Nodes;
using Nssv.Plugins;

namespace Unruly;

/// <summary>Does whatever a plugin must not do, as the file "mode" in its folder of data says at each call: see <see cref="Mischief"/>.</summary>
public sealed class UnrulyPlugin : Plugin
{
    public override string Name => "unruly";

    public override IEnumerable<Extension> Begin(PluginEnvironment environment)
    {
        var mischief = new Mischief(environment.DataFolder);
        if (mischief.Mode == "no-begin")
            throw new InvalidOperationException("it does not want to begin");
        if (mischief.Mode == "hangs-at-begin")
        {
            mischief.Write("begun", $"{Environment.ProcessId}");
            Thread.Sleep(Timeout.Infinite);
        }

        if (mischief.Mode == "no-such-step")
            return [new Meddler(mischief, "lost", required: false, beside: "platform.no-such-step")];
        if (mischief.Mode == "twin-tags")
            return [new SystemTag("a-b", "One", "The same name as the other.", "virtual-machine"), new SystemTag("a--b", "Two", "The same name as the one.", "virtual-machine")];
        if (mischief.Mode == "odd-tag")
            return [new SystemTag("odd", "Odd", "Its pattern cannot be used.", "virtual-machine") { Pattern = "(?!0)[0-9]+" }];
        if (mischief.Mode == "narrow-tag")
            return [new SystemTag("narrow", "Narrow", "Nothing is between its bounds.", "virtual-machine") { Value = TagValue.Integer, Minimum = 2, Maximum = 1 }];
        if (mischief.Mode == "null-choice")
            return [new SystemTag("blank", "Blank", "One of its choices is none.", "virtual-machine") { Value = TagValue.Choice, Choices = ["some", null!] }];
        return
        [
            new Listener(mischief),
            new Meddler(mischief, "needed", required: true),
            new Meddler(mischief, "not-needed", required: false),
            new Doorman(mischief),
        ];
    }
}

internal sealed class Listener(Mischief mischief) : EventObserver
{
    public override string Name => "listener";

    public override IReadOnlyList<string> Kinds => ["data-center"];

    public override async Task Heard(PlatformEvent happened, CancellationToken cancelled)
    {
        // One that has this name is more than it can bear.
        if ((string?)happened.Data["name"] == "poison")
            throw new InvalidOperationException("poison");
        await mischief.Make(cancelled);
        mischief.Write("heard", $"{happened.Sequence} {happened.Type}");
    }
}

/// <summary>In the flow of schedules, since that one needs no host.</summary>
internal sealed class Meddler(Mischief mischief, string name, bool required, string beside = "platform.list-schedule-targets") : InsertedStep
{
    public override string Name => name;

    public override string Flow => "schedule.run";

    public override string Beside => beside;

    public override bool Required => required;

    public override TimeSpan Deadline => TimeSpan.FromSeconds(1);

    public override async Task Run(FlowCall call, CancellationToken cancelled)
    {
        if (mischief.Mode.EndsWith("-not-needed", StringComparison.Ordinal) == required)
        {
            mischief.Write("ran", $"{name} {call.Key} {call.Target?["name"]}");
            return;
        }

        await mischief.Make(cancelled);
        mischief.Write("ran", $"{name} {call.Key} {call.Target?["name"]}");
    }

    public override Task Undo(FlowCall call, CancellationToken cancelled)
    {
        mischief.Write("undone", $"{name} {call.Key}");
        return Task.CompletedTask;
    }
}

internal sealed class Doorman(Mischief mischief) : DeletionGuard
{
    public override string Name => "doorman";

    public override string Kind => "data-center";

    public override async Task<IReadOnlyList<Hindrance>> Hindrances(IReadOnlyList<JsonObject> resources, CancellationToken cancelled)
    {
        await mischief.Make(cancelled);
        return [.. from resource in resources where (string?)resource["name"] == "held" select new Hindrance((string)resource["id"]!, "the doorman holds it", "Ask the doorman.")];
    }
}
