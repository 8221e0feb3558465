using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Tags;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Tags;

public enum Grade { Bronze, Gold }

/// <summary>Kinds of system tags, what may be set, and what becomes of tags that nobody declares any more.</summary>
public sealed class TagRulesTests
{
    private static readonly TextTag Code = new("sample.code", "T", "D", 8, "[A-Z]+-[0-9]+", typeof(VirtualMachine));
    private static readonly IntegerTag Rank = new("sample.rank", "T", "D", -2, 10, typeof(VirtualMachine), typeof(Host));
    private static readonly BooleanTag Flag = new("sample.flag", "T", "D", typeof(VirtualMachine));
    private static readonly ChoiceTag<Grade> Level = new("sample.level", "T", "D", typeof(VirtualMachine));
    private static readonly SizeTag Quota = new("sample.quota", "T", "D", 1 << 20, 1L << 40, typeof(VirtualMachine));
    private static readonly DurationTag Rest = new("sample.rest", "T", "D", TimeSpan.FromSeconds(1), TimeSpan.FromDays(9), typeof(VirtualMachine));
    private static readonly ReferenceTag<Cluster> Beside = new("sample.beside", "T", "D", typeof(VirtualMachine));
    private static readonly TagRules Rules = new(new([Code, Rank, Flag, Level, Quota, Rest, Beside]), ProductSchemaTests.Manager);

    [Theory]
    [InlineData("sample.code", "AB-12", "AB-12")]
    [InlineData("sample.code", "ab-12", null)]
    [InlineData("sample.code", "AB-12\n", null)]
    [InlineData("sample.code", "ABCDEF-12", null)]
    [InlineData("sample.rank", "+7", "7")]
    [InlineData("sample.rank", "11", null)]
    [InlineData("sample.rank", "1.5", null)]
    [InlineData("sample.flag", "true", "true")]
    [InlineData("sample.flag", "True", null)]
    [InlineData("sample.level", "gold", "gold")]
    [InlineData("sample.level", "Gold", null)]
    [InlineData("sample.quota", "4096MiB", "4GiB")]
    [InlineData("sample.quota", "1KiB", null)]
    [InlineData("sample.rest", "90s", "1m30s")]
    [InlineData("sample.rest", "10d", null)]
    [InlineData("sample.beside", "nowhere", null)]
    public async Task A_value_is_stored_in_its_one_form_or_refused(string name, string given, string? stored)
    {
        if (stored is not null)
        {
            (await Stored(name, given)).ShouldBe(new Dictionary<string, string> { [name] = stored });
            return;
        }
        var problem = (await Should.ThrowAsync<ProblemException>(async () => await Stored(name, given))).Problem;
        (problem.Status, problem.Code, problem.Field).ShouldBe((400, "tag-value", $"tags.{name}"));
    }

    [Fact]
    public async Task An_unknown_name_and_a_kind_that_does_not_carry_it_are_answered_with_those_that_there_are()
    {
        var unknown = (await Should.ThrowAsync<ProblemException>(async () => await Stored("sample.rnak", "1"))).Problem;
        unknown.Code.ShouldBe("tag-unknown");
        unknown.Advice!.ShouldStartWith("Did you mean 'sample.rank'?");
        (await Should.ThrowAsync<ProblemException>(async () => await Stored("xyzzy", "1"))).Problem.Advice!.ShouldStartWith("System tags of a ");
        var elsewhere = (await Should.ThrowAsync<ProblemException>(async () => await Rules.Stored(typeof(Host), None, Tag("sample.flag", "true"), Nothing()))).Problem;
        elsewhere.Code.ShouldBe("tag-not-carried");
        elsewhere.Detail!.ShouldContain("virtual-machines");
        elsewhere.Detail!.ShouldContain("is not for a host");
        elsewhere.Advice!.ShouldContain("System tags of a host: sample.rank.");
    }

    [Fact]
    public async Task What_is_not_changed_is_not_looked_at()
    {
        var before = Tag("gone.plugin", "whatever");
        var wanted = new Dictionary<string, string>(before) { ["sample.rank"] = "3" };
        (await Rules.Stored(typeof(VirtualMachine), before, wanted, Nothing())).ShouldBe(wanted, ignoreOrder: true);
        await Should.ThrowAsync<ProblemException>(async () => await Rules.Stored(typeof(VirtualMachine), before, Tag("gone.plugin", "other"), Nothing()));
        (await Rules.Stored(typeof(VirtualMachine), before, None, Nothing())).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reference_must_lead_somewhere_when_it_is_set()
    {
        var id = Sample.NewId();
        var problem = (await Should.ThrowAsync<ProblemException>(async () => await Stored("sample.beside", id.ToString()))).Problem;
        (problem.Code, problem.Field).ShouldBe(("reference-not-found", "tags.sample.beside"));
    }

    [Fact]
    public void A_value_that_is_not_allowed_any_more_counts_as_none()
    {
        Rank.TryGet(Tag("sample.rank", "7"), out var rank).ShouldBeTrue();
        rank.ShouldBe(7);
        Rank.TryGet(Tag("sample.rank", "99"), out _).ShouldBeFalse();
        Rank.TryGet(None, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_number_that_filters_could_not_compare_is_not_declared()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new IntegerTag("sample.large", "T", "D", 0, long.MaxValue, typeof(Host))).Message.ShouldContain("18 digits");
        Should.Throw<ArgumentOutOfRangeException>(() => new IntegerTag("sample.small", "T", "D", long.MinValue, 0, typeof(Host))).Message.ShouldContain("18 digits");
        Should.Throw<ArgumentOutOfRangeException>(() => new SizeTag("sample.large", "T", "D", 0, long.MaxValue, typeof(Host))).Message.ShouldContain("18 digits");
    }

    [Fact]
    public void Wrong_declarations_are_refused_at_the_start()
    {
        Should.Throw<InvalidOperationException>(() => new TagCatalog([Rank, new IntegerTag("sample.rank", "T", "D", 0, 1, typeof(Host))])).Message.ShouldContain("declared twice");
        Should.Throw<ArgumentException>(() => new BooleanTag("Sample", "T", "D", typeof(Host)));
        Should.Throw<ArgumentException>(() => new BooleanTag("sample.flag", "T", "D"));
        Should.Throw<ArgumentException>(() => new BooleanTag("sample.flag", "T", "D", typeof(string)));
    }

    [Fact]
    public void The_scan_finds_what_an_assembly_declares() =>
        TagCatalog.DeclaredIn(typeof(Nssv.Services.Compute.Placement.ComputeTags).Assembly).Select(tag => $"{tag.Name} of {tag.Owner}").ShouldContain("compute.pinnedToHost of Nssv.Services");

    private static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>();

    private static Dictionary<string, string> Tag(string name, string value) => new() { [name] = value };

    private static ValueTask<IReadOnlyDictionary<string, string>> Stored(string name, string value) => Rules.Stored(typeof(VirtualMachine), None, Tag(name, value), Nothing());

    private static Store Nothing()
    {
        var database = SqliteDatabase.InMemory(ProductSchemaTests.Manager);
        Schema.CreateFromModel(database);
        return new(database);
    }
}
