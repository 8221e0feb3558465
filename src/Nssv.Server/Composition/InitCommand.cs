using Nssv.Contracts.Compute;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Certificates;
using Nssv.Services.Identity;

namespace Nssv.Server.Composition;

/// <summary>
/// Makes what a manager needs before its first start: settings, certificates, database, administrator. What is there already stays, so it may run again;
/// it prints nothing that is secret.
/// </summary>
internal static class InitCommand
{
    public static async Task<int> Run(CommandLine line, TimeProvider time)
    {
        var ids = new RandomIds(time);
        var settings = SettingsFile.Write(line, ids);
        if (settings.HasPeers && File.Exists(settings.DatabaseFile))
            throw new ConfigurationException($"The platform of {line.Home} keeps its data in SQLite; it cannot go on in another database.", "Unset NSSV_DATABASE, or use another home for a platform on PostgreSQL.");
        await using var database = DataServices.Open(settings, DataServices.Models);
        if (settings.HasPeers && await PlatformInDatabase.Find(database) is { } other && other != settings.PlatformId)
            throw PlatformInDatabase.IsAnother(other, settings);
        new CertificateFiles(settings.Folder).Create(settings.PlatformId, settings.ManagerId, CertificateFiles.NamesOfThisMachine(settings.Names), time);

        Migrator.Apply(database, time, Migrations.All);
        await using var writer = new Writer(database, MemberFence.Acquire(database, settings.ManagerId, time, alone: !settings.HasPeers), new WriterOptions { Time = time });
        await FirstAccount.Create(new Store(database), writer, ids, time, new RandomSecrets(), settings.PlatformId,
            password => PrivateFile.Write(settings.PasswordFile, password + "\n"));
        Console.WriteLine($"The manager of platform {settings.PlatformId} is ready to start.");
        return 0;
    }
}

/// <summary>Every migration, in the order in which tables refer to each other.</summary>
internal static class Migrations
{
    public static IReadOnlyList<MigrationSet> All { get; } = [MigrationSet.Kernel, MigrationSet.Embedded("nssv", typeof(VirtualMachine).Assembly)];
}
