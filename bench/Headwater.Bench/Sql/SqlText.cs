using System.Buffers.Text;
using System.Text;

namespace Headwater.Bench.Sql;

/// <summary>A statement with a few integers in it, put together in one buffer again and again.</summary>
sealed class SqlText
{
    byte[] _bytes = new byte[256];
    int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public SqlText Begin(ReadOnlySpan<byte> text)
    {
        _length = 0;
        return Add(text);
    }

    public SqlText Add(ReadOnlySpan<byte> text)
    {
        if (_length + text.Length > _bytes.Length) Array.Resize(ref _bytes, 2 * (_length + text.Length));
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
        return this;
    }

    public SqlText Add(long number)
    {
        if (_length + 20 > _bytes.Length) Array.Resize(ref _bytes, 2 * _bytes.Length);
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(_length), out var written);
        _length += written;
        return this;
    }

    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
