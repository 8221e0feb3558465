using Nssv.Kernel;

namespace Nssv.Simulator.Fleet;

/// <summary>Chance of one host: SplitMix64 (Steele, Lea, Flood 2014), eight bytes of state where Random has some hundred.</summary>
internal sealed class SeededChance(ulong seed) : IChance
{
    private ulong _state = seed;

    public static SeededChance Of(int seed, string name)
    {
        // FNV-1a: the same on every machine and in every process, unlike a string's hash code.
        var hash = 14_695_981_039_346_656_037UL ^ (uint)seed;
        foreach (var letter in name)
            hash = (hash ^ letter) * 1_099_511_628_211UL;
        return new(hash);
    }

    public double Next()
    {
        var z = Interlocked.Add(ref _state, 0x9E37_79B9_7F4A_7C15UL);
        z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9UL;
        z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EBUL;
        return ((z ^ z >> 31) >> 11) * (1.0 / (1UL << 53));
    }
}
