namespace Nssv.Cli.Platform.Start;

/// <summary>Which host the agent in this home has enrolled as.</summary>
internal static class AgentIdentity
{
    private static string FileOf(InstanceHome home) => Path.Combine(home.Agent, "enrolled-as");

    public static bool IsOf(InstanceHome home, string hostId)
    {
        try
        {
            return File.ReadAllText(FileOf(home)).Trim() == hostId;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static void Record(InstanceHome home, string hostId) => AtomicFile.Write(FileOf(home), hostId + "\n", AtomicFile.Secret);
}
