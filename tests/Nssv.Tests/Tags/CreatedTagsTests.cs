using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Tags;

/// <summary>Whatever people make may bring its labels and system tags along, under the rules of a change.</summary>
public sealed class CreatedTagsTests
{
    private const string Weight = "test.weight";
    private static readonly IReadOnlyDictionary<string, string> Tags = new Dictionary<string, string> { [Weight] = "1024MiB" };
    private static readonly IReadOnlyDictionary<string, string> Labels = new Dictionary<string, string> { ["env"] = "prod" };

    [Fact]
    public void Every_request_that_makes_a_named_resource_takes_them() =>
        typeof(CreateVirtualMachine).Assembly.GetTypes().Where(type => type.GetProperties().Any(property => property.IsDefined(typeof(NewIdAttribute))))
            .ShouldAllBe(type => typeof(CreateRequest).IsAssignableFrom(type));

    [Fact]
    public async Task They_are_stored_as_a_change_would_store_them()
    {
        await using var bed = Bed();
        var (_, image) = await VirtualMachineTests.Platform(bed);
        var (center, storage) = ((await bed.Store.List<DataCenter>())[0].Id, (await bed.Store.List<DataStorage>())[0].Id);
        var (cluster, host, port) = ((await bed.Store.List<Cluster>())[0].Id, (await bed.Store.List<Host>())[0].Id, ServiceBed.NewId());
        var images = (await bed.Store.List<ImageStorage>())[0].Id;
        await Made<DataCenter>(new CreateDataCenter { Id = ServiceBed.NewId(), Name = "new" });
        await Made<Cluster>(new CreateCluster { Id = ServiceBed.NewId(), Name = "new", DataCenterId = center });
        await Made<Host>(new CreateHost { Id = ServiceBed.NewId(), Name = "new", ClusterId = cluster, Address = "192.0.2.9" });
        await Made<DataStorage>(new CreateDataStorage { Id = ServiceBed.NewId(), Name = "new", DataCenterId = center, Path = "/srv/new" });
        await Made<ImageStorage>(new CreateImageStorage { Id = ServiceBed.NewId(), Name = "new", HostId = host, Path = "/srv/new" });
        await Made<Image>(new CreateImage { Id = ServiceBed.NewId(), Name = "new", Kind = ImageKind.System, Format = ImageFormat.Qcow2, ImageStorageId = images, Source = new(File: "/import/new.qcow2") });
        await Made<PortGroup>(new CreatePortGroup { Id = port, Name = "new", DataCenterId = center });
        await Made<Schedule>(new CreateSchedule { Id = ServiceBed.NewId(), Name = "new", Cron = "0 0 * * *", Action = "recycle-bin.sweep" });
        await Made<Volume>(new CreateVolume { Id = ServiceBed.NewId(), Name = "new", SizeBytes = 1 << 20, DataStorageId = storage });
        var vm = ServiceBed.NewId();
        await Made<VirtualMachine>(new CreateVirtualMachine { Id = vm, Name = "new", CpuCount = 1, MemoryBytes = 256L << 20, ImageId = image, ClusterId = cluster, Start = false });
        await Made<NetworkInterface>(new CreateNetworkInterface { Id = ServiceBed.NewId(), VirtualMachineId = vm, PortGroupId = port });

        async Task Made<T>(CreateRequest request) where T : NamedResource
        {
            await bed.Do(request with { Tags = Tags, Labels = Labels });
            var made = await bed.Store.Get<T>(request.Target);
            made.Tags.ShouldHaveSingleItem().ShouldBe(new(Weight, "1GiB"), typeof(T).Name);
            made.Labels.ShouldHaveSingleItem().ShouldBe(new("env", "prod"), typeof(T).Name);
        }
    }

    [Theory]
    [InlineData(Weight, "much", "tag-value")]
    [InlineData(Weight, null, "tag-value")]
    [InlineData("test.wieght", "1GiB", "tag-unknown")]
    [InlineData("compute.pinnedToHost", "x", "tag-not-carried")]
    public async Task A_wrong_one_is_refused_and_nothing_is_made(string name, string? value, string code)
    {
        await using var bed = Bed();
        var problem = await bed.Refused(new CreateDataCenter { Id = ServiceBed.NewId(), Name = "new", Tags = new Dictionary<string, string> { [name] = value! } });
        (problem.Status, problem.Code, problem.Field).ShouldBe((400, code, $"tags.{name}"));
        (await bed.Store.Count<DataCenter>()).ShouldBe(0);
    }

    private static ServiceBed Bed() => new(more: services => services.AddSingleton<TagDeclaration>(new SizeTag(
        Weight, "Weight", "How heavy it is.", 1, 1L << 40, typeof(DataCenter), typeof(Cluster), typeof(Host), typeof(DataStorage), typeof(ImageStorage), typeof(Image), typeof(PortGroup),
        typeof(Schedule), typeof(Volume), typeof(VirtualMachine), typeof(NetworkInterface))));
}
