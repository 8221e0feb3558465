using System.Globalization;

namespace Nssv.Simulator.Run;

/// <summary>What <c>nssv simulate</c> asks for.</summary>
internal sealed record SimulateOptions
{
    public required string Home { get; init; }

    /// <summary>Null: as many as the scenario says, or as there are already.</summary>
    public int? Hosts { get; init; }

    public int VirtualMachines { get; init; }
    public string? ScenarioFile { get; init; }
    public int Seed { get; init; } = 1;

    /// <summary>Leaves the rows, and the hosts' state, at the end.</summary>
    public bool Keep { get; init; }

    public int HostsPerCluster { get; init; } = 100;

    /// <summary>Virtual machines that are created at once.</summary>
    public int Together { get; init; } = 64;

    /// <exception cref="SimulatorException">The arguments make no sense.</exception>
    public static SimulateOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new SimulateOptions { Home = "" };
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            options = name switch
            {
                "--home" => options with { Home = Path.GetFullPath(Value()) },
                "--hosts" => options with { Hosts = Number(1, 15_000_000) },
                "--vms" => options with { VirtualMachines = Number(0, 100_000_000) },
                "--scenario" => options with { ScenarioFile = Value() },
                "--seed" => options with { Seed = Number(0, int.MaxValue) },
                "--keep" => options with { Keep = true },
                "--hosts-per-cluster" => options with { HostsPerCluster = Number(1, 10_000) },
                "--together" => options with { Together = Number(1, 1_024) },
                _ => throw new SimulatorException($"'{name}' is not understood.", "'nssv simulate --help' shows what there is."),
            };

            string Value() => ++i < arguments.Count ? arguments[i] : throw new SimulatorException($"{name} needs a value.", "'nssv simulate --help' shows what there is.");

            int Number(int least, int most) => int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new SimulatorException($"{name} is a number from {least} to {most}, not '{arguments[i]}'.", "'nssv simulate --help' shows what there is.");
        }
        return options.Home.Length > 0 ? options : throw new SimulatorException("--home is missing.", "Name the platform's folder.");
    }
}
