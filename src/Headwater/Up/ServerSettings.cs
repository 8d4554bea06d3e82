using System.Globalization;

namespace Headwater.Up;

/// <summary>The settings of one server, as the option file that it is started with. Sources: https://mariadb.com/kb/en/ , the pages of the variables named.</summary>
internal static class ServerSettings
{
    public static string Text(MariaDbInstallation installation, ServerRecord server, ServerFolder folder, bool isPrimary, EmbeddedClusterOptions options)
    {
        var role = isPrimary ? Primary(options) : Replica(options);
        return string.Create(CultureInfo.InvariantCulture, $"""
            # Written by headwater up at each start. Changes here are lost.
            [mariadbd]
            lc-messages-dir = {installation.ShareDirectory}
            socket = {folder.Socket}
            pid-file = {Path.Combine(folder.Path, "server.pid")}
            log-error = {folder.Log}
            tmpdir = {folder.Temporary}

            # Only this machine can reach it; names are never looked up.
            bind-address = 127.0.0.1
            port = {server.Port}
            skip-name-resolve = ON
            report-host = 127.0.0.1
            report-port = {server.Port}
            max-connections = 1000
            max-allowed-packet = 1G
            # Connections of whoever vanished do not stand for the system's two hours.
            tcp-keepalive-time = 60
            tcp-keepalive-interval = 10
            tcp-keepalive-probes = 3

            # One log: row events with what a consumer needs to read them alone, one transaction after the other in each domain.
            server-id = {server.ServerId}
            gtid-domain-id = 0
            gtid-strict-mode = ON
            log-bin = binlog
            binlog-format = ROW
            binlog-row-image = FULL
            binlog-row-metadata = FULL
            # A replica syncs its relay log after every event; large statements come in fewer of them.
            binlog-row-event-max-size = 65536
            log-slave-updates = ON
            relay-log = relay
            binlog-expire-logs-seconds = 604800
            # Safe with row events, and applications may then create functions without the SUPER right.
            log-bin-trust-function-creators = ON

            # What is acknowledged survives a crash of the machine.
            innodb-flush-log-at-trx-commit = 1
            sync-binlog = 1

            {role}

            # Small, as three servers share one machine.
            innodb-buffer-pool-size = {options.BufferPoolMegabytes}M
            innodb-log-file-size = 96M
            innodb-temp-data-file-path = ibtmp1:1M:autoextend
            performance-schema = OFF

            character-set-server = utf8mb4
            collation-server = utf8mb4_general_ci

            """);
    }

    // The master side of semi-sync is on at the primary only. On at a replica with log_slave_updates, its SQL thread waits
    // out the whole timeout for every transaction.
    //
    // Timeout and wait_no_slave: a primary that stops waiting is silently asynchronous, and what it acknowledges then dies
    // with it. So it waits a day, also when no replica is connected: with every replica gone, commits wait until one is back
    // (a dead one is started again after a second). Availability without a replica is the road not taken here.
    static string Primary(EmbeddedClusterOptions options) => options.Replicas == 0
        ? "# Primary without replicas: nobody could acknowledge.\nread-only = OFF"
        : """
            # Primary: a commit is acknowledged when a replica has it, and visible to nobody before.
            read-only = OFF
            rpl-semi-sync-master-enabled = ON
            rpl-semi-sync-master-wait-point = AFTER_SYNC
            rpl-semi-sync-master-wait-no-slave = ON
            rpl-semi-sync-master-timeout = 86400000
            """;

    // skip-slave-start: the links are made at each start, when the primary already listens; a link that finds nobody
    // would wait a whole second before it tries again.
    // Under a controller a replica acknowledges from when it is told to: one that has just started has thrown its relay log away, and with it perhaps the
    // only copy of what it acknowledged before.
    static string Replica(EmbeddedClusterOptions options) => $"""
        # Replica: applies in parallel, commits in the primary's order, acknowledges what is durable in its relay log.
        read-only = ON
        rpl-semi-sync-slave-enabled = {(options.Controlled ? "OFF" : "ON")}
        rpl-semi-sync-slave-kill-conn-timeout = 1
        skip-slave-start = ON
        slave-parallel-mode = optimistic
        slave-parallel-threads = 4
        slave-net-timeout = 4
        sync-relay-log = 1
        """;
}
