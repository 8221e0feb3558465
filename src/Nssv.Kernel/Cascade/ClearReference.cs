using System.Reflection;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>Sets a reference to null that still refers to what is about to be deleted. One that is gone, or refers elsewhere by now, is left as it is.</summary>
/// <param name="Kind">Of the row, singular kebab-case.</param>
/// <param name="Property">The reference.</param>
internal sealed record ClearReference(Id RowId, string Kind, string Property, Id From) : Request<bool>
{
    public override Id Target => RowId;
}

internal sealed class ClearReferenceTurn(ResourceModels models) : CallTurn<ClearReference, bool>
{
    private static readonly MethodInfo Typed = typeof(ClearReferenceTurn).GetMethod(nameof(Clear), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo Clone = typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!;

    public override bool NaturallyKeyed => true;

    public override ValueTask<Answer<bool>> Decide(ClearReference request, TurnContext turn)
    {
        if (!models.TrySingular(request.Kind, out var table) || table.Column(request.Property) is not { Reference.OnDelete: OnDelete.Detach } column)
            throw new InvalidOperationException($"{request.Kind}.{request.Property} is no reference that is detached");
        return (ValueTask<Answer<bool>>)Typed.MakeGenericMethod(table.Type).Invoke(null, [request, column, turn])!;
    }

    private static async ValueTask<Answer<bool>> Clear<T>(ClearReference request, ColumnModel column, TurnContext turn) where T : Resource
    {
        if (await turn.Store.Find<T>(request.RowId) is not { } before || !request.From.Equals(column.Info.GetValue(before)))
            return Answer(false);
        var after = (T)Clone.Invoke(before, null)!;
        column.Info.SetValue(after, null);
        return Answer(true, new UnitOfWork().Update(before, after with { UpdatedAt = turn.Now }));
    }
}
