using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Query;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data.Querying;

/// <summary>What docs/query.md says of filters holds on both databases.</summary>
public abstract class QueryPageTests : DatabaseTest
{
    protected override bool WithSchema => false;

    [Fact]
    public async Task Every_filter_of_the_page_meets_what_it_says()
    {
        var database = Opened(Place.Open(ProductSchemaTests.Manager));
        Schema.CreateFromModel(database);
        await Opened(new Writer(database, Nssv.Kernel.Ownership.MemberFence.Acquire(database, Sample.Manager, TimeProvider.System))).Commit(ExamplePlatform.Insert(Sample.Project));
        var collections = new Collections(database, TimeProvider.System, tags: ExamplePlatform.Tags);
        QueryPage.Filters.Count.ShouldBeGreaterThan(35);
        foreach (var example in QueryPage.Filters)
        {
            var page = await collections.List(collections.Table(example.Collection), new() { Filter = example.Filter, Sort = "name" }, AccessPredicate.All);
            page.Items.Select(item => ((NamedResource)item).Name).ShouldBe(example.Expected, example.Filter);
        }
    }
}

[Trait("group", "data")]
public sealed class SqliteQueryPageTests : QueryPageTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresQueryPageTests(PostgresServer server) : QueryPageTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
