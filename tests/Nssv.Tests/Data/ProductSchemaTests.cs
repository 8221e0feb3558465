using System.Reflection;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>
/// The migrations that ship, against the types that are declared. When this fails, the message holds the SQL of the tables concerned as the declarations want them:
/// write from it the next numbered migration. Before the first release, <c>-method …Write_first_migrations -explicit only</c> makes the first ones anew.
/// </summary>
public abstract class ProductSchemaTests : DatabaseTest
{
    protected override bool WithSchema => false;

    private static readonly Assembly Contracts = typeof(VirtualMachine).Assembly;

    internal static ResourceModels Manager => ResourceModels.FromAssemblies(Contracts);

    [Fact]
    public void The_manager_s_migrations_make_what_is_declared()
    {
        var database = Opened(Place.Open(Manager));
        Migrator.Apply(database, TimeProvider.System, MigrationSet.Kernel, MigrationSet.Embedded("nssv", Contracts));
        Agree(database);
    }

    private protected static void Agree(Database database)
    {
        var differences = SchemaCheck.Differences(database);
        var concerned = differences.Select(line => line.Split(':')[0]).ToHashSet();
        differences.ShouldBeEmpty("The declared types want:\n" + Schema.Ddl(database.Models, table => concerned.Contains(table.Name)));
    }
}

[Trait("group", "data")]
public sealed class SqliteProductSchemaTests : ProductSchemaTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());

    [Fact]
    public void The_agent_s_migrations_make_what_is_declared()
    {
        var database = Opened(Place.Open(JournalDatabase.Models));
        Migrator.Apply(database, TimeProvider.System, JournalDatabase.Migrations);
        Agree(database);
    }

    [Fact(Explicit = true)]
    public void Write_first_migrations()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists($"{root.FullName}/Nssv.slnx"))
            root = root.Parent ?? throw new InvalidOperationException("run it inside the repository");
        var kernel = typeof(TableModel).Assembly;
        Write("src/Nssv.Kernel/Data/Migrations/0001_kernel.sql", Schema.Ddl(Manager, table => table.Type.Assembly == kernel && table.Name != "schema_migrations"));
        Write("src/Nssv.Contracts/Migrations/0001_foundation.sql", Schema.Ddl(Manager, table => table.Type.Assembly != kernel));

        void Write(string path, string sql)
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{root.FullName}/{path}")!);
            File.WriteAllText($"{root.FullName}/{path}", sql.TrimEnd() + "\n");
        }
    }
}

[Trait("group", "data")]
public sealed class PostgresProductSchemaTests(PostgresServer server) : ProductSchemaTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
