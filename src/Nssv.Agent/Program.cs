using Nssv.Agent.Storage;

return args is [StorageWorker.Verb, .. var worker] ? await StorageWorker.Serve(worker) : 2;
