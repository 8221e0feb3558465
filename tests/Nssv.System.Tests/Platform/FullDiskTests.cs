using System.Net;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>The data storage and the database lie on small disks of their own, which are filled to the brim.</summary>
public sealed class FullDiskTests(FullDiskTests.SmallDisks disks) : IClassFixture<FullDiskTests.SmallDisks>
{
    private readonly Instance _instance = disks.Instance;

    private string DatabaseFolder => $"{_instance.Home}/manager";

    /// <summary>An instance whose data storage and database have a file system each.</summary>
    public sealed class SmallDisks : IAsyncLifetime
    {
        private const int DataMiB = 160, DatabaseMiB = 48;

        public Instance Instance { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Instance = await Instance.Start(instance =>
        {
            Mount($"{instance.Home}/data.disk", DataMiB, instance.Data);
            Mount($"{instance.Home}/database.disk", DatabaseMiB, $"{instance.Home}/manager");
        });

        public async ValueTask DisposeAsync()
        {
            await Instance.Run("down");
            Shell.Do("umount", "--lazy", Instance.Data, $"{Instance.Home}/manager");
            await Instance.DisposeAsync();
        }

        private static void Mount(string file, int mebibytes, string folder)
        {
            Directory.CreateDirectory(folder);
            Shell.Do("truncate", "-s", $"{mebibytes}M", file);
            Shell.Do("mkfs.ext4", "-q", "-F", "-m", "0", file);
            Shell.Do("mount", "-o", "loop", file, folder);
            Directory.Delete($"{folder}/lost+found");
        }
    }

    [Fact]
    public async Task A_full_data_storage_is_said_and_nothing_is_left()
    {
        // An image of its own, that no host has a copy of yet.
        var file = $"{_instance.Import}/uncached.qcow2";
        File.Copy(Instance.MicroImage, file);
        await _instance.Cli("image", "add", "--name", "uncached", "--server-file", file, "--wait");
        File.Delete(file);
        var machine = await _instance.NewVm("too much");
        machine["imageId"] = await _instance.IdOf("images", "uncached");
        var before = await _instance.Footprint();

        // Enough for the first look, too little for the copy of the image.
        Fill($"{_instance.Data}/filler", leaveMiB: 4);
        var failed = await _instance.Do(Instance.Post("virtual-machines", machine));
        (failed.Succeeded, failed.Error?.Code).ShouldBe((false, "storage-full"), failed.Document.ToJsonString());
        failed.Error!.Detail.ShouldNotBeNullOrEmpty();
        failed.Error.Advice.ShouldNotBeNullOrEmpty();
        File.Delete($"{_instance.Data}/filler");
        (await _instance.Footprint()).ShouldBe(before);

        // The host tells of the space with a heartbeat.
        await Instance.Until(
            async () => (await _instance.Do(Instance.Post("virtual-machines", machine.DeepClone()))).Succeeded, "a machine made in the freed space", () => Task.FromResult(_instance.Logs()));
        await _instance.DeleteVm(await _instance.IdOf("virtual-machines", "too much"));
        await _instance.Cli("image", "delete", "uncached", "--expunge", "--wait");
    }

    [Fact]
    public async Task A_full_database_refuses_and_works_again_when_there_is_space()
    {
        var dataCenter = await _instance.IdOf("data-centers", "datacenter");
        var made = new List<string>();
        Fill($"{DatabaseFolder}/filler", leaveMiB: 0);
        ApiProblem? refusal = null;

        // What the database has set aside already may take a few more.
        for (var i = 0; refusal is null; i++)
        {
            i.ShouldBeLessThan(5_000, "a full disk took everything");
            var name = $"group {i}";
            var answer = await Send(name, dataCenter);
            if (answer.IsSuccess)
                made.Add(name);
            else
                refusal = ProblemReader.FromBody(answer.Status, answer.Body);
        }

        (refusal.Status, refusal.Code).ShouldBe((507, "database-full"));
        refusal.Advice.ShouldNotBeNullOrEmpty();
        (await _instance.Api.Send(Instance.Post("virtual-machines", await _instance.NewVm("refused")))).Status.ShouldBe(HttpStatusCode.InsufficientStorage);
        (await Names()).ShouldBe(made, ignoreOrder: true);
        (await _instance.Api.Find("virtual-machines", "refused")).ShouldBeNull();

        File.Delete($"{DatabaseFolder}/filler");
        await Instance.Until(async () => (await Send("after", dataCenter)).IsSuccess, "a change after space was freed", () => Task.FromResult(_instance.Logs()));
        (await Names()).ShouldBe([.. made, "after"], ignoreOrder: true);
        await _instance.DeleteVm(await _instance.CreateVm("works again", start: false));
    }

    private Task<ApiAnswer> Send(string name, string dataCenter) => _instance.Api.Send(
        Instance.Post("port-groups", new JsonObject { ["name"] = name, ["dataCenterId"] = dataCenter, ["description"] = new string('x', 2_000) }));

    private async Task<IReadOnlyList<string>> Names()
    {
        var names = new List<string>();
        await foreach (var group in _instance.Api.List("port-groups", ListQuery.All))
            names.Add((string)group["name"]!);
        return names;
    }

    private static void Fill(string file, int leaveMiB)
    {
        using var filler = File.Create(file);
        var free = new DriveInfo(Path.GetDirectoryName(file)!).AvailableFreeSpace - ((long)leaveMiB << 20);
        var block = new byte[64 << 10];
        try
        {
            for (; leaveMiB == 0 || free > 0; free -= block.Length)
                filler.Write(block);
            filler.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }
}
