using System.Runtime.CompilerServices;

namespace Headwater.Gateway.Reactor;

/// <summary>
/// Gives the reactor's other sessions their turn when one has had its share: commands that were sent ahead are answered inline one after
/// the other, and a client that sends them faster than they are answered would never let go. Awaited at the head of a session's loop.
/// </summary>
internal sealed class Pause(EventLoop loop) : ICriticalNotifyCompletion
{
    const int Share = 64;
    long _turn = -1;
    int _had;

    public Pause GetAwaiter() => this;

    /// <summary>Nothing to wait for while the share is not used up; a turn of its own begins it anew.</summary>
    public bool IsCompleted
    {
        get
        {
            if (_turn != loop.Turn)
            {
                _turn = loop.Turn;
                _had = 0;
            }
            return ++_had <= Share;
        }
    }

    public void GetResult() { }
    public void OnCompleted(Action continuation) => loop.Post(continuation);
    public void UnsafeOnCompleted(Action continuation) => loop.Post(continuation);
}
