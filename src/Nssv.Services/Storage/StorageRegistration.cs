using Microsoft.Extensions.DependencyInjection;
using Nssv.Services.Storage.DataStorages;

namespace Nssv.Services.Storage;

public static class StorageRegistration
{
    /// <summary>Beside turns, steps and flows: the kinds of data storage.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services) =>
        services.AddSingleton<IDataStorageKind, LocalDataStorage>().AddSingleton<DataStorageKinds>();
}
