namespace Nssv.Libvirt;

/// <summary>Something happened to a domain. What it is now is to be read, not concluded: events may lie behind.</summary>
public sealed record DomainEvent(Guid Uuid, DomainEventType Type, int Detail);

/// <summary>virDomainEventType, and <see cref="Rebooted"/>, which libvirt tells by an event of its own.</summary>
public enum DomainEventType { Defined, Undefined, Started, Suspended, Resumed, Stopped, Shutdown, PmSuspended, Crashed, Rebooted = 100 }

/// <summary>virDomainState.</summary>
public enum LibvirtState { NoState, Running, Blocked, Paused, Shutdown, ShutOff, Crashed, PmSuspended }

/// <summary>virDomainPausedReason, as far as somebody decides on it.</summary>
public enum PausedReason { Unknown = 0, User = 1, IoError = 5, Watchdog = 6, ShuttingDown = 8, Crashed = 10, StartingUp = 11 }

/// <summary>virDomainShutoffReason.</summary>
public enum ShutOffReason { Unknown, Shutdown, Destroyed, Crashed, Migrated, Saved, Failed, FromSnapshot, Daemon }

/// <summary>virConnectCloseReason.</summary>
public enum CloseReason { Error, EndOfFile, KeepAlive, Client }
