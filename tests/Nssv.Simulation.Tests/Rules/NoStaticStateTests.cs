using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Nssv.Agent.Protocol;
using Nssv.Kernel.Calls;
using Nssv.Services;
using Shouldly;
using Xunit;

namespace Nssv.Simulation.Tests.Rules;

/// <summary>
/// What a simulation runs keeps nothing in statics: two worlds in one process would share it, and a restarted node would find it. Calls that leave the
/// context are kept out by src/BannedSymbols.txt when it is compiled.
/// </summary>
[Trait("group", "simulation")]
public sealed class NoStaticStateTests
{
    /// <summary>Filled once from declarations, the same in every world, and never again changed.</summary>
    private static readonly string[] Tables =
    [
        "Nssv.Kernel.Agents.CommandNames.Declared",
        "Nssv.Kernel.Data.EnumText`1.Texts",
        "Nssv.Kernel.Data.EnumText`1.Values",
    ];

    private static readonly Type[] Changeable =
    [
        typeof(Dictionary<,>), typeof(List<>), typeof(HashSet<>), typeof(Queue<>), typeof(Stack<>), typeof(SortedDictionary<,>), typeof(LinkedList<>), typeof(ConditionalWeakTable<,>),
        typeof(ConcurrentDictionary<,>), typeof(ConcurrentQueue<>), typeof(ConcurrentBag<>), typeof(ConcurrentStack<>), typeof(ThreadLocal<>), typeof(AsyncLocal<>),
        typeof(Lock), typeof(Random), typeof(CancellationTokenSource), typeof(TaskCompletionSource), typeof(TaskCompletionSource<>), typeof(SemaphoreSlim), typeof(System.Text.StringBuilder),
    ];

    [Fact]
    public void Nothing_is_kept_in_statics()
    {
        var types = typeof(IBus).Assembly.GetTypes()
            .Concat(typeof(PlatformRegistration).Assembly.GetTypes())
            .Concat(typeof(CommandDesk).Assembly.GetTypes().Where(type => type.Namespace == typeof(CommandDesk).Namespace))
            .Where(type => !IsGenerated(type)).ToList();
        types.Count.ShouldBeGreaterThan(300);
        var faults = types.SelectMany(Faults).ToList();
        faults.Where(fault => !Tables.Contains(fault.Field)).ShouldBeEmpty();
        // What is let through is there, and would be found: this test can fail.
        faults.Select(fault => fault.Field).ShouldBe(Tables, ignoreOrder: true);
    }

    private static IEnumerable<(string Field, string What)> Faults(Type type)
    {
        foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        {
            var name = $"{type.FullName}.{field.Name}";
            if (field.IsLiteral || field.Name.Contains("__", StringComparison.Ordinal))
                continue;
            if (!field.IsInitOnly)
                yield return (name, "can be set");
            else if (CanChange(field.FieldType))
                yield return (name, $"is a {field.FieldType.Name}, which can change");
        }
    }

    private static bool CanChange(Type type) =>
        Changeable.Contains(type.IsGenericType ? type.GetGenericTypeDefinition() : type)
        || type.Assembly.GetName().Name!.StartsWith("Nssv", StringComparison.OrdinalIgnoreCase) && type.IsClass && !typeof(Delegate).IsAssignableFrom(type)
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Any(field => !field.IsInitOnly && !IsInit(type, field));

    /// <summary>The field behind an init-only property can be set, but only while the object is made.</summary>
    private static bool IsInit(Type type, FieldInfo field) =>
        field.Name.StartsWith('<') && type.GetProperty(field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)], BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)?.SetMethod is { } set
        && set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute), false) || type.Name.Contains('<', StringComparison.Ordinal) || type.DeclaringType is { } outer && IsGenerated(outer)
        || type.FullName!.Contains("RegularExpressions.Generated", StringComparison.Ordinal);
}
