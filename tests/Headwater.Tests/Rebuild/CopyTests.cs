using System.Collections.Immutable;
using System.Text;
using Headwater.Core.Failover;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;
using Headwater.Core.Verify;

namespace Headwater.Tests.Rebuild;

public sealed class CopyTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("a\tb\nc\\d\0e", "a\\tb\\nc\\\\d\\0e")]
    [InlineData("\\N", "\\\\N")]
    [InlineData("\r\n", "\r\\n")]
    public void Bytes_that_mean_something_to_the_reader_are_escaped(string value, string expected)
    {
        var bytes = Encoding.Latin1.GetBytes(value);
        var into = new byte[LoadText.Longest(bytes.Length)];
        Assert.Equal(expected, Encoding.Latin1.GetString(into, 0, LoadText.Write(bytes, into)));
    }

    [Fact]
    public void The_longest_value_fits_with_what_ends_it()
    {
        var bytes = new byte[1000];
        var into = new byte[LoadText.Longest(bytes.Length)];
        Assert.True(LoadText.Write(bytes, into) + 1 < into.Length);
    }

    [Fact]
    public void How_much_a_table_is_shows_while_it_is_copied()
    {
        var table = new CopiedTable(new TableName("shop", "t"), [], IsVersioned: false, IsTransactional: true, "InnoDB", 1_000, 500_000);
        Assert.Equal(500_000, table.BytesBy(0, 0));
        Assert.Equal(20_000, table.BytesBy(500, 10_000));
        Assert.Equal(20_000, table.BytesBy(1_000, 20_000));
        Assert.Equal(0, table.BytesBy(1_001, 20_020));
    }

    [Fact]
    public void Each_kind_of_value_is_read_and_taken_so_that_no_bit_of_it_is_lost()
    {
        static VerifiedColumn Column(string name, string type, string? charset = null) => VerifiedColumn.Of(name, type, type.Split('(')[0], charset, charset, nullable: true, "");
        var table = new CopiedTable(new TableName("a`b", "t"), [Column("id", "int"), Column("f", "float"), Column("e", "enum('a')"), Column("b", "bit(64)"), Column("u", "uuid"), Column("t", "varchar(9)", "utf16")],
            IsVersioned: false, IsTransactional: true, "InnoDB", 0, 0);
        Assert.Equal("SELECT `id`, `f`*1e0, CAST(`e` AS UNSIGNED), CAST(`b` AS UNSIGNED), `u`, `t` FROM `a``b`.`t`", table.Read);
        Assert.EndsWith("(`id`, `f`, @c2, @c3, @c4, `t`) SET `e`=CAST(@c2 AS UNSIGNED), `b`=CAST(@c3 AS UNSIGNED), `u`=CONVERT(@c4 USING latin1)", table.Load, StringComparison.Ordinal);
        Assert.Contains("SET `id`=@c0, ", (table with { Numbered = "id" }).Load, StringComparison.Ordinal);
        Assert.Contains("CHARACTER SET binary", table.Load, StringComparison.Ordinal);
        Assert.EndsWith("FOR SYSTEM_TIME ALL", (table with { IsVersioned = true }).Read, StringComparison.Ordinal);
    }

    static ServerSettings Settings(string server, params (string Name, string Value)[] changed)
    {
        var values = new Dictionary<string, string>
        {
            ["version"] = "10.11.19-MariaDB-log",
            ["server_id"] = "9",
            ["log_bin"] = "ON",
            ["log_slave_updates"] = "ON",
            ["gtid_strict_mode"] = "ON",
            ["gtid_domain_id"] = "0",
            ["binlog_format"] = "ROW",
            ["binlog_row_image"] = "FULL",
            ["lower_case_table_names"] = "0",
            ["local_infile"] = "ON",
            ["max_allowed_packet"] = "1048576",
            ["innodb_page_size"] = "16384",
            ["report_host"] = "h",
        };
        foreach (var (name, value) in changed) values[name] = value;
        return new ServerSettings(new ServerId(server), ServerRole.Unknown, values.ToImmutableDictionary());
    }

    [Theory]
    [InlineData("server_id", "3", true, "SET GLOBAL server_id = 4")]
    [InlineData("log_bin", "OFF", true, "")]
    [InlineData("log_slave_updates", "OFF", true, "")]
    [InlineData("gtid_strict_mode", "OFF", true, "SET GLOBAL gtid_strict_mode = ON")]
    [InlineData("gtid_domain_id", "5", true, "SET GLOBAL gtid_domain_id = 0")]
    [InlineData("binlog_format", "MIXED", true, "SET GLOBAL binlog_format = ROW")]
    [InlineData("lower_case_table_names", "1", true, "")]
    [InlineData("local_infile", "OFF", true, "SET GLOBAL local_infile = ON")]
    [InlineData("version", "10.6.18-MariaDB", true, "")]
    [InlineData("version", "11.4.2-MariaDB", false, null)]
    [InlineData("max_allowed_packet", "1024", false, "SET GLOBAL max_allowed_packet = 1048576")]
    [InlineData("report_host", "", false, "")]
    public void A_server_that_could_not_follow_as_the_others_do_is_told_what_mends_it(string setting, string value, bool refuses, string? mend)
    {
        var others = new Dictionary<uint, ServerId> { [1] = new("db1"), [3] = new("db3") };
        Assert.Empty(ReplicaFitness.Check(Settings("db4"), Settings("db1"), others));
        var found = ReplicaFitness.Check(Settings("db4", (setting, value)), Settings("db1"), others);
        if (mend is null) Assert.Empty(found);
        else
        {
            var finding = Assert.Single(found);
            Assert.Equal((setting, mend, refuses), (finding.Setting, finding.Mend, finding.Weight == AuditWeight.Breaks));
        }
    }
}
