using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Query;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>The query of a pre-signed URL is a secret: the host gets it, and nobody else sees it.</summary>
[Trait("group", "services")]
public sealed class ImageSourceTests
{
    private const string Signature = "3f9a-signature-5d21";
    private const string Url = $"https://bucket.example.org/micro.qcow2?X-Amz-Date=20260131&X-Amz-Signature={Signature}#{Signature}";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_signature_goes_to_the_host_and_is_nowhere_when_the_import_has_ended(bool good)
    {
        var asked = new ConcurrentQueue<string?>();
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var atWork = "";
        var host = await bed.Host(cluster, new EngineBehaviour
        {
            BeforeEffect = async (command, scope) =>
            {
                if (command is not ImportImage import)
                    return;
                asked.Enqueue(import.Source.Url);
                atWork = await Stored(bed, "operations", "operation_steps", "events", "call_results") + Shown(bed, await bed.Store.Get<Image>(import.ImageId));
            },
            Refuse = (command, _) => command is ImportImage && !good ? new Problem(422, "image-truncated", "The image is cut off or damaged.") : null,
        });
        var storage = ServiceBed.NewId();
        await bed.Do(new CreateImageStorage { Id = storage, Name = "images", HostId = host.HostId, Path = "/srv/images" });
        var id = ServiceBed.NewId();
        var operation = await bed.Run(new CreateImage { Id = id, Name = "micro", Kind = ImageKind.System, Format = ImageFormat.Qcow2, ImageStorageId = storage, Source = new ImageSource(Url: Url) });

        operation.State.ShouldBe(good ? OperationState.Succeeded : OperationState.Failed);
        asked.ShouldHaveSingleItem().ShouldBe(Url.Split('#')[0]);
        atWork.ShouldContain("bucket.example.org");
        atWork.ShouldNotContain(Signature);
        var all = await Stored(bed, [.. Models(bed).Tables.Select(table => table.Name)]);
        all.ShouldContain(id.ToString());
        all.ShouldNotContain(Signature);
    }

    [Theory]
    [InlineData("https://example.org/a", "https://example.org/a", null)]
    [InlineData("https://example.org/a?b=c?d#e?f", "https://example.org/a", "?b=c?d")]
    [InlineData("https://example.org/a#e?f", "https://example.org/a", null)]
    [InlineData("https://example.org?", "https://example.org", "?")]
    public void A_url_is_parted_at_its_query_and_put_together_again(string url, string kept, string? query)
    {
        var (source, rest) = Nssv.Services.Images.Images.SourceUrl.Split(new ImageSource(Url: url));
        (source.Url, rest).ShouldBe((kept, query));
        Nssv.Services.Images.Images.SourceUrl.Join(source, rest).Url.ShouldBe(url.Split('#')[0]);
    }

    private static ResourceModels Models(ServiceBed bed) => bed.Services.GetRequiredService<ResourceModels>();

    private static string Shown(ServiceBed bed, Image image)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
            ResourceView.Write(writer, Models(bed).Table<Image>(), image);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>Every column of every row of these tables.</summary>
    private static async Task<string> Stored(ServiceBed bed, params string[] tables)
    {
        var text = new StringBuilder();
        foreach (var table in tables)
        {
            foreach (var row in await bed.Store.Select($"SELECT * FROM {table}", [], reader => string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i)))))
                text.AppendLine(row);
        }

        return text.ToString();
    }
}
