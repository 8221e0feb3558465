using System.Text;

namespace Nssv.Server.Plugins;

/// <summary>Lines of a stream that somebody else writes: none grows beyond a limit, whatever is written.</summary>
internal sealed class BoundedLines(StreamReader reader, int longest)
{
    private readonly char[] _buffer = new char[4_096];
    private readonly StringBuilder _line = new();
    private int _next;
    private int _count;

    /// <summary>The last line was longer, and only its beginning was returned.</summary>
    public bool WasCut { get; private set; }

    /// <summary>Null at the end; what follows the last line end is no line.</summary>
    /// <exception cref="IOException">The stream is broken.</exception>
    public async Task<string?> Read()
    {
        _line.Clear();
        WasCut = false;
        while (true)
        {
            if (_next == _count)
            {
                (_next, _count) = (0, await reader.ReadAsync(_buffer));
                if (_count == 0)
                    return null;
            }

            var end = Array.IndexOf(_buffer, '\n', _next, _count - _next);
            var part = (end < 0 ? _count : end) - _next;
            var room = longest - _line.Length;
            WasCut |= part > room;
            _line.Append(_buffer, _next, Math.Min(part, room));
            _next += part;
            if (end >= 0)
            {
                _next++;
                return _line.ToString();
            }
        }
    }
}
