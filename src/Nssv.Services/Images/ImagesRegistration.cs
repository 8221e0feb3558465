using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Images;
using Nssv.Services.Images.Images;

namespace Nssv.Services.Images;

public static class ImagesRegistration
{
    /// <summary>Beside turns, steps and flows: the way of uploads.</summary>
    public static IServiceCollection AddImages(this IServiceCollection services) => services.AddSingleton<IImageUploads, ImageUploads>();
}
