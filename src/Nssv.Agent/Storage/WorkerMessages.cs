using System.Text.Json;
using System.Text.Json.Serialization;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Storage;

/// <summary>One call of <see cref="IDataStorageDriver"/> as a line of JSON to the worker.</summary>
[JsonDerivedType(typeof(OpenCall), "open")]
[JsonDerivedType(typeof(MeasureCall), "measure")]
[JsonDerivedType(typeof(CreateCall), "create")]
[JsonDerivedType(typeof(CreateChildCall), "create-child")]
[JsonDerivedType(typeof(FindCall), "find")]
[JsonDerivedType(typeof(InboxCall), "inbox")]
[JsonDerivedType(typeof(ImportCall), "import")]
[JsonDerivedType(typeof(DeleteCall), "delete")]
[JsonDerivedType(typeof(ListCall), "list")]
[JsonDerivedType(typeof(PrepareCall), "prepare")]
[JsonDerivedType(typeof(ReleaseCall), "release")]
[JsonDerivedType(typeof(AcquireLeaseCall), "acquire-lease")]
[JsonDerivedType(typeof(ReleaseLeaseCall), "release-lease")]
[JsonDerivedType(typeof(LeaveCall), "leave")]
internal abstract record WorkerCall;

internal sealed record OpenCall : WorkerCall;
internal sealed record MeasureCall : WorkerCall;
internal sealed record CreateCall(Id LayerId, VolumeFormat Format, long SizeBytes) : WorkerCall;
internal sealed record CreateChildCall(Id LayerId, long SizeBytes, Id ParentLayerId, VolumeFormat ParentFormat) : WorkerCall;
internal sealed record FindCall(Id LayerId) : WorkerCall;
internal sealed record InboxCall(Id LayerId) : WorkerCall;
internal sealed record ImportCall(Id LayerId, LayerSource Source) : WorkerCall;
internal sealed record DeleteCall(Id LayerId) : WorkerCall;
internal sealed record ListCall : WorkerCall;
internal sealed record PrepareCall(Id LayerId, LayerAccess Access) : WorkerCall;
internal sealed record ReleaseCall(Id LayerId) : WorkerCall;
internal sealed record AcquireLeaseCall(VolumeLease Lease) : WorkerCall;
internal sealed record ReleaseLeaseCall(VolumeLease Lease) : WorkerCall;

internal sealed record LeaveCall : WorkerCall;

internal sealed record WorkerRequest(long Number, WorkerCall Call);

/// <summary>An answer is never null on the wire.</summary>
internal sealed record FoundLayer(LayerInfo? Layer);

/// <summary>Number 0 is the greeting: the worker is up.</summary>
internal sealed record WorkerReply(long Number, JsonElement? Result, Problem? Problem);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(WorkerRequest))]
[JsonSerializable(typeof(WorkerReply))]
[JsonSerializable(typeof(StorageFacts))]
[JsonSerializable(typeof(StorageCapacity))]
[JsonSerializable(typeof(LayerInfo))]
[JsonSerializable(typeof(FoundLayer))]
[JsonSerializable(typeof(LayerAttachment))]
[JsonSerializable(typeof(IReadOnlyList<StoredLayer>))]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(string))]
internal sealed partial class WorkerJson : JsonSerializerContext;
