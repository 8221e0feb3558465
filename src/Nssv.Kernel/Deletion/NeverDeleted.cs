using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Settings;

namespace Nssv.Kernel.Deletion;

/// <summary>What may lie in the recycle bin goes with a cascade for good; not so what is never to go by itself.</summary>
public static class NeverDeletedRows
{
    /// <summary>Those of a hook's rows whose policy is <see cref="DeletionPolicy.Never"/>, by their own word or by that of the setting of their kind.</summary>
    /// <param name="table">Where they are.</param>
    public static async ValueTask<IReadOnlyList<CascadeHindrance>> NeverDeleted(this DeletionRules rules, CascadeLook look, string table, ChoiceSetting<DeletionPolicy> kind)
    {
        if (look.Rows.Count == 0)
            return [];
        var byDefault = rules.Default(kind) == DeletionPolicy.Never ? " OR deletion_policy IS NULL" : "";
        var singular = look.Rows[0].Kind;
        return await look.Store.Select(
            $"SELECT id, name FROM {Sql.Quote(table)} WHERE id {{in0}} AND (deletion_policy = @p1{byDefault}) ORDER BY id", [look.Ids, DeletionPolicy.Never],
            row => new CascadeHindrance(
                singular, Id.Parse(row.GetString(0)), row.GetString(1), $"{singular} '{row.GetString(1)}' has deletion policy 'never'.", $"Delete the {singular} with expunge=true first, or give it another policy."));
    }
}
