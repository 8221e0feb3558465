using Nssv.Contracts;
using Nssv.Kernel;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Model;

namespace Nssv.Services;

/// <summary>Name, description and labels, for every resource that has them.</summary>
public sealed class NamedResourceRules : ResourceRules<NamedResource>
{
    protected override IEnumerable<FieldError> Check(NamedResource before, NamedResource after) =>
        [.. Rules.Name("name", after.Name), .. Rules.Description("description", after.Description), .. Rules.Labels("labels", after.Labels)];
}
