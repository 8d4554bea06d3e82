using System.Net.Sockets;
using Headwater.Core.Failover;
using Headwater.Handover;

namespace Headwater.Tests.Handover;

/// <summary>What two processes tell each other, and what they hand over.</summary>
public sealed class LinkTests : IDisposable
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    readonly string _directory = Directory.CreateTempSubdirectory("hw-link-").FullName;
    readonly Socket _listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    readonly Link _here, _there;

    public LinkTests()
    {
        var path = Path.Combine(_directory, "s");
        _listening.Bind(new UnixDomainSocketEndPoint(path));
        _listening.Listen();
        _here = Link.To(path);
        _there = new Link(_listening.Accept());
    }

    [Fact]
    public async Task A_listening_socket_goes_over_and_is_accepted_on_there_when_it_is_closed_here()
    {
        var offered = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        offered.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        offered.Listen();
        var endpoint = offered.LocalEndPoint!;
        _here.Tell(new Message.Offer(Message.CurrentFormat, 1, "1.2.3", ["127.0.0.1:4406"], null, true), (int)offered.Handle);
        var (message, descriptors) = (await _there.NextAsync(Ct))!.Value;
        Assert.Equal(["127.0.0.1:4406"], Assert.IsType<Message.Offer>(message).Listeners);
        offered.Dispose();

        using var taken = new Socket(new SafeSocketHandle(Assert.Single(descriptors), ownsHandle: true));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endpoint, Ct);
        using var accepted = await taken.AcceptAsync(Ct);
        Assert.Equal(client.LocalEndPoint, accepted.RemoteEndPoint);
    }

    [Fact]
    public async Task Messages_come_as_they_were_told_and_in_order_whatever_their_size()
    {
        Message[] told =
        [
            new Message.Take(1, 4711, "0.1.0"), new Message.Refused(new string('é', 20_000)), new Message.Holding(new Peer("process 7", "", 3, 12, 2)),
            new Message.Kill(1, 99, true, "app", false), new Message.Killed(1, 1094), new Message.Over(),
        ];
        foreach (var message in told) _here.Tell(message);
        foreach (var message in told) Assert.Equal(message, (await _there.NextAsync(Ct))!.Value.Message);
    }

    [Fact]
    public async Task What_is_told_before_the_end_is_heard_and_then_the_end()
    {
        _here.Tell(new Message.Refused("it is not to be"));
        _here.Dispose();
        Assert.IsType<Message.Refused>((await _there.NextAsync(Ct))!.Value.Message);
        Assert.Null(await _there.NextAsync(Ct));
    }

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("{\"message\":\"not one of these\"}\n")]
    [InlineData("{}\n")]
    public async Task What_is_not_understood_ends_it(string line)
    {
        using var raw = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await raw.ConnectAsync(_listening.LocalEndPoint!, Ct);
        using var heard = new Link(await _listening.AcceptAsync(Ct));
        await raw.SendAsync(System.Text.Encoding.UTF8.GetBytes(line), Ct);
        Assert.Null(await heard.NextAsync(Ct));
    }

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
        _listening.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
