using Nssv.Kernel;
using Nssv.Server.Watching;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class ToldRowsTests
{
    private static readonly Id A = Id.Parse("01890000-0000-7000-8000-00000000000a"), B = Id.Parse("01890000-0000-7000-8000-00000000000b"), C = Id.Parse("01890000-0000-7000-8000-00000000000c");

    [Fact]
    public void Who_was_told_everything_hears_of_nothing_that_it_never_had()
    {
        var told = new ToldRows(10);
        told.BeginWhole();
        told.Tell(A, meets: false).ShouldBe(RowNews.Nothing);
        told.Tell(A, meets: true).ShouldBe(RowNews.Added);
        told.Tell(A, meets: true).ShouldBe(RowNews.Changed);
        told.Tell(A, meets: false).ShouldBe(RowNews.Removed);
        told.Tell(A, meets: false).ShouldBe(RowNews.Nothing);
    }

    [Fact]
    public void Who_came_back_is_told_once_that_a_row_is_gone()
    {
        var told = new ToldRows(10);
        told.Tell(A, meets: false).ShouldBe(RowNews.Removed);
        told.Tell(A, meets: false).ShouldBe(RowNews.Nothing);
        told.Tell(C, meets: true).ShouldBe(RowNews.Added);
    }

    [Fact]
    public void What_is_forgotten_is_told_as_if_the_watcher_had_it()
    {
        var told = new ToldRows(2);
        told.BeginWhole();
        foreach (var id in (Id[])[A, B, C])
            told.Tell(id, meets: true).ShouldBe(RowNews.Added);
        told.Tell(A, meets: false).ShouldBe(RowNews.Removed);
        told.Tell(B, meets: true).ShouldBe(RowNews.Added);
    }
}
