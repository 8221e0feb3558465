using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Contracts.Identity;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Server.Background;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class HousekeepingTests(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private IStore Store => server.Services.GetRequiredService<IStore>();

    [Fact]
    public async Task What_has_expired_goes_at_the_start_and_again_and_again_and_the_rest_stays()
    {
        var now = Clock.Now(server.Time);
        var admin = (await Store.List<Account>())[0].Id;
        var images = (await Images(), await Images());
        await Insert(
            Key("old", now - Idempotency.Lifetime - Second), Key("young", now - Idempotency.Lifetime + TimeSpan.FromMinutes(5)),
            Session("over", now - Second), Session("open", now + TimeSpan.FromMinutes(5)),
            Token("late", now - Second), Token("good", now + TimeSpan.FromMinutes(5)),
            Image(images.Item1), Image(images.Item2), Import(images.Item1.Id, now), Import(images.Item2.Id, null));

        // Its half hour is half a second here.
        using var housekeeping = new Housekeeping(server.Services.GetRequiredService<IWriter>(), new ManualTime(now, haste: 3_600), NullLogger<Housekeeping>.Instance);
        await housekeeping.StartAsync(CancellationToken.None);
        await Poll.Until("the first sweep", async () => await Keys() == "young");
        (await Store.List<Session>()).Select(session => session.TokenHash).Where(hash => hash.Length < 10).ShouldBe(["open"]);
        (await Store.List<Enrolment>()).Select(enrolment => enrolment.TokenHash).ShouldBe(["good"]);
        (await Store.Get<Image>(images.Item1.Id)).SourceQuery.ShouldBeNull("its import has ended");
        (await Store.Get<Image>(images.Item2.Id)).SourceQuery.ShouldBe("?secret");

        await Insert(Key("later", now - Idempotency.Lifetime - Second));
        await Poll.Until("the next sweep", async () => await Keys() == "young");
        await housekeeping.StopAsync(CancellationToken.None);

        IdempotencyKey Key(string key, DateTimeOffset at) => new() { AccountId = admin, Key = key, BodyHash = "", OperationId = admin, CreatedAt = at };
        Session Session(string hash, DateTimeOffset end) => new() { TokenHash = hash, AccountId = admin, CreatedAt = now, ExpiresAt = end };
        Enrolment Token(string hash, DateTimeOffset end) => new() { TokenHash = hash, HostId = admin, ExpiresAt = end };
    }

    private async Task<string> Keys() => string.Join(' ', (await Store.List<IdempotencyKey>()).Select(key => key.Key).Order());

    private Task<long> Insert(params object[] rows)
    {
        var unit = new UnitOfWork();
        foreach (var row in rows)
            typeof(UnitOfWork).GetMethod(nameof(UnitOfWork.Insert))!.MakeGenericMethod(row.GetType()).Invoke(unit, [row]);
        return server.Services.GetRequiredService<IWriter>().Commit(unit);
    }

    private async Task<ImageStorage> Images()
    {
        var host = await server.AddHost();
        var storage = new ImageStorage
        {
            Id = new Id(Guid.CreateVersion7()),
            ProjectId = server.PlatformId,
            CreatedBy = server.PlatformId,
            CreatedAt = host.CreatedAt,
            UpdatedAt = host.CreatedAt,
            Version = 1,
            Name = "images",
            Kind = "local",
            HostId = host.Id,
            Path = "/srv/images",
            State = ImageStorageState.Ready,
        };
        await Insert(storage);
        return storage;
    }

    /// <summary>An image with its storage's id.</summary>
    private static Image Image(ImageStorage storage) => new()
    {
        Id = storage.Id,
        ProjectId = storage.ProjectId,
        CreatedBy = storage.CreatedBy,
        CreatedAt = storage.CreatedAt,
        UpdatedAt = storage.CreatedAt,
        Version = 1,
        Name = "image",
        Kind = ImageKind.System,
        Format = ImageFormat.Qcow2,
        Architecture = Architecture.X86_64,
        ImageStorageId = storage.Id,
        State = ImageState.Importing,
        SourceQuery = "?secret",
    };

    private Operation Import(Id image, DateTimeOffset? ended)
    {
        var (id, now) = (new Id(Guid.CreateVersion7()), Clock.Now(server.Time));
        return new()
        {
            Id = id,
            ProjectId = server.PlatformId,
            CreatedBy = server.PlatformId,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Kind = "image.create",
            State = ended is null ? OperationState.Running : OperationState.Failed,
            TargetType = "image",
            TargetId = image,
            Aspect = "all",
            AcceptedSequence = 1,
            RootId = id,
            Context = "{}",
            EndedAt = ended,
        };
    }
}
