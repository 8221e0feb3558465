using System.Runtime.Versioning;

// KVM hosts run Linux; the agent is not meant for anything else.
[assembly: SupportedOSPlatform("linux")]
