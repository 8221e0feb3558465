using Microsoft.Win32.SafeHandles;
using Nssv.Agent.Execution;
using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>Opens a file of the host that somebody names: only a regular file below an allowed folder. What was opened is judged, not what was named.</summary>
internal sealed class FileSource(IReadOnlyList<string> folders)
{
    public FileStream Open(string path)
    {
        if (path.Length is 0 or > 4000 || path[0] != '/' || path.Any(char.IsControl) || path.Split('/').Contains(".."))
            throw ImageProblems.File("The path must be absolute, without '..' and control characters.").AsException();
        SafeFileHandle? handle = null;
        try
        {
            handle = Posix.OpenNoFollow(path);
            // The kernel's own name for what is open: links in any part of the path are resolved, and a later swap changes nothing.
            var real = new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget ?? "";
            if (!folders.Any(folder => Below(real, folder)))
                throw Refuse(path);
            if (!Posix.Stat(handle).IsRegular)
                throw ImageProblems.File($"'{path}' is not a regular file.").AsException();
            return new FileStream(handle, FileAccess.Read, 1 << 20);
        }
        catch (IOException e)
        {
            handle?.Dispose();
            // Outside the folders nothing is told, not even whether a file is there.
            throw new ProblemException(folders.Any(folder => Below(path, folder)) ? ImageProblems.File($"'{path}': {Reason(e)}") : Refuse(path).Problem, e);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    private ProblemException Refuse(string path) => ImageProblems.File($"'{path}' is not below an import folder of this host: {string.Join(", ", folders)}.").AsException();

    private static string Reason(IOException e) => e.HResult switch
    {
        Posix.ENOENT => "there is no such file",
        Posix.ELOOP => "it is a symbolic link",
        Posix.EACCES => "it may not be read",
        _ => "it cannot be opened",
    };

    private static bool Below(string path, string folder) =>
        Posix.RealPath(folder) is { } real && path.StartsWith(Path.TrimEndingDirectorySeparator(real) + "/", StringComparison.Ordinal);
}
