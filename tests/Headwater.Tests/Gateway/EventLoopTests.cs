using System.Net.Sockets;
using Headwater.Gateway.Reactor;

namespace Headwater.Tests.Gateway;

public class EventLoopTests
{
    [Fact]
    public async Task What_is_posted_to_a_loop_that_has_ended_gets_into_nobodys_connection()
    {
        var path = Path.Combine(Path.GetTempPath(), $"loop-{Environment.ProcessId}-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(64);
        // Somebody else in this process may have had the number for a moment: so more than once.
        for (var time = 0; time < 20; time++)
        {
            var loop = new EventLoop(0, static _ => { });
            loop.Start();
            var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            loop.Post(ran.SetResult);
            await ran.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            loop.Stop();
            loop.Dispose();
            // Two of these get the numbers that were closed: the lowest free one is given next.
            var ends = new List<Socket>();
            for (var i = 0; i < 8; i++)
            {
                var end = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                end.Connect(new UnixDomainSocketEndPoint(path));
                ends.AddRange(end, listener.Accept());
            }
            loop.Post(static () => { });
            Assert.All(ends, static end => Assert.Equal(0, end.Available));
            foreach (var end in ends) end.Dispose();
        }
        File.Delete(path);
    }
}
