using System.Globalization;

namespace Nssv.Kernel.Ownership;

/// <summary>An exclusive lock on a file (flock), held while the process lives: the kernel drops it even after <c>kill -9</c>.</summary>
public sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    /// <exception cref="InstanceLockedException">Another process holds it.</exception>
    public static InstanceLock Acquire(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            throw new InstanceLockedException($"{path} is held by another process; stop it first, or use another folder", error);
        }
        file.SetLength(0);
        file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        file.Flush();
        return new(file);
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>Another process owns these files.</summary>
public sealed class InstanceLockedException(string message, Exception? inner = null) : Exception(message, inner);
