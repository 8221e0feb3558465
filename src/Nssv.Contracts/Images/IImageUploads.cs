using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Operations;

namespace Nssv.Contracts.Images;

/// <summary>An image's bytes pass through the manager to the host that serves its image storage, and nothing of them stays here.</summary>
public interface IImageUploads
{
    /// <summary>Finds where the bytes must go.</summary>
    /// <exception cref="ProblemException">404, or 409 upload-not-expected: the image waits for no upload.</exception>
    Task<ImageUpload> Begin(Id imageId, Caller caller);

    /// <summary>The host has all bytes: the waiting operation goes on.</summary>
    /// <returns>That operation.</returns>
    Task<Operation> Complete(ImageUpload upload);
}

public sealed record ImageUpload(Id ImageId, Id ImageStorageId, Id HostId, Id OperationId);
