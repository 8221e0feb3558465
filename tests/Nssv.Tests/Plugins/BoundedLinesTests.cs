using System.Text;
using Nssv.Server.Plugins;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

public sealed class BoundedLinesTests
{
    [Fact]
    public async Task Lines_come_whole_or_cut_and_the_rest_of_a_long_one_is_gone()
    {
        var text = "one\n\n" + new string('x', 10_000) + "\nlast\nunended";
        var lines = new BoundedLines(new StreamReader(new MemoryStream(Encoding.UTF8.GetBytes(text))), longest: 5_000);
        (await lines.Read(), lines.WasCut).ShouldBe(("one", false));
        (await lines.Read(), lines.WasCut).ShouldBe(("", false));
        (await lines.Read(), lines.WasCut).ShouldBe((new string('x', 5_000), true));
        (await lines.Read(), lines.WasCut).ShouldBe(("last", false));
        (await lines.Read()).ShouldBeNull();
    }
}
