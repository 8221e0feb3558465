using System.Text.Json;
using Nssv.Kernel.Tags;
using Nssv.Plugins;
using Nssv.Plugins.Runner;
using Nssv.Server.Composition;
using Nssv.Server.Plugins;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

/// <summary>What a plugin declares of a tag's values, on its way through the messages to the platform's own kinds.</summary>
public sealed class PluginTagTests
{
    private const long Greatest = 999_999_999_999_999_999;

    [Theory]
    [InlineData(TagValue.Text, null, null, "", TagKind.Text, "printable text of 1 to 255 characters", "Ab 1", "Ab 1", "")]
    [InlineData(TagValue.Integer, -2L, 10L, "", TagKind.Integer, "a whole number from -2 to 10", "+7", "7", "11")]
    [InlineData(TagValue.Integer, -Greatest, Greatest, "", TagKind.Integer, "a whole number from -999999999999999999 to 999999999999999999", "0", "0", "1000000000000000000")]
    [InlineData(TagValue.Boolean, null, null, "", TagKind.Boolean, "true or false", "true", "true", "yes")]
    [InlineData(TagValue.Choice, null, null, "low,high up", TagKind.Choice, "one of low, high up", "high up", "high up", "High up")]
    [InlineData(TagValue.Size, 1L << 20, 1L << 40, "", TagKind.Size, "a size from 1MiB to 1TiB, such as 512MiB or 10GiB", "4096MiB", "4GiB", "1KiB")]
    [InlineData(TagValue.Duration, 0L, 86_400L, "", TagKind.Duration, "a duration from 0s to 1d, such as 90s, 15m, 12h or 7d", "90s", "1m30s", "1d1s")]
    public void Each_kind_is_the_platforms_own(TagValue value, long? minimum, long? maximum, string choices, TagKind kind, string allowed, string given, string stored, string wrong)
    {
        var tag = Declared(Of(value, minimum, maximum, choices));
        (tag.Name, tag.Kind, tag.Allowed, tag.Owner).ShouldBe(("sample.x", kind, allowed, "plugin sample"));
        tag.Choices.ShouldBe(List(choices));
        (tag.Canonical(given), tag.Canonical(wrong)).ShouldBe((stored, null));
    }

    [Theory]
    [InlineData(TagValue.Text, null, 7L, "", null, "only an integer, a size or a duration has a minimum and a maximum")]
    [InlineData(TagValue.Text, null, null, "a", null, "only a choice has choices")]
    [InlineData(TagValue.Text, null, null, "", "[", "Invalid pattern")]
    [InlineData(TagValue.Integer, 1L, 2L, "", "[0-9]", "only text has a pattern")]
    [InlineData(TagValue.Integer, 1L, 2L, "1,2", null, "only a choice has choices")]
    [InlineData(TagValue.Integer, 2L, 1L, "", null, "its minimum is greater than its maximum")]
    [InlineData(TagValue.Integer, 1L, null, "", null, "needs a minimum and a maximum")]
    [InlineData(TagValue.Integer, 1L, Greatest + 1, "", null, "18 digits")]
    [InlineData(TagValue.Boolean, 0L, null, "", null, "only an integer, a size or a duration has a minimum and a maximum")]
    [InlineData(TagValue.Choice, null, null, "", null, "needs something to choose from")]
    [InlineData(TagValue.Choice, null, null, "a,b,a", null, "the choice 'a' twice")]
    [InlineData(TagValue.Choice, null, null, "a,", null, "each choice is printable text")]
    [InlineData(TagValue.Choice, null, null, "a,b", "a|b", "only text has a pattern")]
    [InlineData(TagValue.Size, -1L, 7L, "", null, "not negative")]
    [InlineData(TagValue.Size, 7L, 1L, "", null, "its minimum is greater than its maximum")]
    [InlineData(TagValue.Duration, 7L, 1L, "", null, "its minimum is greater than its maximum")]
    [InlineData(TagValue.Duration, 0L, 36_501L * 86_400, "", null, "36500d")]
    [InlineData(TagValue.Duration, 0L, long.MaxValue, "", null, "")]
    [InlineData((TagValue)99, null, null, "", null, "no kind of value 99")]
    public void One_that_contradicts_itself_is_refused_with_the_reason(TagValue value, long? minimum, long? maximum, string choices, string? pattern, string reason) =>
        Should.Throw<ArgumentException>(() => Declared(Of(value, minimum, maximum, choices, pattern))).Message.ShouldContain(reason);

    [Fact]
    public void One_that_says_nothing_of_its_kind_is_text_as_ever()
    {
        var tag = Declared("""{"type":"tag","name":"x","kinds":["virtual-machine"],"title":"T","description":"D","pattern":"[a-z]"}""");
        (tag.Kind, tag.Canonical("a"), tag.Canonical("A")).ShouldBe((TagKind.Text, "a", null));
    }

    private static SystemTag Of(TagValue value, long? minimum, long? maximum, string choices, string? pattern = null) =>
        new("x", "T", "D", "virtual-machine") { Value = value, Minimum = minimum, Maximum = maximum, Choices = List(choices), Pattern = pattern };

    private static string[] List(string choices) => choices.Length == 0 ? [] : choices.Split(',');

    private static TagDeclaration Declared(SystemTag tag) => Declared(JsonSerializer.Serialize(Described.Of(tag), Messages.Json));

    private static TagDeclaration Declared(string message) => PluginTags.Declare("sample", JsonSerializer.Deserialize<Described>(message, Messages.Json)!, DataServices.Models);
}
