using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.Client.Problems;

namespace Nssv.Cli.Commands.Image;

/// <summary>Takes an image in: from a file here (uploaded), a file on the server, or an address.</summary>
internal sealed class ImageAdd(CliEnvironment environment)
{
    private readonly Option<string> name = new("--name") { Description = "The image's name; else that of its file", HelpName = "NAME" };
    private readonly Option<string> file = new("--file") { Description = "A file on this machine; it is uploaded", HelpName = "PATH" };
    private readonly Option<string> url = new("--url") { Description = "An http or https address that the platform downloads", HelpName = "URL" };
    private readonly Option<string> serverFile = new("--server-file") { Description = "Absolute path of a file on the image storage's host, in NSSV_HOME/import there", HelpName = "PATH" };
    private readonly Option<string> format = FormatOption();

    private readonly Field[] fields =
    [
        Field.Choice("--arch", "architecture", "The architecture that it is for", "x86_64", "aarch64"),
        Field.Reference("--imagestorage", "imageStorageId", "image-storages", "Where it is kept"),
        Field.Text("--checksum", "checksum", "The checksum that it must have", helpName: "sha256:HEX"),
        Field.Description(),
        Field.Labels(),
        Field.Tags(),
        Field.DeletionPolicy(),
    ];

    private readonly Option<string> kind = KindOption();

    public Command Build()
    {
        var command = new Command("add", "Add an image: from a file here, one on the image storage's host, or a URL") { name, file, url, serverFile, kind, format };
        var wait = ResourceCommands.Complete(command, fields);
        command.Validators.Add(result =>
        {
            if (new Option[] { file, url, serverFile }.Count(option => result.GetResult(option) is not null) != 1)
            {
                result.AddError("Give exactly one of --file, --url and --server-file.");
            }
        });
        return command.Runs(environment, (invocation, cancellation) => Run(invocation, wait, cancellation));
    }

    private async Task Run(Invocation invocation, WaitOptions wait, CancellationToken cancellation)
    {
        var path = invocation.Value(file);
        if (path is not null && Directory.Exists(path))
        {
            throw new UsageException($"\"{path}\" is a directory.", "Give the image itself, one file, with --file.");
        }

        if (invocation.Value(url) is { } asked && !(Uri.TryCreate(asked, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
        {
            throw new UsageException($"\"{asked}\" is no http or https address.", "Download it by other means, and give the file with --file.");
        }

        var origin = path ?? invocation.Value(serverFile) ?? invocation.Value(url)!;
        using var content = path is null ? null : File.OpenRead(path);
        var body = new JsonObject
        {
            ["name"] = invocation.Value(name) ?? ImageOrigin.Name(origin),
            ["kind"] = invocation.Value(kind) ?? "system",
            ["format"] = invocation.Value(format) ?? ImageOrigin.Format(origin) ?? throw new UsageException($"The format of \"{origin}\" cannot be seen from its name.", "Give --format qcow2, raw or iso."),
            ["source"] = path is not null ? new JsonObject { ["upload"] = true }
                : invocation.Value(url) is { } address ? new JsonObject { ["url"] = address }
                : new JsonObject { ["file"] = invocation.Value(serverFile) },
        };
        foreach (var (field, option) in new (string, Option)[] { ("name", name), ("kind", kind), ("format", format), ("source.url", url), ("source.file", serverFile), ("source", file) })
        {
            invocation.Results.Words.Call(field, option.Name);
        }

        await Field.Write(fields, body, invocation, cancellation);
        var title = $"Adding image {body["name"].AsText()}";
        var runner = new OperationRunner(invocation, wait);
        var accepted = await invocation.Client.Mutate(new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/images") { Body = body }, cancellation);
        await runner.Finish(content is null ? accepted : await Upload(invocation, accepted, content, title, cancellation), title, cancellation);
    }

    private static async Task<OperationSnapshot> Upload(Invocation invocation, OperationSnapshot accepted, FileStream content, string title, CancellationToken cancellation)
    {
        var ready = await invocation.Client.WaitForOperation(accepted.Id, operation => operation.HasEnded || operation.State == OperationStates.Waiting, progress: null, cancellation);
        if (ready.HasEnded)
        {
            return ready;
        }

        var imageId = accepted.TargetId ?? throw new FormatException("The server's answer does not say which image was made.");
        try
        {
            return await UploadProgress.Show(invocation.Environment, invocation.Results.Format, title, content.Length, sent => invocation.Client.UploadImage(imageId, content, sent, cancellation));
        }
        catch (Exception fault) when (fault is ApiProblemException or HttpRequestException)
        {
            // Why the platform stopped taking it in says more than the broken connection.
            if (await Now(invocation, accepted.Id, cancellation) is { HasEnded: true, Succeeded: false } ended)
            {
                throw new ApiProblemException(ended.Failure(), fault);
            }

            invocation.Environment.Error.WriteLine($"The image is there, without its content, and nothing sends that by itself: take it away with 'nssv image delete {imageId}', then add it again.");
            throw;
        }
    }

    private static async Task<OperationSnapshot?> Now(Invocation invocation, string operationId, CancellationToken cancellation)
    {
        try
        {
            return await invocation.Client.GetOperation(operationId, cancellation);
        }
        catch (Exception fault) when (fault is ApiProblemException or HttpRequestException or TimeoutException)
        {
            // Told is what broke the upload.
            return null;
        }
    }

    private static Option<string> FormatOption()
    {
        var option = new Option<string>("--format") { Description = "The format of what is given; else seen from its name", HelpName = "qcow2|raw|iso" };
        option.AcceptOnlyFromAmong("qcow2", "raw", "iso");
        return option;
    }

    private static Option<string> KindOption()
    {
        var option = new Option<string>("--kind") { Description = "Whether machines boot from it (system, the default) or not", HelpName = "system|data" };
        option.AcceptOnlyFromAmong("system", "data");
        return option;
    }
}
