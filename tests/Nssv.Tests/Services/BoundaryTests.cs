using System.Reflection;
using System.Reflection.Emit;
using Nssv.Services.Storage;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>A service sees the kernel and the contracts, never another service. Looks at declarations and into the code of every method.</summary>
[Trait("group", "services")]
public sealed class BoundaryTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly Assembly Services = typeof(StorageRegistration).Assembly;
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Fact]
    public void No_service_uses_another()
    {
        var violations = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in Services.GetTypes())
        {
            if (Area(type) is not { } area)
                continue;
            foreach (var used in Uses(type).SelectMany(Parts))
            {
                if (Area(used) is { } other && other != area)
                    violations.Add($"{type.FullName} uses {used.FullName}");
            }
        }

        violations.ShouldBeEmpty();
    }

    [Fact]
    public void The_look_into_code_finds_what_is_used_there() =>
        Uses(typeof(UsesInCode)).ShouldContain(typeof(StorageRegistration));

    /// <summary>The part of the name after Nssv.Services; null for what stands above the services.</summary>
    private static string? Area(Type type) =>
        type.Assembly == Services && type.Namespace?.Split('.') is { Length: > 2 } parts ? parts[2] : null;

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition())
        : [type];

    private static IEnumerable<Type> Uses(Type type)
    {
        if (type.BaseType is { } parent)
            yield return parent;
        foreach (var used in type.GetInterfaces()
            .Concat(type.GetFields(All).Select(field => field.FieldType))
            .Concat(type.GetProperties(All).Select(property => property.PropertyType)))
            yield return used;
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        {
            foreach (var parameter in method.GetParameters())
                yield return parameter.ParameterType;
            if (method is MethodInfo { ReturnType: var returned })
                yield return returned;
            foreach (var used in InCode(method))
                yield return used;
        }
    }

    private static IEnumerable<Type> InCode(MethodBase method)
    {
        var body = method.GetMethodBody();
        foreach (var local in body?.LocalVariables ?? [])
            yield return local.LocalType;
        var code = body?.GetILAsByteArray() ?? [];
        for (var at = 0; at < code.Length;)
        {
            var op = code[at] == 0xFE ? OpCodesByValue[(short)(0xFE00 | code[at + 1])] : OpCodesByValue[code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                var member = method.Module.ResolveMember(
                    BitConverter.ToInt32(code, at),
                    method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null,
                    method.IsGenericMethod ? method.GetGenericArguments() : null);
                if (member is Type type)
                    yield return type;
                if (member?.DeclaringType is { } declaring)
                    yield return declaring;
                if (member is MethodInfo { IsGenericMethod: true } generic)
                {
                    foreach (var argument in generic.GetGenericArguments())
                        yield return argument;
                }
            }

            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }

    private static class UsesInCode
    {
        public static string Name() => nameof(UsesInCode) + typeof(StorageRegistration).Name;
    }
}
