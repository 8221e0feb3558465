using System.Text.Json;
using Nssv.Agent.Execution;
using Nssv.Kernel;

namespace Nssv.Agent.Storage;

/// <summary>The file that says whose a storage's directory is: two storages, or two platforms, never share one.</summary>
internal sealed class StorageMark(string path, Id platformId, Id storageId)
{
    public const string Name = "nssv-storage.json";

    private readonly string _file = Path.Combine(path, Name);

    /// <summary>False also when the directory has vanished, as under a mount that is gone.</summary>
    public bool IsThere => File.Exists(_file);

    /// <summary>Marks the directory as this storage's; a repeat changes nothing.</summary>
    /// <exception cref="ProblemException">It is another's.</exception>
    public void Claim()
    {
        var mine = new Owner(platformId, storageId);
        if (!IsThere)
            AtomicFile.Write(_file, JsonSerializer.SerializeToUtf8Bytes(mine, JsonSerializerOptions.Web));
        else if (Read() != mine)
            throw StorageProblems.Foreign(path).AsException();
    }

    /// <summary>The place is free for another. Absent is done.</summary>
    public void Remove()
    {
        if (!Directory.Exists(path))
            return;
        File.Delete(_file);
        Posix.SyncFolder(path);
    }

    /// <summary>Null for what nobody of us has written.</summary>
    private Owner? Read()
    {
        try
        {
            // Marks of older agents spell the names in another case.
            return JsonSerializer.Deserialize<Owner>(File.ReadAllBytes(_file), JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Owner(Id PlatformId, Id StorageId);
}
