using System.Text.Json.Nodes;
using Nssv.Cli;
using Nssv.Cli.Operations;
using Nssv.Cli.Output;
using Nssv.Cli.Resources;
using Nssv.Client.Operations;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class OutputTests
{
    private static readonly CliEnvironment _environment = new() { Out = TextWriter.Null, Error = TextWriter.Null };

    private static System.CommandLine.Command Commands => CommandTree.Build(_environment);

    private static string Block(ApiProblem problem) => ProblemBlock.Of(problem, new ApiWords(_environment));

    private static readonly DateTimeOffset Now = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_problem_is_one_block_with_fields_candidates_and_advice()
    {
        Block(new ApiProblem
        {
            Title = "The request is not valid.",
            Code = "invalid",
            Detail = "Two fields are wrong.",
            Advice = "Mend them.",
            Field = "name",
            OperationId = "op-1",
            Errors = [new("name", "empty", "must not be empty"), new("cpuCount", "too-small", null)],
            Candidates = [new("1", "web", "running"), new("2", "web")],
        }).ShouldBe("""
            Error: The request is not valid (invalid)
              Two fields are wrong.
              - name: must not be empty
              - cpuCount: too-small
              It could be:
                1  web  (running)
                2  web
              Operation: op-1
            Advice: Mend them.
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Of_names_that_could_be_meant_the_likeliest_are_shown() =>
        Block(new ApiProblem { Title = "No", Candidates = [.. "abcdefg".Select(letter => new Candidate(letter.ToString(), null))] }).ShouldBe("Error: No\n  It could be: a, b, c, d, e, …");

    [Fact]
    public void Resources_that_could_be_meant_are_shown_by_id_and_name()
    {
        var storage = Guid.CreateVersion7().ToString("D");
        var document = new JsonObject { ["title"] = "No", ["candidates"] = new JsonArray($"{storage} fast one", $"{storage} slow") };
        Block(ProblemReader.FromJson(document)).ShouldBe($"Error: No\n  It could be:\n    {storage}  fast one\n    {storage}  slow");
        Block(ProblemReader.FromJson(new JsonObject { ["title"] = "No", ["candidates"] = new JsonArray("local", "a b") })).ShouldBe("Error: No\n  It could be: local, a b");
    }

    [Fact]
    public void A_problem_that_says_little_is_shown_without_gaps() =>
        Block(new ApiProblem { Title = "No", Field = "name" }).ShouldBe("Error: No\n  Field: name");

    [Fact]
    public void The_only_error_of_a_problem_is_not_told_twice() =>
        Block(new ApiProblem { Title = "Not valid", Detail = "A name has 1 to 128 characters.", Errors = [new("name", "name-empty", "A name has 1 to 128 characters.")] })
            .ShouldBe("Error: Not valid\n  A name has 1 to 128 characters.\n  Field: name");

    [Theory]
    [InlineData("See all of it with dryRun=true, or delete it together with cascade=true.", "See all of it with --dry-run, or delete it together with --cascade.")]
    [InlineData("Delete it, with expunge=true if it is to be removed at once.", "Delete it, with --expunge if it is to be removed at once.")]
    [InlineData("Make sure that it is off and confirm that with hosts/{id}:confirmDown.", "Make sure that it is off and confirm that with 'nssv host confirm-down NAME'.")]
    [InlineData("Ask GET /api/v1/hosts/{id}:go?force=true, things/{id}:go, or a.b=true.", "Ask GET /api/v1/hosts/{id}:go?force=true, things/{id}:go, or a.b=true.")]
    [InlineData("List the images with GET /api/v1/images.", "List the images with 'nssv image list'.")]
    [InlineData("Make one with POST /api/v1/image-storages and attach it.", "Make one with 'nssv imagestorage create' and attach it.")]
    [InlineData("Remove it first: DELETE /api/v1/virtual-machines/01890000-0000-7000-8000-000000000001?expunge=true.", "Remove it first: 'nssv vm delete 01890000-0000-7000-8000-000000000001 --expunge'.")]
    [InlineData("Go: POST /api/v1/data-storages/01890000-0000-7000-8000-000000000001:detach {\"clusterId\":\"c-1\"}, or not.", "Go: 'nssv datastorage detach 01890000-0000-7000-8000-000000000001 --cluster c-1', or not.")]
    [InlineData("Go: POST /api/v1/image-storages/{id}:detach {\"dataCenterId\":\"c-1\"}", "Go: 'nssv imagestorage detach NAME --datacenter c-1'")]
    [InlineData("Sign in with POST /api/v1/sessions. Or POST /api/v1/accounts.", "Sign in with POST /api/v1/sessions. Or POST /api/v1/accounts.")]
    [InlineData("POST /api/v1/volumes/{id}:detach {\"strange\":\"x\"}", "POST /api/v1/volumes/{id}:detach {\"strange\":\"x\"}")]
    public void Advice_names_options_and_commands_instead_of_the_api(string advice, string shown)
    {
        Block(new ApiProblem { Title = "No", Advice = advice }).ShouldBe($"Error: No\nAdvice: {shown}");
        var words = shown.Split('\'')[0].Split(' ').Select(word => word.Trim(',', '.')).Where(word => word.StartsWith("--", StringComparison.Ordinal));
        var delete = Commands.Subcommands.Single(command => command.Name == "vm").Subcommands.Single(command => command.Name == "delete");
        words.ShouldAllBe(word => delete.Options.Any(option => option.Name == word));
    }

    [Fact]
    public void Whatever_call_of_the_api_is_shown_as_a_command_is_one()
    {
        var words = new ApiWords(_environment);
        var calls = typeof(Nssv.Contracts.Compute.CreateVirtualMachine).Assembly.GetTypes().Select(type => type.GetCustomAttributes(typeof(Nssv.Kernel.Calls.ApiRequestAttribute), false).FirstOrDefault())
            .OfType<Nssv.Kernel.Calls.ApiRequestAttribute>().Select(call => $"{call.Method} /api/v1/{call.Route}").ToList();
        var shown = calls.Select(words.AsCommands).Where(text => text.StartsWith('\'')).ToList();
        shown.Count.ShouldBeGreaterThan(calls.Count * 3 / 4, string.Join('\n', calls.Where(call => words.AsCommands(call) == call)));
        foreach (var line in shown)
            CommandTree.Parse(Commands, line.Trim('\'')).UnmatchedTokens.ShouldBeEmpty(line);
    }

    [Theory]
    [InlineData("memoryBytes", "  Option: --memory")]
    [InlineData("nics[1].portGroupId", "  Option: --nic")]
    [InlineData("tags.compute.pinnedToHost", "  Option: --tag")]
    [InlineData("strange", "  Field: strange")]
    public void A_field_is_called_as_the_option_that_gives_it(string field, string shown)
    {
        var words = new ApiWords(_environment);
        foreach (var (path, option) in (ReadOnlySpan<(string, string)>)[("memoryBytes", "--memory"), ("nics", "--nic"), ("tags", "--tag"), ("name", "NAME")])
            words.Call(path, option);
        ProblemBlock.Of(new ApiProblem { Title = "No", Field = field }, words).ShouldBe($"Error: No\n{shown}");
        ProblemBlock.Of(new ApiProblem { Title = "No", Errors = [new("memoryBytes", "x", "memoryBytes is too small."), new("name", "x", "The name of name.txt is.")], Advice = "Correct 'memoryBytes', not name." }, words)
            .ShouldBe("Error: No\n  - --memory: --memory is too small.\n  - NAME: The name of name.txt is.\nAdvice: Correct '--memory', not name.");
    }

    [Fact]
    public void Text_from_elsewhere_cannot_steer_the_terminal()
    {
        Printable.Of("a\u001b[2Jb\r\u202Ec").ShouldBe("a\\u001B[2Jb\\u000D\\u202Ec");
        Printable.Of("Grüße 日本").ShouldBe("Grüße 日本");
        Block(new ApiProblem { Title = "x", Detail = "a\u001bb\nc" }).ShouldBe("Error: x\n  a\\u001Bb\n  c");
    }

    [Fact]
    public void A_table_has_a_line_for_each_row_and_shows_units()
    {
        Written(OutputFormat.Table, results => results.List([Vm("web", "running", 268_435_456), Vm("database", "stopped", 1_610_612_736)], ResourceKinds.VirtualMachine.Columns, ReferenceNames.None))
            .ShouldBe("""
                NAME      STATE    CPUS  MEMORY   HOST  IMAGE  CREATED  ID
                web       running  1     256 MiB  -     -      1 h ago  1
                database  stopped  1     1.5 GiB  -     -      1 h ago  1

                """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void An_empty_label_is_not_a_missing_one() =>
        Written(OutputFormat.Table, results => results.Resource(new() { ["labels"] = new JsonObject { ["a"] = "", ["b"] = "x" }, ["tags"] = new JsonObject() })).ShouldBe("labels  a=, b=x\ntags    -\n");

    [Theory]
    [InlineData(0.4, "0.4 ms")]
    [InlineData(950, "950 ms")]
    [InlineData(3_200, "3.2 s")]
    [InlineData(125_000, "2 min 5 s")]
    public void Milliseconds_that_are_many_are_a_duration_like_any(double count, string shown) =>
        new CellText(Now).Short("leaseAgeMilliseconds", JsonValue.Create(count)).ShouldBe(shown);

    [Fact]
    public void Json_is_the_data_itself()
    {
        var json = JsonNode.Parse(Written(OutputFormat.Json, results => results.List([Vm("Grüße", "running", 5)], ResourceKinds.VirtualMachine.Columns, ReferenceNames.None)));
        json.ShouldBeOfType<JsonArray>().ShouldHaveSingleItem()!.ToJsonString().ShouldBe(Vm("Grüße", "running", 5).ToJsonString());
    }

    [Fact]
    public void Yaml_quotes_what_would_be_read_as_something_else()
    {
        var node = JsonNode.Parse("""{"name":"true","size":5,"version":"1.0","at":"2026-01-02T11:00:00Z","empty":{},"none":null,"list":["a: b","- c"],"on":true}""");

        Written(OutputFormat.Yaml, results => results.Data(node)).ShouldBe("""
            name: "true"
            size: 5
            version: "1.0"
            at: "2026-01-02T11:00:00Z"
            empty: {}
            none: null
            list:
            - 'a: b'
            - '- c'
            "on": true

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void One_resource_is_shown_with_every_field_that_it_has() =>
        Written(OutputFormat.Table, results => results.Resource((JsonObject)JsonNode.Parse("""{"name":"web","memoryBytes":1048576,"labels":{"a":"b"},"hostId":null,"steps":[{"name":"x","state":"done"}]}""")!))
            .ShouldBe("""
                name    web
                memory  1 MiB
                labels  a=b
                steps:
                  - name=x, state=done

                """.ReplaceLineEndings("\n"));

    [Fact]
    public void Each_change_of_an_operation_s_steps_is_told_once()
    {
        var changes = new StepChanges();

        changes.Since(Operation("queued")).ShouldBe(["queued"]);
        changes.Since(Operation("running", """{"name":"reserve","state":"started"}""")).ShouldBe(["reserve: started"]);
        changes.Since(Operation("running", """{"name":"reserve","state":"started"}""")).ShouldBeEmpty();
        changes.Since(Operation("running", """{"name":"reserve","state":"done","startedAt":"2026-01-01T00:00:00Z","endedAt":"2026-01-01T00:00:02Z"}""", """{"name":"start","state":"failed","error":{"title":"t","detail":"no room"}}"""))
            .ShouldBe(["reserve: done (2.0 s)", "start: started", "start: failed: no room"]);
        changes.Since(Operation("failed")).ShouldBeEmpty();
    }

    /// <summary>As the manager writes it: the step that failed and the operation that turns back have the same error.</summary>
    [Fact]
    public void Why_an_operation_is_undone_is_told_once_and_when_it_turns_back()
    {
        const string Error = """{"title":"t","code":"c","detail":"no room"}""", Reserved = """{"name":"reserve","state":"done"}""", Failed = $$"""{"name":"start","state":"failed","error":{{Error}}}""";
        var changes = new StepChanges();
        changes.Since(Operation("running", Reserved, """{"name":"start","state":"started"}""")).ShouldBe(["reserve: started", "reserve: done", "start: started"]);
        changes.Since(Because("undoing", Reserved, Failed)).ShouldBe(["start: failed", "undoing: no room"]);
        changes.Since(Because("undoing", Reserved, Failed.Replace("failed", "undone", StringComparison.Ordinal))).ShouldBe(["start: undone"]);
        changes.Since(Because("waiting", Reserved, Failed.Replace("failed", "undone", StringComparison.Ordinal))).ShouldBe(["waiting"]);
        changes.Since(Because("undoing", Reserved.Replace("done", "undone", StringComparison.Ordinal), Failed.Replace("failed", "undone", StringComparison.Ordinal))).ShouldBe(["reserve: undone", "undoing"]);
        changes.Since(Because("failed", Reserved.Replace("done", "undone", StringComparison.Ordinal), Failed.Replace("failed", "undone", StringComparison.Ordinal))).ShouldBeEmpty();

        static OperationSnapshot Because(string state, params string[] steps) => Operation(state, steps) with { Error = ProblemReader.FromJson((JsonObject)JsonNode.Parse(Error)!) };
    }

    [Fact]
    public async Task At_a_terminal_too_why_an_operation_is_undone_stays_to_be_read()
    {
        var output = new StringWriter { NewLine = "\n" };
        var undoing = Operation("undoing") with { Error = new ApiProblem { Title = "No [room]" } };
        await new LiveProgress(output).Show("Adding x", report =>
        {
            report(Operation("running"));
            report(undoing);
            report(undoing);
            return Task.FromResult(Operation("failed"));
        });
        output.ToString().Split("Adding x: undoing: No [room]").Length.ShouldBe(2, output.ToString());
    }

    [Fact]
    public void What_a_step_waits_for_is_told_once_and_again_when_it_changes()
    {
        var changes = new StepChanges();
        const string waiting = """{"name":"stop","state":"started","waitsFor":"host 'h' does not answer"}""";
        changes.Since(Operation("running", waiting)).ShouldBe(["stop: started", "stop: waits: host 'h' does not answer"]);
        changes.Since(Operation("running", waiting)).ShouldBeEmpty();
        changes.Since(Operation("running", """{"name":"stop","state":"started"}""")).ShouldBe(["stop: started"]);
        changes.Since(Operation("running", """{"name":"stop","state":"done"}""")).ShouldBe(["stop: done"]);
    }

    /// <summary>Whether somebody looked while a step was at work, or only afterwards, the lines are the same.</summary>
    [Fact]
    public void How_often_an_operation_is_looked_at_does_not_change_what_is_told()
    {
        string[] looks = ["""{"name":"a","state":"started"}""", """{"name":"a","state":"done"}""", """{"name":"b","state":"started"}""", """{"name":"b","state":"done"}"""];
        var often = new StepChanges();
        var told = looks.SelectMany((_, i) => often.Since(Operation("running", i < 2 ? [looks[i]] : [looks[1], looks[i]])).ToArray()).ToArray();
        told.ShouldBe(["a: started", "a: done", "b: started", "b: done"]);
        new StepChanges().Since(Operation("succeeded", looks[1], looks[3])).ShouldBe(told);
        new StepChanges().Since(Operation("running", looks[1], """{"name":"b","state":"pending"}""")).ShouldBe(told[..2]);
    }

    [Fact]
    public void How_far_a_long_step_is_is_told_by_the_tenth()
    {
        const string Step = """{"name":"import","state":"started"}""";
        var changes = new StepChanges();
        changes.Since(Operation("running", Step) with { Progress = 33 }).ShouldBe(["import: started"]);
        changes.Since(Operation("running", Step) with { Progress = 39 }).ShouldBeEmpty();
        changes.Since(Operation("running", Step) with { Progress = 41 }).ShouldBe(["41 %"]);
        changes.Since(Operation("running", Step) with { Progress = 41 }).ShouldBeEmpty();
        changes.Since(Operation("running", Step) with { Progress = 65 }).ShouldBe(["65 %"]);
        changes.Since(Operation("succeeded", Step) with { Progress = 100 }).ShouldBeEmpty();
    }

    private static OperationSnapshot Operation(string state, params string[] steps) =>
        OperationSnapshot.FromJson((JsonObject)JsonNode.Parse($$"""{"id":"1","state":"{{state}}","steps":[{{string.Join(',', steps)}}]}""")!);

    private static JsonObject Vm(string name, string state, long memory) =>
        new() { ["id"] = "1", ["name"] = name, ["state"] = state, ["cpuCount"] = 1, ["memoryBytes"] = memory, ["createdAt"] = Now.AddHours(-1).ToString("O") };

    private static string Written(OutputFormat format, Action<ResultWriter> write)
    {
        var output = new StringWriter { NewLine = "\n" };
        write(new ResultWriter(new CliEnvironment { Out = output, Error = TextWriter.Null, Variable = _ => null, Time = new FixedTime() }, format));
        return output.ToString();
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
