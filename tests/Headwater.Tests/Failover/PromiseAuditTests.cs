using System.Collections.Immutable;
using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Tests.Failover;

/// <summary>What stands between servers' settings and the promise to lose nothing.</summary>
public sealed class PromiseAuditTests
{
    static readonly ImmutableDictionary<string, string> All = Of(
        ("log_bin", "ON"), ("sync_binlog", "1"), ("innodb_flush_log_at_trx_commit", "1"), ("log_slave_updates", "ON"), ("gtid_strict_mode", "ON"), ("binlog_format", "ROW"), ("binlog_row_image", "FULL"),
        ("gtid_domain_id", "0"), ("version", "10.11.6-MariaDB"), ("tcp_keepalive_time", "60"), ("replicate_do_db", ""), ("rpl_semi_sync_master_timeout", "86400000"),
        ("rpl_semi_sync_master_wait_point", "AFTER_SYNC"), ("rpl_semi_sync_master_wait_no_slave", "ON"), ("sync_relay_log", "1"), ("slave_net_timeout", "4"));

    static readonly ImmutableDictionary<string, string> Primary = All.SetItems(Of(("server_id", "1"), ("read_only", "OFF"), ("rpl_semi_sync_master_enabled", "ON"), ("rpl_semi_sync_slave_enabled", "OFF")));
    static readonly ImmutableDictionary<string, string> Replica = All.SetItems(Of(("server_id", "2"), ("read_only", "ON"), ("rpl_semi_sync_master_enabled", "OFF"), ("rpl_semi_sync_slave_enabled", "ON")));

    [Fact]
    public void Servers_that_keep_the_promise_are_found_nothing_against() => Assert.Empty(Audit([], []));

    [Theory]
    [InlineData("rpl_semi_sync_master_enabled", "OFF", "Breaks")]
    [InlineData("rpl_semi_sync_master_wait_point", "AFTER_COMMIT", "Breaks")]
    [InlineData("rpl_semi_sync_master_wait_no_slave", "OFF", "Breaks")]
    [InlineData("rpl_semi_sync_master_timeout", "10000", "Breaks")]
    [InlineData("log_bin", "OFF", "Breaks")]
    [InlineData("sync_binlog", "0", "Breaks")]
    [InlineData("innodb_flush_log_at_trx_commit", "2", "Breaks")]
    [InlineData("log_slave_updates", "OFF", "Breaks")]
    [InlineData("gtid_strict_mode", "OFF", "Weakens")]
    [InlineData("binlog_format", "MIXED", "Weakens")]
    [InlineData("binlog_row_image", "MINIMAL", "Weakens")]
    [InlineData("tcp_keepalive_time", "0", "Weakens")]
    [InlineData("tcp_keepalive_time", "7200", "Weakens")]
    public void A_setting_of_the_primary_that_stands_against_it_is_named(string setting, string value, string weight)
    {
        var finding = Assert.Single(Audit([(setting, value)], []));
        Assert.Equal(("db1", setting, weight), (finding.Server.Name, finding.Setting, finding.Weight.ToString()));
    }

    [Theory]
    [InlineData("rpl_semi_sync_slave_enabled", "OFF", "Breaks")]
    [InlineData("read_only", "OFF", "Breaks")]
    [InlineData("sync_relay_log", "10000", "Weakens")]
    [InlineData("rpl_semi_sync_master_enabled", "ON", "Weakens")]
    [InlineData("slave_net_timeout", "60", "Weakens")]
    [InlineData("replicate_do_db", "shop", "Breaks", "replicate_*")]
    [InlineData("gtid_domain_id", "1", "Breaks")]
    [InlineData("version", "10.6.18-MariaDB", "Weakens")]
    [InlineData("server_id", "1", "Breaks")]
    public void A_setting_of_a_replica_that_stands_against_it_is_named(string setting, string value, string weight, string? told = null)
    {
        var finding = Assert.Single(Audit([], [(setting, value)]));
        Assert.Equal((told ?? setting, weight), (finding.Setting, finding.Weight.ToString()));
    }

    [Fact]
    public void One_replica_alone_is_little_and_none_is_too_little()
    {
        Assert.Equal("replicas", Assert.Single(PromiseAudit.Audit([new ServerSettings(new ServerId("db1"), ServerRole.Primary, Primary)])).Setting);
        var one = Assert.Single(PromiseAudit.Audit([new ServerSettings(new ServerId("db1"), ServerRole.Primary, Primary), new ServerSettings(new ServerId("db2"), ServerRole.Replica, Replica)]));
        Assert.Equal((AuditWeight.Weakens, "replicas"), (one.Weight, one.Setting));
    }

    [Fact]
    public void Commits_are_made_to_wait_only_where_somebody_keeps_those_who_acknowledge()
    {
        var waits = Assert.Single(Audit([("rpl_semi_sync_master_enabled", "OFF")], []));
        var flush = Assert.Single(Audit([("sync_binlog", "0")], []));
        Assert.Null(PromiseAudit.WhyNotToMend(waits, LossPromise.Zero));
        Assert.Contains("is left as it is", PromiseAudit.WhyNotToMend(waits, LossPromise.Bounded), StringComparison.Ordinal);
        Assert.Contains("is left as it is", PromiseAudit.WhyNotToMend(waits, LossPromise.BestEffort), StringComparison.Ordinal);
        Assert.Null(PromiseAudit.WhyNotToMend(flush, LossPromise.Bounded));
    }

    static ImmutableArray<AuditFinding> Audit((string, string)[] primary, (string, string)[] replica) => PromiseAudit.Audit(
    [
        new ServerSettings(new ServerId("db1"), ServerRole.Primary, Primary.SetItems(Of(primary))),
        new ServerSettings(new ServerId("db2"), ServerRole.Replica, Replica.SetItems(Of(replica))),
        new ServerSettings(new ServerId("db3"), ServerRole.Replica, Replica.SetItem("server_id", "3")),
    ]);

    static ImmutableDictionary<string, string> Of(params (string Name, string Value)[] values) => values.ToImmutableDictionary(static pair => pair.Name, static pair => pair.Value);
}
