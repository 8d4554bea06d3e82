using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Wire;

public class BoundIntegerTests
{
    const byte Unsigned = 0x80;

    static (bool Found, long Value) Read(int index, byte nulls, params (ColumnType Type, byte Flags, byte[] Bytes)[] parameters)
    {
        var found = BoundInteger.TryRead([.. parameters.SelectMany(one => new[] { (byte)one.Type, one.Flags })], [nulls], [.. parameters.SelectMany(one => one.Bytes)], index, out var value);
        return (found, value);
    }

    [Fact]
    public void Integers_of_all_sizes_and_signs_are_64_bits_in_twos_complement()
    {
        Assert.Equal((true, -1L), Read(0, 0, (ColumnType.Tiny, 0, [0xFF])));
        Assert.Equal((true, 255L), Read(0, 0, (ColumnType.Tiny, Unsigned, [0xFF])));
        Assert.Equal((true, -2L), Read(0, 0, (ColumnType.Short, 0, [0xFE, 0xFF])));
        Assert.Equal((true, 65534L), Read(0, 0, (ColumnType.Short, Unsigned, [0xFE, 0xFF])));
        Assert.Equal((true, int.MinValue), Read(0, 0, (ColumnType.Long, 0, [0, 0, 0, 0x80])));
        Assert.Equal((true, 0x80000000L), Read(0, 0, (ColumnType.Long, Unsigned, [0, 0, 0, 0x80])));
        Assert.Equal((true, long.MinValue), Read(0, 0, (ColumnType.LongLong, 0, [0, 0, 0, 0, 0, 0, 0, 0x80])));
        Assert.Equal((true, long.MinValue), Read(0, 0, (ColumnType.LongLong, Unsigned, [0, 0, 0, 0, 0, 0, 0, 0x80])));
    }

    [Fact]
    public void What_stands_before_it_is_stepped_over()
    {
        (ColumnType, byte, byte[])[] before =
        [
            (ColumnType.Null, 0, []), (ColumnType.VarString, 0, [3, 1, 2, 3]), (ColumnType.VarString, 0, []), (ColumnType.DateTime, 0, [7, 1, 2, 3, 4, 5, 6, 7]), (ColumnType.Time, 0, [0]),
            (ColumnType.Double, 0, [1, 2, 3, 4, 5, 6, 7, 8]), (ColumnType.Blob, 0, [0xFC, 2, 0, 9, 9]),
        ];
        // The third is NULL, whatever type it was bound as: it has no value.
        Assert.Equal((true, 77L), Read(7, 0b100, [.. before, (ColumnType.Tiny, 0, [77])]));
    }

    [Theory]
    [InlineData(ColumnType.VarString)]
    [InlineData(ColumnType.Double)]
    [InlineData(ColumnType.NewDecimal)]
    [InlineData(ColumnType.Null)]
    public void What_is_bound_as_anything_else_is_none(ColumnType type) =>
        Assert.False(Read(0, 0, (type, 0, [1, 53, 0, 0, 0, 0, 0, 0])).Found);

    [Fact]
    public void NULL_and_what_is_cut_short_are_none()
    {
        Assert.False(Read(0, 1, (ColumnType.Tiny, 0, [])).Found);
        Assert.False(Read(0, 0, (ColumnType.LongLong, 0, [1, 2, 3, 4, 5, 6, 7])).Found);
        Assert.False(Read(1, 0, (ColumnType.VarString, 0, [200, 1]), (ColumnType.Tiny, 0, [1])).Found);
        Assert.False(Read(1, 0, (ColumnType.Tiny, 0, [1])).Found);
        Assert.False(Read(-1, 0, (ColumnType.Tiny, 0, [1])).Found);
    }
}
