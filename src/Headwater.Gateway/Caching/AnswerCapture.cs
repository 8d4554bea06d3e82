namespace Headwater.Gateway.Caching;

/// <summary>Keeps what passes by of one answer, up to a length; a longer one is not kept at all.</summary>
internal sealed class AnswerCapture(int longest)
{
    byte[] _bytes = new byte[Math.Min(longest, 1024)];
    int _length;

    public bool IsTooLong { get; private set; }
    public int Length => _length;
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);
    public ReadOnlyMemory<byte> ToMemory() => _bytes.AsSpan(0, _length).ToArray();

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (IsTooLong) return;
        if (_length + bytes.Length > longest)
        {
            IsTooLong = true;
            _bytes = [];
            return;
        }
        if (_length + bytes.Length > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Min(longest, Math.Max(_length + bytes.Length, 2L * _bytes.Length)));
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }
}
