using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Nssv.Client.Transport;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class RetryPolicyTests
{
    /// <summary>What a client meets that connects just as the manager is killed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handshake_that_the_servers_end_breaks_is_tried_again(bool reset)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var closing = Close();
        using var client = new HttpClient();

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync($"https://{listener.LocalEndpoint}/"));

        fault.HttpRequestError.ShouldBe(HttpRequestError.SecureConnectionError);
        RetryPolicy.IsTransient(fault).ShouldBeTrue($"{fault.InnerException}");
        await closing;

        async Task Close()
        {
            using var accepted = await listener.AcceptSocketAsync();
            await accepted.ReceiveAsync(new byte[1]);
            if (reset)
                accepted.LingerState = new LingerOption(enable: true, 0);
        }
    }

    [Fact]
    public void A_certificate_that_is_not_trusted_is_not_asked_for_again() =>
        RetryPolicy.IsTransient(new HttpRequestException(HttpRequestError.SecureConnectionError, "", new AuthenticationException())).ShouldBeFalse();
}
