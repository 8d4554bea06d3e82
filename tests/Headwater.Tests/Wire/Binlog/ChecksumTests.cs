using System.Text;
using Headwater.Core.Log;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Tests.Wire.Binlog;

public class ChecksumTests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)] // the check value of the algorithm's catalogue entry
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void Crc_of_known_texts(string text, uint crc)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(crc, Crc32.Of(bytes));
        for (var cut = 0; cut <= bytes.Length; cut++) Assert.Equal(crc, Crc32.Of(bytes.AsSpan(cut), Crc32.Of(bytes.AsSpan(0, cut))));
    }

    [Fact]
    public void Crc_is_the_same_with_the_processor_s_help_and_without_at_every_length_and_alignment()
    {
        var bytes = new byte[1024];
        new Random(3).NextBytes(bytes);
        for (var start = 0; start < 17; start++)
            for (var length = 0; length + start <= bytes.Length; length += length < 200 ? 1 : 37)
                Assert.Equal(~Crc32.ByTables(bytes.AsSpan(start, length), ~7u), Crc32.Of(bytes.AsSpan(start, length), 7));
    }

    [Theory]
    [InlineData("", 0xEF46DB3751D8E999ul)] // of the specification's reference implementation
    [InlineData("a", 0xD24EC4F1A98C6E5Bul)]
    [InlineData("abc", 0x44BC2CF5AD770999ul)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1ul)]
    public void Hash_of_known_texts_however_it_is_cut(string text, ulong hash)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var sum = new XxHash64();
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            sum.Reset();
            sum.Append(bytes.AsSpan(0, cut));
            sum.Append(bytes.AsSpan(cut));
            Assert.Equal(hash, sum.Finish());
        }
    }
}
