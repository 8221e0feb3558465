using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Nssv.Client.Operations;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>Images from all three sources, and those that are refused.</summary>
[Collection(SharedInstanceCollection.Name)]
public sealed class ImageTests(SharedInstance shared)
{
    private const string Signature = "a-signature-that-is-nobodys-business";

    private readonly Instance _instance = shared.Instance;

    [Fact]
    public async Task A_file_and_an_upload_become_images_and_leave_nothing_when_deleted()
    {
        var before = await _instance.Footprint();
        var file = NewImage("good");
        var checksum = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file)))}";
        await _instance.Cli("image", "add", "--name", "by file", "--server-file", file, "--checksum", checksum, "--wait");

        // An upload from elsewhere on this machine, as from any other one.
        var local = $"{_instance.Home}/upload.qcow2";
        File.Move(file, local);
        await _instance.Cli("image", "add", "--name", "by upload", "--file", local, "--checksum", checksum, "--wait");
        File.Delete(local);
        foreach (var name in new[] { "by file", "by upload" })
        {
            var image = await _instance.Api.Resolve("images", name);
            ((string)image["state"]!, (long)image["virtualSizeBytes"]!, $"sha256:{image["sha256"]}").ShouldBe(("ready", 8L << 20, checksum));
            await _instance.Cli("image", "delete", name, "--expunge", "--wait");
        }

        (await _instance.Footprint()).ShouldBe(before);
    }

    [Fact]
    public async Task A_private_address_is_fetched_from_only_when_the_host_allows_it()
    {
        var before = await _instance.Footprint();
        var file = NewImage("served");
        var bytes = await File.ReadAllBytesAsync(file);
        File.Delete(file);
        using var stop = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Serve(listener, bytes, stop.Token);
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/served.qcow2";

        var refused = await _instance.Do(Add("by url", new JsonObject { ["url"] = url }));
        ShouldHaveFailed(refused, "image-url-refused", "source.url");
        refused.Error!.Detail.ShouldNotBeNull().ShouldContain("127.0.0.1");
        (await _instance.Footprint()).ShouldBe(before);

        await Allow(["127.0.0.0/8"]);
        var added = await _instance.Cli("image", "add", "--name", "by url", "--url", $"{url}?X-Amz-Signature={Signature}", "--wait");
        added.ShouldNotContain(Signature);
        foreach (var path in new[] { "images", "operations", "events" })
            (await _instance.Api.Send(new Client.ApiRequest(HttpMethod.Get, $"{Client.ApiClient.Root}/{path}?limit=200"))).Body.ShouldNotContain(Signature);
        Directory.EnumerateFiles($"{_instance.Home}/log").ShouldAllBe(log => !File.ReadAllText(log).Contains(Signature));
        ((long)(await _instance.Api.Resolve("images", "by url"))["virtualSizeBytes"]!).ShouldBe(8L << 20);
        await _instance.Cli("image", "delete", "by url", "--expunge", "--wait");
        await Allow([]);
        await stop.CancelAsync();
        await serving;
        (await _instance.Footprint()).ShouldBe(before);
    }

    [Theory]
    [InlineData("backing", "image-has-backing-file", null)]
    [InlineData("data-file", "image-has-data-file", null)]
    [InlineData("encrypted", "image-encrypted", null)]
    [InlineData("8 EiB", "image-header-lies", null)]
    [InlineData("cut off", "image-truncated", null)]
    [InlineData("other format", "image-format-mismatch", "format")]
    [InlineData("other architecture", "image-architecture-mismatch", "architecture")]
    [InlineData("wrong checksum", "checksum-mismatch", "checksum")]
    [InlineData("outside", "image-file-refused", "source.file")]
    [InlineData("link", "image-file-refused", "source.file")]
    [InlineData("link above", "image-file-refused", "source.file")]
    [InlineData("missing", "image-file-refused", "source.file")]
    [InlineData("folder", "image-file-refused", "source.file")]
    public async Task A_hostile_image_is_refused_and_nothing_is_kept(string kind, string code, string? field)
    {
        var before = await _instance.Footprint();
        var request = Add(kind, new JsonObject { ["file"] = Hostile(kind) });
        if (kind == "wrong checksum")
            request.Body!["checksum"] = $"sha256:{new string('0', 64)}";
        if (kind == "other architecture")
            request.Body!["architecture"] = "aarch64";
        ShouldHaveFailed(await _instance.Do(request), code, field);
        (await _instance.Footprint()).ShouldBe(before);
    }

    [Fact]
    public async Task An_upload_that_is_not_the_image_it_should_be_is_refused()
    {
        var before = await _instance.Footprint();
        var file = NewImage("short");
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^(1 << 20)]);
        var result = await _instance.Run("image", "add", "--name", "short", "--file", file, "--wait");
        result.ExitCode.ShouldNotBe(0);
        result.Error.Contains("cut off or damaged", StringComparison.Ordinal).ShouldBeTrue($"{result.Output}\n{result.Error}");
        File.Delete(file);
        (await _instance.Footprint()).ShouldBe(before);
    }

    private static void ShouldHaveFailed(OperationSnapshot operation, string code, string? field)
    {
        (operation.State, operation.Error?.Code).ShouldBe((OperationStates.Failed, code), operation.Document.ToJsonString());
        operation.Error!.Status.ShouldBeInRange(400, 499);
        operation.Error.Title.ShouldNotBeNullOrEmpty();
        operation.Error.Advice.ShouldNotBeNullOrEmpty();
        if (field is not null)
            operation.Error.Field.ShouldBe(field);
    }

    private static Client.ApiRequest Add(string name, JsonObject source) =>
        Instance.Post("images", new JsonObject { ["name"] = name, ["kind"] = "system", ["format"] = "qcow2", ["source"] = source });

    private string NewImage(string name)
    {
        var file = $"{_instance.Import}/{name}.qcow2";
        Shell.Do("qemu-img", "create", "-q", "-f", "qcow2", file, "8M");
        Shell.Do("qemu-io", "-c", "write -P 7 1M 2M", file);
        return file;
    }

    private string Hostile(string kind)
    {
        var file = $"{_instance.Import}/{kind}";
        switch (kind)
        {
            case "backing":
                Shell.Do("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", file, "8M");
                return file;
            case "data-file":
                Shell.Do("qemu-img", "create", "-q", "-f", "qcow2", "-o", $"data_file={_instance.Import}/elsewhere,data_file_raw=on", file, "8M");
                return file;
            case "encrypted":
                Shell.Do("qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", file, "8M");
                return file;
            case "8 EiB":
                // The size field of the header (qcow2 specification, bytes 24-31) says 2^63 - 512.
                Shell.Do("qemu-img", "create", "-q", "-f", "qcow2", file, "8M");
                using (var stream = File.OpenWrite(file))
                {
                    stream.Position = 24;
                    stream.Write([0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x00]);
                }

                return file;
            case "cut off":
                File.Move(NewImage(kind), file);
                using (var stream = File.OpenWrite(file))
                    stream.SetLength(stream.Length / 2);
                return file;
            case "other format":
                Shell.Do("qemu-img", "create", "-q", "-f", "vmdk", file, "8M");
                return file;
            case "outside":
                return "/etc/passwd";
            case "link":
                File.CreateSymbolicLink(file, "/etc/passwd");
                return file;
            case "link above":
                Directory.CreateSymbolicLink(file, "/etc");
                return $"{file}/passwd";
            case "missing":
                return file;
            case "folder":
                Directory.CreateDirectory(file);
                return file;
            default:
                return NewImage(kind);
        }
    }

    /// <summary>Changes what an administrator of the host may change, and starts the agent anew with it.</summary>
    private async Task Allow(string[] networks)
    {
        var file = $"{_instance.Home}/agent/agent.json";
        var settings = Instance.ReadJson(file);
        settings["importNetworks"] = new JsonArray([.. networks.Select(network => JsonValue.Create(network))]);
        await File.WriteAllTextAsync(file, settings.ToJsonString());
        var agent = _instance.AgentPid;
        Shell.Signal(agent, 15);
        await Instance.Until(() => Task.FromResult(!Shell.Runs(agent)), "the agent's end");
        await _instance.Up();
    }

    /// <summary>The smallest web server: whatever is asked for, these bytes are the answer.</summary>
    private static async Task Serve(TcpListener listener, byte[] bytes, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII);
                while (await reader.ReadLineAsync(stop) is { Length: > 0 })
                    continue;
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n"), stop);
                await stream.WriteAsync(bytes, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody asks any more.
        }
    }
}
