using System.Net.Sockets;
using System.Text;
using Headwater.Commands;
using Xunit;

namespace Headwater.Tests.Commands;

/// <summary>Who is told is a real socket, as systemd's is.</summary>
public sealed class SystemdNoticeTests : IDisposable
{
    readonly string _path = Path.Combine(Path.GetTempPath(), $"hw-notify-{Guid.NewGuid():N}");
    readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 10_000 };

    public SystemdNoticeTests() => _systemd.Bind(new UnixDomainSocketEndPoint(_path));

    public void Dispose()
    {
        _systemd.Dispose();
        File.Delete(_path);
    }

    string Receive()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, _systemd.Receive(buffer));
    }

    [Fact]
    public void A_service_says_when_it_serves_and_when_it_stops()
    {
        using var notice = new SystemdNotice(_path, null);
        notice.Ready("serves cluster shop", static _ => Task.FromResult(true));
        notice.Stopping();
        Assert.Equal("READY=1\nSTATUS=serves cluster shop", Receive());
        Assert.StartsWith("STOPPING=1\n", Receive(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_gives_signs_of_life_while_it_lives_and_none_when_it_hangs()
    {
        var lives = true;
        using var notice = new SystemdNotice(_path, "40000");
        notice.Ready("", _ => Task.FromResult(Volatile.Read(ref lives)));
        Receive();
        for (var i = 0; i < 5; i++) Assert.Equal("WATCHDOG=1", Receive());
        Volatile.Write(ref lives, false);
        _systemd.ReceiveTimeout = 500;
        // What was sent before may still lie there; then nothing comes any more.
        for (var more = 0; more < 3; more++)
            try
            {
                Receive();
            }
            catch (SocketException)
            {
                return;
            }
        Assert.Fail("signs of life of one that hangs");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/nowhere/at/all")]
    public void Where_nobody_listens_nothing_happens(string? address)
    {
        using var notice = new SystemdNotice(address, "1000");
        notice.Ready("", static _ => Task.FromResult(true));
        notice.Stopping();
    }
}
