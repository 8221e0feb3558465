using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Nssv.Kernel.Schedules;

/// <summary>
/// Which minutes of the wall clock are meant: five fields (minute, hour, day of month, month, day of week) as crontab(5) has them, with lists, ranges, steps, and
/// English names of months and days. Day of week: 0 and 7 are Sunday. When both day fields are restricted, a day that meets either is meant. Knows no time zone. Pure.
/// </summary>
public sealed class CronExpression
{
    /// <summary>Longest text that is looked at.</summary>
    public const int MaxLength = 200;

    /// <summary>29 February may be eight years away; what is not found by then does not come.</summary>
    private const int YearsAhead = 9;

    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly string _text;
    private readonly ulong _minutes, _hours, _daysOfMonth, _months, _daysOfWeek;
    private readonly bool _eitherDay;

    private CronExpression(string text, ulong minutes, ulong hours, ulong daysOfMonth, ulong months, ulong daysOfWeek, bool eitherDay) =>
        (_text, _minutes, _hours, _daysOfMonth, _months, _daysOfWeek, _eitherDay) = (text, minutes, hours, daysOfMonth, months, daysOfWeek, eitherDay);

    /// <param name="fault">What is wrong, for people; null when all is well.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out CronExpression? cron, [NotNullWhen(false)] out string? fault)
    {
        cron = null;
        if (text is null || text.Length > MaxLength)
        {
            fault = $"A cron expression has at most {MaxLength} characters.";
            return false;
        }

        var fields = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            fault = $"A cron expression has five fields (minute, hour, day of month, month, day of week); this has {fields.Length}.";
            return false;
        }

        if (!CronField.TryParse(fields[0], "minute", 0, 59, [], out var minutes, out fault)
            || !CronField.TryParse(fields[1], "hour", 0, 23, [], out var hours, out fault)
            || !CronField.TryParse(fields[2], "day of month", 1, 31, [], out var daysOfMonth, out fault)
            || !CronField.TryParse(fields[3], "month", 1, 12, Months, out var months, out fault)
            || !CronField.TryParse(fields[4], "day of week", 0, 7, Days, out var daysOfWeek, out fault))
            return false;
        if ((daysOfWeek & 1 << 7) != 0)
            daysOfWeek = daysOfWeek & ~(1UL << 7) | 1;
        // As crontab(5) has it, a field that begins with a star is no restriction, whatever its step.
        var eitherDay = fields[2][0] != '*' && fields[4][0] != '*';
        var parsed = new CronExpression(string.Join(' ', fields), minutes, hours, daysOfMonth, months, daysOfWeek, eitherDay);
        if (parsed.NextLocal(new DateTime(2000, 1, 1)) is null)
        {
            fault = "No month that is meant has such a day: it would never be due.";
            return false;
        }

        (cron, fault) = (parsed, null);
        return true;
    }

    /// <exception cref="FormatException">It is no cron expression.</exception>
    public static CronExpression Parse(string text) => TryParse(text, out var cron, out var fault) ? cron : throw new FormatException(fault);

    /// <summary>Whether this minute of the wall clock is meant.</summary>
    public bool Matches(DateTime local) => Has(_minutes, local.Minute) && Has(_hours, local.Hour) && MatchesDay(local);

    /// <summary>The first minute that is meant, from <paramref name="from"/> (seconds are cut off) on; null when none comes.</summary>
    public DateTime? NextLocal(DateTime from)
    {
        var local = new DateTime(from.Year, from.Month, from.Day, from.Hour, from.Minute, 0);
        var end = from.Year > DateTime.MaxValue.Year - YearsAhead ? DateTime.MaxValue : from.AddYears(YearsAhead);
        while (local < end)
        {
            if (!Has(_months, local.Month))
                local = new DateTime(local.Year, local.Month, 1).AddMonths(1);
            else if (!MatchesDay(local))
                local = local.Date.AddDays(1);
            else if (!Has(_hours, local.Hour))
                local = local.Date.AddHours(local.Hour + 1);
            else if (!Has(_minutes, local.Minute))
                local = local.AddMinutes(1);
            else
                return local;
        }

        return null;
    }

    /// <summary>The fields with one space between them.</summary>
    public override string ToString() => _text;

    private bool MatchesDay(DateTime local)
    {
        var (ofMonth, ofWeek) = (Has(_daysOfMonth, local.Day), Has(_daysOfWeek, (int)local.DayOfWeek));
        return Has(_months, local.Month) && (_eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek);
    }

    private static bool Has(ulong set, int value) => (set >> value & 1) != 0;
}

/// <summary>One field of a cron expression, as a set of bits.</summary>
internal static class CronField
{
    public static bool TryParse(string text, string what, int least, int most, string[] names, out ulong set, [NotNullWhen(false)] out string? fault)
    {
        set = 0;
        foreach (var part in text.Split(','))
        {
            if (!TryPart(part, least, most, names, out var some))
            {
                fault = $"'{part}' is no {what}: give *, a number from {least} to {most}{(names.Length > 0 ? $", a name ({names[0]} to {names[^1]})" : "")}, a range a-b, a step */n or a-b/n, or a list of these with commas.";
                return false;
            }

            set |= some;
        }

        fault = null;
        return true;
    }

    private static bool TryPart(string part, int least, int most, string[] names, out ulong set)
    {
        set = 0;
        var (range, step) = part.Split('/') switch
        {
            [var all] => (all, 0),
            [var all, var every] when Number(every, 1, most - least + 1, out var n) => (all, n),
            _ => ("", 0),
        };
        int from, to;
        if (range == "*")
            (from, to) = (least, most);
        else if (range.Split('-') is [var first, .. var rest] && rest.Length < 2 && Value(first, least, most, names, out from))
        {
            // "a/n" goes to the end; a range may end with Sunday, which begins the week as well.
            to = step > 0 ? most : from;
            if (rest is [var last] && !Value(last, least, most, names, out to))
                return false;
            if (rest.Length == 1 && to == 0 && most == 7)
                to = 7;
        }
        else
            return false;
        if (from > to)
            return false;
        for (var value = from; value <= to; value += Math.Max(step, 1))
            set |= 1UL << value;
        return true;
    }

    private static bool Value(string text, int least, int most, string[] names, out int value)
    {
        var named = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        value = named + least;
        return named >= 0 || Number(text, least, most, out value);
    }

    private static bool Number(string text, int least, int most, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most;
}
