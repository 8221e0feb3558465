using System.Globalization;
using Nssv.Plugins;

namespace LegalHold;

/// <summary>One line for each virtual machine that was made or deleted. An event that is heard twice is written once: its number is in the line.</summary>
internal sealed class Ledger(string file) : EventObserver
{
    private long? _last;

    public override string Name => "ledger";

    public override IReadOnlyList<string> Kinds => ["virtual-machine"];

    public override async Task Heard(PlatformEvent happened, CancellationToken cancelled)
    {
        _last ??= LastWritten();
        if (happened.Sequence <= _last || happened.Type is not ("virtual-machine.created" or "virtual-machine.deleted"))
            return;
        await File.AppendAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"{happened.Sequence};{happened.At:O};{happened.Type};{happened.ResourceId}\n"), cancelled);
        _last = happened.Sequence;
    }

    private long LastWritten() =>
        File.Exists(file) && File.ReadLines(file).LastOrDefault() is { } line ? long.Parse(line.Split(';')[0], CultureInfo.InvariantCulture) : 0;
}
