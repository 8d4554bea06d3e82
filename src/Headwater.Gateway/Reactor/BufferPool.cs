using System.Buffers;

namespace Headwater.Gateway.Reactor;

/// <summary>
/// Buffers of one reactor: small ones are kept here without locks, large ones come from the shared pool.
/// <see cref="Outstanding"/> must be back at zero when nothing runs; tests fail when it is not.
/// </summary>
internal sealed class BufferPool
{
    const int SmallSize = 1024, MediumSize = 16 * 1024;
    readonly Stack<byte[]> _small = new();
    readonly Stack<byte[]> _medium = new();

    public long Outstanding { get; private set; }

    public byte[] Rent(int atLeast)
    {
        Outstanding++;
        if (atLeast <= SmallSize) return _small.TryPop(out var small) ? small : GC.AllocateUninitializedArray<byte>(SmallSize);
        if (atLeast <= MediumSize) return _medium.TryPop(out var medium) ? medium : GC.AllocateUninitializedArray<byte>(MediumSize);
        return ArrayPool<byte>.Shared.Rent(atLeast);
    }

    public void Return(byte[] buffer)
    {
        Outstanding--;
        switch (buffer.Length)
        {
            case SmallSize when _small.Count < 4096:
                _small.Push(buffer);
                break;
            case MediumSize when _medium.Count < 256:
                _medium.Push(buffer);
                break;
            case > MediumSize:
                ArrayPool<byte>.Shared.Return(buffer);
                break;
        }
    }
}
