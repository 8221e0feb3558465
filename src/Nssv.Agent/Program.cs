using Nssv.Agent;
using Nssv.Agent.Storage;

return args switch
{
    ["serve", .. var options] => await Commands.Serve(options),
    ["enroll", .. var options] => await Commands.Enroll(options),
    [StorageWorker.Verb, .. var worker] => await StorageWorker.Serve(worker),
    _ => Commands.Usage(),
};
