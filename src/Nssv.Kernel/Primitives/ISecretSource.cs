namespace Nssv.Kernel;

/// <summary>Where secrets come from: tokens, first passwords, salts. Unlike <see cref="IChance"/> it must not be predictable; injected all the same.</summary>
public interface ISecretSource
{
    void Fill(Span<byte> destination);
}
