using System.Text;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Wire;

public class ResultDigestTests
{
    /// <summary>A result set of one column as a server sends it.</summary>
    static byte[] Answer(bool deprecateEof, params string[] rows)
    {
        var writer = new PacketWriter(1024);
        byte sequence = 1;
        void Packet(params ReadOnlySpan<byte> payload)
        {
            writer.Begin(sequence++);
            writer.Bytes(payload);
            writer.End();
        }
        Packet(1);
        Packet(3, (byte)'d', (byte)'e', (byte)'f');
        if (!deprecateEof) Packet(0xFE, 0, 0, 2, 0);
        foreach (var row in rows) Packet([(byte)row.Length, .. Encoding.ASCII.GetBytes(row)]);
        Packet(deprecateEof ? [0xFE, 0, 0, 2, 0, 0, 0] : [0xFE, 0, 0, 2, 0]);
        return writer.Written.ToArray();
    }

    static ResultDigest Of(byte[] answer, bool deprecateEof) => ResultDigest.Of(answer, deprecateEof) ?? throw new InvalidOperationException("no digest");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_same_rows_in_another_order_are_the_same(bool deprecateEof)
    {
        var one = Of(Answer(deprecateEof, "a", "b", "b"), deprecateEof);
        Assert.Equal(3, one.Rows);
        Assert.True(one.HasTheRowsOf(Of(Answer(deprecateEof, "b", "a", "b"), deprecateEof)));
        Assert.False(one.HasTheRowsOf(Of(Answer(deprecateEof, "a", "a", "b"), deprecateEof)));
        Assert.False(one.HasTheRowsOf(Of(Answer(deprecateEof, "a", "b"), deprecateEof)));
        Assert.False(one.HasTheRowsOf(Of(Answer(deprecateEof), deprecateEof)));
    }

    [Fact]
    public void How_a_result_is_closed_has_no_part_in_it() => Assert.True(Of(Answer(true, "a"), true).HasTheRowsOf(Of(Answer(false, "a"), false)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_cut_short_or_has_more_behind_it_is_none(bool deprecateEof)
    {
        var whole = Answer(deprecateEof, "a", "b");
        for (var length = 0; length < whole.Length; length++) Assert.Null(ResultDigest.Of(whole.AsSpan(0, length), deprecateEof));
        Assert.Null(ResultDigest.Of([.. whole, 0], deprecateEof));
        Assert.Null(ResultDigest.Of([.. whole, .. whole], deprecateEof));
    }

    [Fact]
    public void An_error_and_an_OK_are_none()
    {
        Assert.Null(ResultDigest.Of([7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0], true));
        Assert.Null(ResultDigest.Of([9, 0, 0, 1, 0xFF, 0x6A, 0x04, (byte)'#', (byte)'4', (byte)'2', (byte)'0', (byte)'0', (byte)'0'], true));
        var digest = new ResultDigest(true);
        Assert.True(digest.Add([0xFF, 0x6A, 0x04, (byte)'#', (byte)'4', (byte)'2', (byte)'0', (byte)'0', (byte)'0', (byte)'n', (byte)'o']));
        Assert.False(digest.IsComplete);
        Assert.Contains("error 1130", digest.Error, StringComparison.Ordinal);
    }
}
