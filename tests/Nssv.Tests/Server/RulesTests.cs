using Nssv.Contracts;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class RulesTests
{
    [Theory]
    [InlineData("first")]
    [InlineData("web 1 (prod) [a] #2 @home: x=1, y+z_-.")]
    [InlineData("数据中心-1")]
    [InlineData("Größe")]
    [InlineData("مرکز داده")]
    [InlineData("👨‍👩‍👧 family")]
    public void Printable_names_of_any_script_are_good(string name) => Rules.Name("name", name).ShouldBeEmpty();

    [Theory]
    [InlineData(null, "name-empty")]
    [InlineData("", "name-empty")]
    [InlineData(" first", "name-white-space")]
    [InlineData("first\u00a0", "name-white-space")]
    [InlineData("a\u0000b", "name-not-printable")]
    [InlineData("a\nb", "name-not-printable")]
    [InlineData("a\u202eb", "name-not-printable")]
    [InlineData("a\u200bb", "name-not-printable")]
    [InlineData("../etc/passwd", "name-character")]
    [InlineData("a\\b", "name-character")]
    [InlineData("<xml>", "name-character")]
    [InlineData("a;b", "name-character")]
    [InlineData("a\"b", "name-character")]
    [InlineData("it's", "name-character")]
    [InlineData("a&b", "name-character")]
    [InlineData("a`b", "name-character")]
    public void Other_names_are_refused_with_the_reason(string? name, string code) => Rules.Name("name", name).ShouldHaveSingleItem().Code.ShouldBe(code);

    [Fact]
    public void Half_a_surrogate_pair_is_no_character() =>
        Rules.Name("name", "a" + (char)0xd800 + "b").ShouldHaveSingleItem().Code.ShouldBe("name-not-printable");

    [Fact]
    public void Length_counts_characters_not_their_bytes()
    {
        Rules.Name("name", new string('a', 128)).ShouldBeEmpty();
        Rules.Name("name", string.Concat(Enumerable.Repeat("😀", 128))).ShouldBeEmpty();
        Rules.Name("name", new string('a', 129)).ShouldHaveSingleItem().Code.ShouldBe("name-too-long");
        Rules.Name("name", string.Concat(Enumerable.Repeat("😀", 129))).ShouldHaveSingleItem().Code.ShouldBe("name-too-long");
        Rules.Name("name", new string('a', 1_000)).ShouldHaveSingleItem().Code.ShouldBe("name-too-long");
    }

    [Fact]
    public void Labels_are_few_and_their_keys_plain()
    {
        Labels(("app.kubernetes.io/name", "web"), ("a", "")).ShouldBeEmpty();
        foreach (var key in new[] { "", "Upper", "a b", "a=b", new string('a', 64) })
            Labels((key, "x")).ShouldBe(["label-key"]);
        Labels(("a", "x\ny")).ShouldBe(["label-value"]);
        Labels(("a", new string('x', 256))).ShouldBe(["label-value"]);
        Labels([.. Enumerable.Range(0, 65).Select(i => ($"k{i}", "x"))]).ShouldBe(["labels-too-many"]);

        static IEnumerable<string> Labels(params (string Key, string Value)[] labels) =>
            Rules.Labels("labels", labels.ToDictionary(label => label.Key, label => label.Value)).Select(error => error.Code);
    }

    [Fact]
    public void A_description_may_have_lines()
    {
        Rules.Description("description", null).ShouldBeEmpty();
        Rules.Description("description", "one\ntwo\t<b>").ShouldBeEmpty();
        Rules.Description("description", "a\u0007").ShouldHaveSingleItem().Code.ShouldBe("description-not-printable");
        Rules.Description("description", new string('a', 2_001)).ShouldHaveSingleItem().Code.ShouldBe("description-too-long");
    }
}
