using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Kernel;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class LogTests
{
    private readonly LoggerExternalScopeProvider _scopes = new();

    [Fact]
    public void A_line_is_one_json_object_with_the_ids_of_the_work_it_belongs_to()
    {
        var operation = new Id(Guid.CreateVersion7());
        using var request = _scopes.Push(new Dictionary<string, object?> { ["RequestId"] = "0HN:1", ["RequestPath"] = "/secret/path" });
        using var run = _scopes.Push(new KeyValuePair<string, object>[] { new("OperationId", operation) });
        var line = Line([new("HostId", "h1"), new("Attempt", 3), new("Time", "not the line's"), new("{OriginalFormat}", "x")], "two\nlines \"quoted\"", new InvalidOperationException("broken\nhere"));

        line.ShouldNotContain('\n');
        var json = JsonNode.Parse(line)!.AsObject();
        json.ToDictionary(pair => pair.Key, pair => pair.Value!.ToString()).ShouldContainKeyAndValue("operationId", operation.ToString());
        (json["requestId"]!.GetValue<string>(), json["hostId"]!.GetValue<string>(), json["attempt"]!.GetValue<long>()).ShouldBe(("0HN:1", "h1", 3L));
        json["message"]!.GetValue<string>().ShouldBe("two\nlines \"quoted\"");
        json["level"]!.GetValue<string>().ShouldBe("warning");
        json["category"]!.GetValue<string>().ShouldBe("Nssv.Test");
        json["error"]!.GetValue<string>().ShouldContain("broken");
        DateTimeOffset.Parse(json["time"]!.GetValue<string>(), null).ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        line.ShouldNotContain("secret");
        line.ShouldNotContain("OriginalFormat");
    }

    [Fact]
    public void The_messages_own_operation_counts_before_that_of_a_scope()
    {
        using var run = _scopes.Push(new KeyValuePair<string, object>[] { new("OperationId", "outer") });
        JsonNode.Parse(Line([new("OperationId", "own")], "x", null))!["operationId"]!.GetValue<string>().ShouldBe("own");
    }

    [Theory]
    [InlineData(null, LogFormat.Text)]
    [InlineData("text", LogFormat.Text)]
    [InlineData("json", LogFormat.Json)]
    public void The_format_is_a_setting(string? value, LogFormat format) => Read(value).Logs.ShouldBe(format);

    [Fact]
    public void Another_format_is_refused() => Should.Throw<ConfigurationException>(() => Read("xml")).Message.ShouldContain("logs");

    private static ServerSettings Read(string? logs) => ServerSettings.Read("/nowhere", new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["platformId"] = Guid.CreateVersion7().ToString(),
        ["managerId"] = Guid.CreateVersion7().ToString(),
        ["logs"] = logs,
    }).Build());

    private string Line(IReadOnlyList<KeyValuePair<string, object?>> state, string message, Exception? error)
    {
        using var writer = new StringWriter();
        new JsonLogLine().Write(new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(LogLevel.Warning, "Nssv.Test", new EventId(1, "Tested"), state, error, (_, _) => message), _scopes, writer);
        return writer.ToString().TrimEnd();
    }
}
