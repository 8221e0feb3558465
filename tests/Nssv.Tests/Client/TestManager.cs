using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nssv.Client;
using Nssv.Client.Transport;

namespace Nssv.Tests.Client;

/// <summary>A server that answers as a test says, to see what the client sends and how it takes answers. It knows nothing of the platform.</summary>
internal sealed class TestManager : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestManager(WebApplication app, Uri address)
    {
        this.app = app;
        Address = address;
    }

    public Uri Address { get; }

    public ConcurrentQueue<SeenRequest> Seen { get; } = new();

    public static async Task<TestManager> Start(Func<HttpContext, Task> answer, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var app = builder.Build();
        app.UseWebSockets();
        TestManager? manager = null;
        app.Run(async context =>
        {
            manager!.Seen.Enqueue(await SeenRequest.Of(context.Request));
            await answer(context);
        });
        await app.StartAsync();
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        manager = new TestManager(app, new Uri(certificate is null ? $"http://127.0.0.1:{port}" : $"https://localhost:{port}"));
        return manager;
    }

    /// <summary>A client that retries at once.</summary>
    public ApiClient Client(TokenSource? token = null, ServerTrust? trust = null, TimeSpan? safetyPoll = null) => new(new ApiConnection
    {
        Server = Address,
        Token = token ?? ((_, _) => ValueTask.FromResult<string?>("token-1")),
        Trust = trust ?? ServerTrust.SystemRoots,
        Retry = new RetryPolicy(4, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5)),
        LongestOutage = TimeSpan.FromSeconds(20),
        SafetyPoll = safetyPoll ?? TimeSpan.FromSeconds(5),
    });

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(soon.Token);
        await app.DisposeAsync();
    }
}

internal sealed record SeenRequest(string Method, string Path, Dictionary<string, string> Headers, string Body)
{
    public static async Task<SeenRequest> Of(HttpRequest request)
    {
        var body = "";
        if (request.ContentType?.StartsWith("application/", StringComparison.Ordinal) == true && !request.Path.Value!.EndsWith("/content", StringComparison.Ordinal))
        {
            using var reader = new StreamReader(request.Body);
            body = await reader.ReadToEndAsync();
        }

        return new(request.Method, request.Path + request.QueryString, request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase), body);
    }
}

internal static class Answers
{
    public static Task Json(this HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    public static Task Problem(this HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        return context.Response.WriteAsync(json);
    }

    public static async Task Event(this HttpContext context, string text)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }
}
