using Nssv.Kernel.Data.Postgres;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public sealed class PostgresSettingsTests
{
    /// <summary>A server takes 100 connections by default: two nodes with a hundred each would lock people, and each other, out.</summary>
    [Theory]
    [InlineData("postgresql://u@h/d", 8)]
    [InlineData("Host=h;Database=d", 8)]
    [InlineData("postgresql://u@h/d?Maximum%20Pool%20Size=7", 7)]
    [InlineData("Host=h;Database=d;Maximum Pool Size=100", 100)]
    public void A_node_takes_few_connections_unless_it_is_told_otherwise(string connection, int most) => PostgresDatabase.Settings(connection).MaxPoolSize.ShouldBe(most);
}
