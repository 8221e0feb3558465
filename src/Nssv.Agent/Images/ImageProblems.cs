using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>Why an image is refused. Whatever the reason, nothing of it is kept.</summary>
internal static class ImageProblems
{
    private const string Converted = "Flatten it first: qemu-img convert -O qcow2 IN OUT.";

    public static Problem NotFound(Id imageId) => new(404, "image-not-found", "The image is not in the storage.", $"Image {imageId} is not here.", "Import it again.");
    public static Problem UploadMissing(Id imageId) => new(409, "image-upload-missing", "The image's bytes have not been uploaded.", $"Nothing was received for image {imageId}.", "Send the file with PUT …/content, then import.");
    public static Problem UploadCut(long expected, long received) => new(400, "image-upload-incomplete", "The upload broke off.", $"{received} of {expected} bytes arrived.", "Send the file again.");
    public static Problem TooLarge(long limit) => new(413, "image-too-large", "The image is larger than this host takes in.", $"The limit is {ByteCount.InWords(limit)}.", "Make it smaller, or raise maximumImageBytes of the agent.");
    public static Problem BackingFile(string? name) => new(422, "image-has-backing-file", "The image refers to another file.", $"Its backing file is '{Printable(name)}'.", Converted);
    public static Problem DataFile() => new(422, "image-has-data-file", "The image keeps its data in another file.", "It names an external data file.", Converted);
    public static Problem Snapshots(uint count) => new(422, "image-has-snapshots", "The image has internal snapshots.", $"There are {count}.", Converted);
    public static Problem Encrypted() => new(422, "image-encrypted", "The image is encrypted.", null, "Decrypt it first: qemu-img convert with its secret.");
    public static Problem UnknownFeatures(ulong bits) => new(422, "image-unknown-features", "The image needs features that are not known.", $"Incompatible feature bits 0x{bits:x}.", "Convert it with an older qemu-img, or upgrade the host.");
    public static Problem Unclean(string what) => new(422, "image-unclean", "The image was not closed cleanly.", what, "Repair it first: qemu-img check -r all IMAGE; copy it only while nothing uses it.");
    public static Problem Lies(string detail) => new(422, "image-header-lies", "The image's header cannot be true.", detail, "The file is damaged or made to do harm; get it anew from a source you trust.");
    public static Problem SizeLies(long header, long tool) => new(422, "image-virtual-size-lies", "The image's size is not certain.", $"Its header says {header} bytes, qemu-img {tool}.", "The file is damaged or made to do harm; get it anew from a source you trust.");
    public static Problem VirtualSize(long size, long limit) => new(422, "image-virtual-size-invalid", "The image's disk has a size that is not possible here.", $"It says {ByteCount.InWords(size)}; possible are 512 bytes to {ByteCount.InWords(limit)}.", "Make the disk smaller (qemu-img resize --shrink), or get the file anew.");
    public static Problem Format(string claimed, string found) => new(422, "image-format-mismatch", "The image is of another format than was said.", $"It was said to be {claimed}; it looks like {found}.", found is "qcow2" or "raw" or "iso" ? $"Give format={found} if that is what it is; else get the file anew." : "Convert or unpack the file first.", "format");
    public static Problem Cut(string detail) => new(422, "image-truncated", "The image is cut off or damaged.", detail, "Copy or download it again, and compare its checksum.");
    public static Problem NotRead(string detail) => new(422, "image-unreadable", "The image cannot be read.", detail, "Check the file with qemu-img info and qemu-img check.");
    public static Problem Architecture(string wanted, string host) => new(422, "image-architecture-mismatch", "The image is for another architecture.", $"It is for {wanted}; this host is {host}.", "Use an image storage on a host of that architecture.", "architecture");
    public static Problem Url(string detail, string advice = "Use an http or https URL that this host can reach and may.") => new(400, "image-url-refused", "The URL cannot be used.", detail, advice, "source.url");
    public static Problem Fetch(string detail) => new(502, "image-download-failed", "The image could not be downloaded.", detail, "Check the URL and the host's way to it, then try again.", "source.url");
    public static Problem File(string detail) => new(400, "image-file-refused", "The file cannot be imported.", detail, "Put a regular file below an import folder of the host: 'import' in its NSSV_HOME, and those of importFolders in agent/agent.json there.", "source.file");
    public static Problem Source() => new(400, "image-source-invalid", "The source is not clear.", "Exactly one of upload, url and file must be given.", null, "source");
    public static Problem Busy(Id imageId) => new(409, "image-upload-running", "The image is being received already.", $"Another upload for image {imageId} has not ended.", "Wait for it, or break it off.");
    public static Problem OtherContent(string wanted, string stored) => new(409, "image-exists", "There is another image of this id.", $"Its checksum is {stored}, asked was {wanted}.", "Delete the image first.");

    /// <summary>Names out of untrusted files are shown without what could disturb a terminal or a page.</summary>
    private static string Printable(string? text) => new((text ?? "?").Select(c => char.IsControl(c) || c is '<' or '>' or '"' ? '·' : c).Take(200).ToArray());
}
