using System.Reflection;
using System.Text.Json;

namespace Nssv.Kernel.Model;

/// <summary>How a property is stored; the same on every database.</summary>
public enum ColumnKind
{
    /// <summary><see cref="Kernel.Id"/> as text.</summary>
    Id,
    Text,
    /// <summary>An enum as its camelCase name.</summary>
    Enum,
    /// <summary>int or long as 64 bits.</summary>
    Whole,
    /// <summary>0 or 1 in 16 bits.</summary>
    Boolean,
    /// <summary>Microseconds since 1970 in UTC, 64 bits.</summary>
    Time,
    /// <summary>double.</summary>
    Real,
    /// <summary>JSON text (<see cref="KernelJson.Options"/>).</summary>
    Json,
}

/// <summary>One property of a stored record.</summary>
public sealed class ColumnModel
{
    internal ColumnModel(PropertyInfo property, int ordinal, ColumnKind kind, Type clrType, bool nullable)
    {
        Info = property;
        Ordinal = ordinal;
        Kind = kind;
        ClrType = clrType;
        Nullable = nullable;
        Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        JsonName = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
        JsonText = JsonEncodedText.Encode(JsonName);
        Editable = property.IsDefined(typeof(EditableAttribute));
        Observed = property.IsDefined(typeof(ObservedAttribute));
        Internal = property.IsDefined(typeof(InternalAttribute));
        Secret = property.IsDefined(typeof(SecretAttribute));
        HasLabelIndex = property.GetCustomAttribute<JsonColumnAttribute>() is { Indexed: true };
    }

    /// <summary>Name of the C# property.</summary>
    public string Property => Info.Name;

    /// <summary>snake_case name in the database.</summary>
    public string Name { get; }

    /// <summary>camelCase name in the API, in filters and in events.</summary>
    public string JsonName { get; }

    /// <summary>The same, ready to be written.</summary>
    internal JsonEncodedText JsonText { get; }

    /// <summary>Place in the record's SELECT list.</summary>
    public int Ordinal { get; }

    public ColumnKind Kind { get; }

    /// <summary>The property's type without <c>?</c>.</summary>
    public Type ClrType { get; }

    public bool Nullable { get; }
    public bool IsKey { get; internal set; }
    public bool Editable { get; }
    public bool Observed { get; }
    public bool Internal { get; }
    public bool Secret { get; }

    /// <summary>Its keys and texts have rows of their own beside the table (<see cref="Data.LabelRow"/>).</summary>
    internal bool HasLabelIndex { get; }

    /// <summary>May be seen through the API and in events.</summary>
    public bool Public => !Internal && !Secret;

    /// <summary>The resource that this column refers to, if it does.</summary>
    public ReferenceModel? Reference { get; internal set; }

    public PropertyInfo Info { get; }

    public override string ToString() => $"{Info.DeclaringType?.Name}.{Property}";
}

/// <summary>A foreign key from one table to another.</summary>
public sealed record ReferenceModel(TableModel From, ColumnModel Column, TableModel Target, OnDelete OnDelete);

/// <summary>An index of a table, with its name in the database.</summary>
/// <param name="Number">Among the columns: instead of it the number that its text says. Rows whose text says none are left out; the text itself stands at the end.</param>
public sealed record IndexModel(string Name, IReadOnlyList<ColumnModel> Columns, bool Unique, ColumnModel? Number = null);
