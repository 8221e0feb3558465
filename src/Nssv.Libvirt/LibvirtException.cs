using System.Runtime.InteropServices;

namespace Nssv.Libvirt;

/// <summary>What libvirt answered instead of doing the thing: its code, the part of it that failed, its message.</summary>
public sealed class LibvirtException(LibvirtError code, int domain, string message) : Exception(message)
{
    /// <summary>virErrorNumber.</summary>
    public LibvirtError Code { get; } = code;

    /// <summary>virErrorDomain: which part of libvirt raised it.</summary>
    public int Domain { get; } = domain;

    /// <summary>Whether the connection is gone rather than the request wrong: opening another one may help.</summary>
    public bool ConnectionLost => Code is LibvirtError.Rpc or LibvirtError.NoConnect or LibvirtError.InvalidConnection
        || (Code is LibvirtError.SystemError && Domain == RpcDomain) || (Code is LibvirtError.InternalError && Message.Contains("client socket is closed", StringComparison.Ordinal));

    private const int RpcDomain = 7;

    /// <summary>Reads the calling thread's last error: to be called straight after the failed call.</summary>
    internal static unsafe LibvirtException Last(string call)
    {
        var error = Native.virGetLastError();
        return error is null
            ? new LibvirtException(LibvirtError.InternalError, 0, $"{call} failed and left no error.")
            : new LibvirtException((LibvirtError)error->Code, error->Domain, Marshal.PtrToStringUTF8(error->Message) ?? call);
    }
}

/// <summary>The members of virErrorNumber that somebody decides on; others appear as their number.</summary>
public enum LibvirtError
{
    Ok = 0,
    InternalError = 1,
    NoSupport = 3,
    NoConnect = 5,
    InvalidConnection = 6,
    InvalidArgument = 8,
    OperationFailed = 9,
    XmlError = 27,
    DomainExists = 28,
    SystemError = 38,
    Rpc = 39,
    NoDomain = 42,
    OperationInvalid = 55,
    ConfigUnsupported = 67,
    OperationTimeout = 68,
    NoMetadata = 80,
    OperationUnsupported = 84,
    AgentUnresponsive = 86,
    ResourceBusy = 87,
    XmlInvalidSchema = 92,
}
