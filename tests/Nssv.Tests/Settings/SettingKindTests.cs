using Nssv.Kernel;
using Nssv.Kernel.Retention;
using Nssv.Kernel.Settings;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Settings;

public sealed class SettingKindTests
{
    private enum Speed { Slow, VeryFast }

    private static readonly IntegerSetting Days = new("test.days", "Days", "Days.", 7, 1, 365) { Unit = "days" };
    private static readonly BooleanSetting Flag = new("test.flag", "Flag", "Flag.", false);
    private static readonly TextSetting Words = new("test.words", "Words", "Words.", "", 5);
    private static readonly DurationSetting Time = new("test.time", "Time", "Time.", TimeSpan.FromHours(12), TimeSpan.FromMinutes(5), TimeSpan.FromDays(30));
    private static readonly SizeSetting Size = new("test.size", "Size", "Size.", 1 << 20, 4096, 1L << 40);
    private static readonly ChoiceSetting<Speed> Choice = new("test.choice", "Choice", "Choice.", Speed.Slow);
    private static readonly KeepForSetting Keep = new("test.keep", "Keep", "Keep.", KeepFor.Days(30), TimeSpan.FromHours(24));

    private static readonly SettingCatalog Catalog = new([Days, Flag, Words, Time, Size, Choice, Keep]);

    [Theory]
    [InlineData("test.days", "1", "1")]
    [InlineData("test.days", "0365", "365")]
    [InlineData("test.flag", "true", "true")]
    [InlineData("test.words", "größe", "größe")]
    [InlineData("test.time", "90m", "1h30m")]
    [InlineData("test.time", "1d12h", "1d12h")]
    [InlineData("test.time", "36h", "1d12h")]
    [InlineData("test.time", "300s", "5m")]
    [InlineData("test.size", "4096", "4KiB")]
    [InlineData("test.size", "1024GiB", "1TiB")]
    [InlineData("test.size", "4097", "4097B")]
    [InlineData("test.choice", "veryFast", "veryFast")]
    [InlineData("test.keep", "48 hours", "2 days")]
    [InlineData("test.keep", "25 hours", "25 hours")]
    [InlineData("test.keep", "5000 rows", "5000 rows")]
    public void What_is_allowed_has_one_text(string name, string text, string canonical)
    {
        var setting = Catalog.Find(name)!;
        setting.Canonical(text).ShouldBe(canonical);
        setting.Canonical(canonical).ShouldBe(canonical);
    }

    [Theory]
    [InlineData("test.days", "0")]
    [InlineData("test.days", "366")]
    [InlineData("test.days", "7.0")]
    [InlineData("test.days", "seven")]
    [InlineData("test.days", "99999999999999999999")]
    [InlineData("test.flag", "yes")]
    [InlineData("test.words", "longer")]
    [InlineData("test.words", "a\u0000b")]
    [InlineData("test.time", "")]
    [InlineData("test.time", "12")]
    [InlineData("test.time", "4m59s")]
    [InlineData("test.time", "31d")]
    [InlineData("test.time", "1h1d")]
    [InlineData("test.time", "1h1h")]
    [InlineData("test.time", "99999999999999999999d")]
    [InlineData("test.size", "-4096")]
    [InlineData("test.size", "4095")]
    [InlineData("test.size", "9999999TiB")]
    [InlineData("test.size", "1 GiB")]
    [InlineData("test.choice", "VeryFast")]
    [InlineData("test.choice", "0")]
    [InlineData("test.keep", "23 hours")]
    [InlineData("test.keep", "for ever")]
    public void What_is_not_allowed_has_none(string name, string text) => Catalog.Find(name)!.Canonical(text).ShouldBeNull();

    [Fact]
    public void A_declaration_that_contradicts_itself_is_refused_at_the_start()
    {
        Should.Throw<InvalidOperationException>(() => new SettingCatalog([Days, new IntegerSetting("test.days", "T", "D", 1, 0, 2)])).Message.ShouldContain("declared twice");
        Should.Throw<InvalidOperationException>(() => new SettingCatalog([new IntegerSetting("test.low", "T", "D", 0, 1, 2)])).Message.ShouldContain("test.low");
        Should.Throw<ArgumentException>(() => new BooleanSetting("Test", "T", "D", true));
    }

    [Fact]
    public void An_older_version_of_a_row_never_overwrites_a_newer_one_and_what_is_not_allowed_is_the_default()
    {
        var values = new SettingValues();
        values.Get(Days).ShouldBe(7);
        values.Take(Days, 3, "30").ShouldBeTrue();
        values.Take(Days, 2, "20");
        values.Get(Days).ShouldBe(30);
        values.Take(Days, 4, "9000").ShouldBeFalse();
        values.Get(Days).ShouldBe(7);
    }

    [Fact]
    public void Ids_are_made_from_names_and_stay_what_they_are()
    {
        Id.OfName("setting/test.days").ShouldBe(Days.Id);
        Days.Id.ToString()[14].ShouldBe('8');
        Id.OfName("setting/session.lifetime").ToString().ShouldBe(Id.OfName("setting/session.lifetime").ToString());
        Id.OfName("a").ShouldNotBe(Id.OfName("b"));
    }
}
