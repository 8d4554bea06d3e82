using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>Who is told what happens on an endpoint; one at a time, changed as the work passes from hand to hand.</summary>
internal interface IEndpointOwner
{
    /// <summary>There may be something to receive, or the other side is gone: Receive tells.</summary>
    void OnReadable();

    /// <summary>All that was sent has left.</summary>
    void OnDrained();
}

/// <summary>
/// A byte stream on a reactor: plain, secured or compressed. Receiving never blocks, sending takes everything
/// (what the socket does not take waits in a queue: see <see cref="PendingOutput"/> and stop producing).
/// </summary>
internal abstract class Endpoint(EventLoop loop) : Watched
{
    public EventLoop Loop { get; } = loop;
    public IEndpointOwner? Owner { get; set; }

    /// <summary>Whether a Receive might bring something at once. Edge-triggered: when false, an event will come first.</summary>
    public bool MaybeReadable { get; protected set; }
    public abstract long PendingOutput { get; }
    public bool IsClosed { get; protected set; }

    /// <summary>Nobody on the way can read along.</summary>
    public virtual bool IsSecure => false;

    /// <summary>The other side has closed or failed; what it sent before may still be received.</summary>
    public bool IsHungUp { get; protected set; }

    /// <summary>Bytes received; 0 when there is nothing now; -1 when the other side has closed or failed.</summary>
    public abstract int Receive(Span<byte> into);
    public abstract void Send(ReadOnlySpan<byte> bytes);
    public abstract void Close();

    /// <summary>Closes once everything pending has left, at the latest after two seconds.</summary>
    public void CloseAfterFlush()
    {
        if (IsClosed) return;
        if (PendingOutput == 0)
        {
            Close();
            return;
        }
        Owner = new FlushThenClose(this);
        Loop.After(TimeSpan.FromSeconds(2), Close);
    }

    sealed class FlushThenClose(Endpoint endpoint) : IEndpointOwner
    {
        public void OnReadable() { }
        public void OnDrained() => endpoint.Close();
    }
}
