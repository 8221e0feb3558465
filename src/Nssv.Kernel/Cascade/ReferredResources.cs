using Nssv.Kernel.Data;

namespace Nssv.Kernel.Cascade;

/// <summary>Reads what a request's fields refer to.</summary>
public static class ReferredResources
{
    /// <exception cref="ProblemException">400 reference-not-found, naming the field.</exception>
    public static async ValueTask<T> Referred<T>(this IStore store, Id id, string field) where T : class =>
        await store.Find<T>(id) ?? throw Problems.Invalid(
            field, $"{field} names no existing {Kind(typeof(T).Name)}: {id}.", "List the collection to find the right id.", "reference-not-found").AsException();

    private static string Kind(string type) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(type).Replace('-', ' ');
}
