using System.Runtime.InteropServices;
using Nssv.Agent;
using Nssv.Client.Problems;
using Nssv.Simulator;
using Nssv.Simulator.Run;
using Nssv.Simulator.Scenarios;

using var stop = new CancellationTokenSource();
using var giveUp = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var options = SimulateOptions.Parse(args);
    await new Simulation(options, new Progress(Console.Out, !Console.IsOutputRedirected, TimeProvider.System)).Run(stop.Token, giveUp.Token);
    return 0;
}
catch (SimulatorException exception)
{
    return Complain(exception.Message, exception.Advice);
}
catch (ScenarioException exception)
{
    return Complain(exception.Message, "samples/scenarios shows what there is.");
}
catch (SetupException exception)
{
    return Complain(exception.Message, exception.Advice);
}
catch (ApiProblemException exception)
{
    return Complain($"{exception.Problem.Title} {exception.Problem.Detail}".TrimEnd(), exception.Problem.Advice ?? "");
}
catch (Exception exception) when (exception is HttpRequestException or TimeoutException)
{
    return Complain($"The manager does not answer: {exception.Message}", "'nssv status' tells how it is.");
}

// The first asks for the end, the second gives up what the end still does.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    if (stop.IsCancellationRequested)
        giveUp.Cancel();
    else
        stop.Cancel();
}

static int Complain(string message, string advice)
{
    Console.Error.WriteLine(message);
    if (advice.Length > 0)
        Console.Error.WriteLine(advice);
    return 1;
}
