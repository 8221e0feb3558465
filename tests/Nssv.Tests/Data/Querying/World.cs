using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Tests.Data.Querying;

/// <summary>Resources that refer to each other in every way: to one, to many, twice, to themselves, through null.</summary>
[Resource("sites", Rank = 10)]
public sealed record Site : NamedResource;

[Resource("shelves", Singular = "shelf", Rank = 20)]
public sealed record Shelf : NamedResource
{
    [Reference<Site>] public required Id SiteId { get; init; }
    [Reference<Shelf>] public Id? ParentShelfId { get; init; }
    public required int Height { get; init; }
}

public enum DeviceState { Off, On, Broken }

[Resource("devices", Rank = 30)]
public sealed record Device : NamedResource
{
    [Reference<Shelf>] public Id? ShelfId { get; init; }
    [Reference<Shelf>] public Id? SpareShelfId { get; init; }
    [Internal, Reference<Shelf>] public Id? SecretShelfId { get; init; }
    public DeviceState State { get; init; }
    public DeviceState? WantedState { get; init; }
    public required long SizeBytes { get; init; }
    public long? LeaseSeconds { get; init; }
    public double? Load { get; init; }
    public bool Enabled { get; init; }
    public DateTimeOffset? SeenAt { get; init; }
}

[Resource("device-parts", Rank = 40)]
public sealed record DevicePart : NamedResource
{
    [Reference<Device>] public required Id DeviceId { get; init; }
    public required int Slot { get; init; }
}

/// <summary>Generated rows, and what stands in which relation to what: written down here by hand, so that it does not follow the product's own reading of the model.</summary>
internal sealed class World
{
    public static readonly ResourceModels Models = ResourceModels.FromTypes(typeof(Site), typeof(Shelf), typeof(Device), typeof(DevicePart));
    public static readonly Id OtherProject = Id.Parse("01890000-0000-7000-8000-0000000000ff");
    public static readonly string[] Names = ["web", "Web", "web-2", "änne", "ÄNNE", "zoe", "a\U0001F600b", "", "we%b", "we_b", "we*b", "[x]?", "back\\slash", "q\"uote", "z"];
    public static readonly string[] LabelKeys = ["env", "a.b/c", "with space", "q\"uote", "rare", "often"];

    public static readonly TagCatalog Tags = new([
        new IntegerTag("sample.rank", "T", "D", -10, 1000, typeof(Device)),
        new SizeTag("sample.quota", "T", "D", 0, 1L << 40, typeof(Device)),
        new DurationTag("sample.keep", "T", "D", TimeSpan.Zero, TimeSpan.FromDays(90), typeof(Device)),
        new TextTag("sample.code", "T", "D", 9, null, typeof(Device)),
    ]);

    /// <summary>What rows have of a tag, and the number that each says. Some were set when the tag was of another type; two tags are compared as text, one of them declared by nobody.</summary>
    public static readonly Dictionary<string, (string Text, long? Number)[]> TagValues = new()
    {
        ["sample.rank"] = [("9", 9), ("10", 10), ("-2", -2), ("100", 100), ("0", 0), ("10B", 10), ("high", null)],
        ["sample.quota"] = [("9GiB", 9L << 30), ("10GiB", 10L << 30), ("512MiB", 512L << 20), ("1TiB", 1L << 40), ("0B", 0), ("9", 9), ("much", null)],
        ["sample.keep"] = [("90s", 90), ("2m", 120), ("1m30s", 90), ("1d12h", 129_600), ("7d", 604_800), ("0s", 0), ("7dh", null)],
        ["sample.code"] = [("9", null), ("10", null), ("10.0", null), ("9GiB", null)],
        ["gone.level"] = [("9", null), ("10", null), ("10.0", null), ("7d", null)],
    };

    public static readonly Relation[] Relations =
    [
        To<Shelf, Site>("site", "shelves", shelf => shelf.SiteId), To<Shelf, Shelf>("parentShelf", "shelves", shelf => shelf.ParentShelfId),
        To<Device, Shelf>("shelf", "devices", device => device.ShelfId), To<Device, Shelf>("spareShelf", "devicesBySpareShelf", device => device.SpareShelfId),
        To<DevicePart, Device>("device", "deviceParts", part => part.DeviceId),
    ];

