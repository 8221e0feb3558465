using Nssv.Kernel;

namespace Nssv.Contracts.Agent;

/// <summary>Sent every 15 s. <paramref name="Sequence"/> grows with every message, also over incarnations, and orders them.</summary>
public sealed record Heartbeat(Id HostId, string BootId, long AgentIncarnation, long Sequence, HostCapacity Capacity, IReadOnlyList<StorageStatus> Storages);

/// <summary>The manager asks for everything anew when it does not know this incarnation.</summary>
/// <param name="OwnerUrl">The manager that looks after this host, if it is another one: tell that one.</param>
/// <param name="ManagerUrls">Where all live managers are reached; null when there is but one.</param>
public sealed record HeartbeatReply(bool Resync, int IntervalSeconds, string? OwnerUrl = null, IReadOnlyList<string>? ManagerUrls = null);

public sealed record HostCapacity(int CpuCount, long MemoryBytes, string CpuModel, string VirtualizationType, string AgentVersion, string LibvirtVersion, string HypervisorVersion, string Architecture);

public sealed record StorageStatus(Id StorageId, bool Available, long CapacityBytes, long AvailableBytes, string? Reason);

/// <summary>What the host sees; <paramref name="Full"/> means that what is not in it is not there.</summary>
/// <param name="AnsweredHeartbeat">Number of the last heartbeat that was answered before the host looked: so old the report is at most.</param>
public sealed record HostReport(
    Id HostId, string BootId, long AgentIncarnation, long Sequence, bool Full, IReadOnlyList<DomainStatus> Domains, IReadOnlyList<LayerStatus> Layers, long AnsweredHeartbeat = 0);

/// <summary>A layer file found in a data storage.</summary>
public sealed record LayerStatus(Id DataStorageId, Id LayerId, long AllocatedBytes);

public sealed record ReportReceipt(long Sequence);

/// <summary>The agent's certificate will end: it has made a new key, and asks over the connection that the old certificate still opens.</summary>
public sealed record RenewCertificate(Id HostId, string CertificateRequestPem);

/// <summary>The old certificate counts until the new one is seen.</summary>
public sealed record RenewedCertificate(string CertificatePem);

/// <summary>An agent's first message: the token that the administrator was given and a certificate request for a key made on the host.</summary>
public sealed record EnrolRequest(string Token, string CertificateRequestPem, string AgentUrl);

public sealed record EnrolReply(Id HostId, Id PlatformId, string CertificatePem, string AuthorityPem, string ManagerAgentApiUrl);
