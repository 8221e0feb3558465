using System.Runtime.InteropServices;
using Nssv.Server.Memory;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Memory;

/// <summary>On the C library that the runtime uses.</summary>
public sealed class AllocatorTests
{
    private const int Block = 32 << 10; // below what the C library maps by itself and gives back at once
    private const int Blocks = 8_000;

    [Fact]
    public void Free_memory_between_what_is_in_use_goes_back_to_the_system()
    {
        var blocks = new nint[Blocks];
        for (var i = 0; i < Blocks; i++)
        {
            blocks[i] = Marshal.AllocHGlobal(Block);
            unsafe
            {
                new Span<byte>((void*)blocks[i], Block).Fill(1);
            }
        }

        try
        {
            // The last one lies at the end and stays: without being told the C library keeps all that is before it.
            foreach (var block in blocks.AsSpan(..^1))
                Marshal.FreeHGlobal(block);
            var before = Resident();

            Allocator.Trim();

            (before - Resident()).ShouldBeGreaterThan((long)Block * Blocks / 2);
        }
        finally
        {
            Marshal.FreeHGlobal(blocks[^1]);
        }
    }

    private static long Resident() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
}
