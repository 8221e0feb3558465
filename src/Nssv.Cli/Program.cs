using Nssv.Cli;

return await CommandLine.Run(args, CliEnvironment.OfProcess());
