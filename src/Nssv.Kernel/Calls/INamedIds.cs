namespace Nssv.Kernel.Calls;

/// <summary>Names of a collection whose resources the program itself names: in a path such a name may stand for the id. Register one for each such collection.</summary>
public interface INamedIds
{
    /// <summary>As in the API's paths.</summary>
    string Collection { get; }

    /// <exception cref="ProblemException">404: there is none of this name.</exception>
    Id IdOf(string name);
}
