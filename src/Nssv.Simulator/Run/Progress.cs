namespace Nssv.Simulator.Run;

/// <summary>Says how far things are: one line that changes on a terminal, else a line every few seconds.</summary>
internal sealed class Progress(TextWriter output, bool lively, TimeProvider time)
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private long? _said;
    private bool _open;

    /// <summary>How far it is; most of what is said is passed over.</summary>
    public void Say(FormattableString text)
    {
        lock (_gate)
        {
            if (_said is { } before && time.GetElapsedTime(before) < (lively ? Often : Seldom))
                return;
            _said = time.GetTimestamp();
            if (lively)
                output.Write($"\r\e[K{Text(text)}");
            else
                output.WriteLine(Text(text));
            _open = lively;
            output.Flush();
        }
    }

    /// <summary>What stays to be read.</summary>
    public void Finish(FormattableString text)
    {
        lock (_gate)
        {
            output.WriteLine(_open ? $"\r\e[K{Text(text)}" : Text(text));
            (_open, _said) = (false, null);
            output.Flush();
        }
    }

    private static string Text(FormattableString text) => text.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