    public Dictionary<Type, List<NamedResource>> Rows { get; } = [];

    public World(Random chance)
    {
        Make(typeof(Site), 4, _ => new Site { Id = default, ProjectId = default, CreatedBy = default, CreatedAt = default, UpdatedAt = default, Version = 1, Name = "" });
        Make(typeof(Shelf), 9, made => new Shelf
        {
            Id = default,
            ProjectId = default,
            CreatedBy = default,
            CreatedAt = default,
            UpdatedAt = default,
            Version = 1,
            Name = "",
            SiteId = Any(typeof(Site)),
            ParentShelfId = made.Count == 0 ? null : Maybe(() => made[chance.Next(made.Count)].Id),
            Height = chance.Next(4),
        });
        Make(typeof(Device), 40, _ => new Device
        {
            Id = default,
            ProjectId = default,
            CreatedBy = default,
            CreatedAt = default,
            UpdatedAt = default,
            Version = 1,
            Name = "",
            ShelfId = Maybe(() => Any(typeof(Shelf))),
            SpareShelfId = Maybe(() => Any(typeof(Shelf))),
            SecretShelfId = Maybe(() => Any(typeof(Shelf))),
            State = (DeviceState)chance.Next(3),
            WantedState = Maybe(() => (DeviceState)chance.Next(3)),
            SizeBytes = chance.NextInt64(0, 5) << 30,
            LeaseSeconds = Maybe(() => chance.NextInt64(0, 4) * 60),
            Load = Maybe(() => chance.Next(4) / 2.0),
            Enabled = chance.Next(2) == 0,
            SeenAt = Maybe(() => Sample.Start.AddMinutes(chance.Next(4))),
        });
        Make(typeof(DevicePart), 50, _ => new DevicePart { Id = default, ProjectId = default, CreatedBy = default, CreatedAt = default, UpdatedAt = default, Version = 1, Name = "", DeviceId = Any(typeof(Device)), Slot = chance.Next(4) });

        void Make(Type type, int count, Func<List<NamedResource>, NamedResource> make)
        {
            var made = Rows[type] = [];
            for (var i = 0; i < count; i++)
            {
                made.Add(make(made) with
                {
                    Id = Sample.NewId(),
                    ProjectId = chance.Next(4) == 0 ? OtherProject : Sample.Project,
                    CreatedBy = Sample.Account,
                    CreatedAt = Sample.Start.AddMinutes(chance.Next(5)),
                    UpdatedAt = Sample.Start,
                    Name = Names[chance.Next(Names.Length)],
                    Description = chance.Next(3) == 0 ? null : "d" + chance.Next(3),
                    Tags = new SortedDictionary<string, string>(TagValues.Where(_ => chance.Next(2) == 0).ToDictionary(tag => tag.Key, tag => tag.Value[chance.Next(tag.Value.Length)].Text), StringComparer.Ordinal),
                    Labels = new SortedDictionary<string, string>(LabelKeys.Where(key => key switch { "rare" => chance.Next(20) == 0, "often" => chance.Next(10) > 0, _ => chance.Next(3) == 0 })
                        .ToDictionary(key => key, key => Names[chance.Next(key == "often" ? 2 : Names.Length)]), StringComparer.Ordinal),
                });
            }
        }

        Id Any(Type type) => Rows[type][chance.Next(Rows[type].Count)].Id;

        T? Maybe<T>(Func<T> value) where T : struct => chance.Next(3) == 0 ? null : value();
    }

    public UnitOfWork Insert()
    {
        var unit = new UnitOfWork();
        foreach (var row in Rows.Values.SelectMany(rows => rows))
        {
            unit = row switch
            {
                Site site => unit.Insert(site),
                Shelf shelf => unit.Insert(shelf),
                Device device => unit.Insert(device),
                DevicePart part => unit.Insert(part),
                _ => throw new InvalidOperationException($"{row}"),
            };
        }
        return unit;
    }

    private static Relation To<TFrom, TTo>(string name, string back, Func<TFrom, Id?> reference) where TFrom : NamedResource where TTo : NamedResource =>
        new(typeof(TFrom), name, typeof(TTo), back, row => reference((TFrom)row));
}

/// <param name="Back">The relation's name seen from the other end.</param>
internal sealed record Relation(Type From, string Name, Type To, string Back, Func<NamedResource, Id?> Reference);
