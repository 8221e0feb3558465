using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Model;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

[Trait("group", "data")]
public sealed class ModelTests
{
    [Fact]
    public void A_declaration_becomes_metadata()
    {
        var table = Sample.Models.Table<Machine>();
        (table.Name, table.Collection, table.Singular, table.ShortName, table.Rank).ShouldBe(("machines", "machines", "machine", "m", 20));
        table.Columns.Take(9).Select(column => column.Name).ShouldBe(["id", "project_id", "created_by", "created_at", "updated_at", "version", "name", "description", "tags"]);
        table.Key.Select(column => column.Property).ShouldBe(["Id"]);
        table.References.Select(reference => (reference.Column.Property, reference.Target.Name, reference.OnDelete)).ShouldBe([("RackId", "racks", OnDelete.Cascade), ("SpareRackId", "racks", OnDelete.Detach)]);
        table.Indexes.Select(index => index.Name).ShouldBe(["ix_machines_name", "ix_machines_project_id", "ix_machines_rack_id", "ix_machines_serial", "ix_machines_spare_rack_id"]);
        table.Column("MaybeState").Nullable.ShouldBeTrue();
        table.Column("Description").Nullable.ShouldBeTrue();
        table.Column("Name").Nullable.ShouldBeFalse();
        table.Column("Labels").Nullable.ShouldBeFalse();
        table.Column("Extra").Nullable.ShouldBeTrue();
        table.Column("Password").Public.ShouldBeFalse();
        Sample.Models.TryCollection("machines", out var same).ShouldBeTrue();
        same.ShouldBe(table);
        Sample.Models.ReferencesTo(typeof(Rack)).Count().ShouldBe(2);
    }

    [Theory]
    [InlineData("cannot be a column", typeof(WithUri))]
    [InlineData("which is not stored", typeof(Lonely))]
    [InlineData("the collection 'racks' is declared 2 times", typeof(Rack), typeof(OtherRack))]
    [InlineData("cascade in a circle: ", typeof(Alpha), typeof(Beta))]
    [InlineData("must be nullable", typeof(Rack), typeof(Stuck))]
    [InlineData("has no [Key]", typeof(Keyless))]
    [InlineData("contains Card.Pin", typeof(Leaky))]
    [InlineData("does not derive from Resource", typeof(NoResource))]
    [InlineData("constructor without parameters", typeof(Positional))]
    [InlineData("cannot be a key", typeof(NullKey))]
    [InlineData("index by_place is on Place, which is no column", typeof(Misplaced))]
    [InlineData("of a number that no text says", typeof(Counted))]
    public void A_wrong_declaration_is_told_at_start_up(string message, params Type[] types) =>
        Should.Throw<ModelException>(() => ResourceModels.FromTypes(types)).Message.ShouldContain(message);

    [Fact]
    public void All_faults_are_told_at_once() =>
        Should.Throw<ModelException>(() => ResourceModels.FromTypes(typeof(WithUri), typeof(Keyless), typeof(Lonely))).Faults.Count.ShouldBe(3);

    [Fact]
    public void Json_is_strict_where_people_send_it()
    {
        Read("""{"name":"a"}""").ShouldBe("a");
        foreach (var wrong in (string[])["""{"name":"a","nmae":"b"}""", """{"name":"a","name":"b"}""", """{"name":null}""", "{}", """{"name":1}""", """{"Name":"a"}""", """{"name":"a","at":"2026-01-01T00:00:00"}""", """{"name":"a","state":1}"""])
            Should.Throw<System.Text.Json.JsonException>(() => Read(wrong), wrong);
        Should.Throw<System.Text.Json.JsonException>(() => Read($$"""{"name":"a","deep":{{string.Concat(Enumerable.Repeat("[", 40))}}{{string.Concat(Enumerable.Repeat("]", 40))}}}"""));
        Read("""{"name":"a","at":"2026-01-01T02:00:00+02:00","state":"notKnown"}""").ShouldBe("a");

        static string Read(string json) => System.Text.Json.JsonSerializer.Deserialize<Sent>(json, KernelJson.Strict)!.Name;
    }

    public sealed record Sent { public required string Name { get; init; } public DateTimeOffset? At { get; init; } public MachineState? State { get; init; } public JsonNode? Deep { get; init; } }

    [Table("with_uri")] public sealed record WithUri { [Key] public required Id Id { get; init; } public required Uri Where { get; init; } }
    [Table("lonely")] public sealed record Lonely { [Key] public required Id Id { get; init; } [Reference<Rack>] public required Id RackId { get; init; } }
    [Resource("racks", Singular = "other-rack")] public sealed record OtherRack : Resource;
    [Table("alphas")] public sealed record Alpha { [Key] public required Id Id { get; init; } [Reference<Beta>(OnDelete.Cascade)] public required Id BetaId { get; init; } }
    [Table("betas")] public sealed record Beta { [Key] public required Id Id { get; init; } [Reference<Alpha>(OnDelete.Cascade)] public Id? AlphaId { get; init; } }
    [Table("stuck")] public sealed record Stuck { [Key] public required Id Id { get; init; } [Reference<Rack>(OnDelete.Detach)] public required Id RackId { get; init; } }
    [Table("keyless")] public sealed record Keyless { public required Id Id { get; init; } }
    [Table("leaky")] public sealed record Leaky { [Key] public required Id Id { get; init; } [JsonColumn] public IReadOnlyList<Card> Cards { get; init; } = []; }
    public sealed record Card(string Name) { [Secret] public string? Pin { get; init; } }
    [Resource("none")] public sealed record NoResource { public required Id Id { get; init; } }
    [Table("positional")] public sealed record Positional([property: Key] Id Id);
    [Table("misplaced"), IndexOn("by_place", "Id", "Place")] public sealed record Misplaced { [Key] public required Id Id { get; init; } }
    [Table("counted")] public sealed record Counted { [Key] public required Id Id { get; init; } [Index(Number = true)] public required int Count { get; init; } }
    [Table("null_key")] public sealed record NullKey { [Key] public Id? Id { get; init; } }
}
