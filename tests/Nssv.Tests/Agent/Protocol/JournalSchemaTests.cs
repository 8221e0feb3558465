using Nssv.Agent.Protocol;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class JournalSchemaTests
{
    [Fact]
    public async Task The_migrated_journal_is_what_the_rows_declare()
    {
        await using var database = SqliteDatabase.InMemory(JournalDatabase.Models);
        Migrator.Apply(database, TimeProvider.System, JournalDatabase.Migrations);

        SchemaCheck.Differences(database).ShouldBeEmpty(Schema.Ddl(JournalDatabase.Models));
    }
}
