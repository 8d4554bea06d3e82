using Headwater.Configuration;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Configuration;

public class NotationTests
{
    [Theory]
    [InlineData("200ms", 200)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("500us", 0.5)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("10", -1)]
    [InlineData("2h", -1)]
    [InlineData("-1s", -1)]
    [InlineData("1e3s", -1)]
    [InlineData("1,5s", -1)]
    [InlineData("s", -1)]
    [InlineData("79228162514264337593543950335h", -1)]
    [InlineData("99999999999999999999999999999999999s", -1)]
    public void A_duration_is_a_number_with_its_unit(string text, double milliseconds)
    {
        var read = Notations.Duration(TimeSpan.Zero, TimeSpan.FromHours(1)).Read(text, out var span);
        Assert.Equal(milliseconds, read ? span.TotalMilliseconds : -1);
    }

    [Theory]
    [InlineData("64MB", 64L << 20)]
    [InlineData("1GB", 1L << 30)]
    [InlineData("0.5GB", 512L << 20)]
    [InlineData("4096B", 4096L)]
    [InlineData("64M", null)]
    [InlineData("64", null)]
    [InlineData("2GB", null)]
    public void A_size_is_a_number_with_its_unit(string text, long? bytes)
    {
        var read = Notations.Size(1024, 1 << 30).Read(text, out var size);
        Assert.Equal(bytes, read ? size : null);
    }

    [Theory]
    [InlineData("db1", "db1", 3306)]
    [InlineData("db1.example.com:3307", "db1.example.com", 3307)]
    [InlineData("::1", "::1", 3306)]
    [InlineData("[::1]:3310", "::1", 3310)]
    [InlineData("[::1]", "::1", 3306)]
    [InlineData("db1:", null, 0)]
    [InlineData("db1:0", null, 0)]
    [InlineData("db1:65536", null, 0)]
    [InlineData("db1:33x", null, 0)]
    [InlineData(":3306", null, 0)]
    [InlineData("a:b:c", null, 0)]
    [InlineData("[db1]:3306", null, 0)]
    [InlineData("mysql://db1", null, 0)]
    [InlineData("user@db1", null, 0)]
    public void An_address_is_host_and_port(string text, string? host, int port)
    {
        var read = Notations.ServerAddress.Read(text, out var address);
        Assert.Equal(host is null ? null : new ServerAddress(host, port), read ? address : null);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(200, "200ms")]
    [InlineData(1500, "1500ms")]
    [InlineData(60_000, "1m")]
    [InlineData(7_200_000, "2h")]
    public void Durations_are_shown_as_they_are_written(int milliseconds, string shown) => Assert.Equal(shown, Notations.Show(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("weigth", "weight")]
    [InlineData("max-lag", "max_lag")]
    [InlineData("Reads", "reads")]
    [InlineData("server", "servers")]
    [InlineData("nonsense", null)]
    public void A_mistyped_name_is_recognised(string written, string? meant) =>
        Assert.Equal(meant, NearestName.Of(written, ["weight", "max_lag", "reads", "servers", "writes", "http"]));
}
