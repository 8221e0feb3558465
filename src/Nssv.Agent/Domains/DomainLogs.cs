using Nssv.Kernel;

namespace Nssv.Agent.Domains;

/// <summary>What libvirt logs of a domain (with the files that virtlogd has rotated): it keeps that for ever, also when the domain is gone.</summary>
internal static class DomainLogs
{
    private const string Folder = "/var/log/libvirt/qemu";

    /// <summary>The name holds the machine's whole id, so that no other domain's log is met.</summary>
    public static void Remove(Id platformId, Id virtualMachineId)
    {
        if (!Directory.Exists(Folder))
            return;
        foreach (var log in Directory.EnumerateFiles(Folder, $"{DomainNames.Domain(platformId, virtualMachineId)}.log*"))
            File.Delete(log);
    }
}
