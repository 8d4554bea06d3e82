using System.Net;
using Headwater.Control.Alerting;
using Headwater.Control.Failover;
using Headwater.Core.Caching;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Servers;
using Headwater.Streams.Consumers;
using Headwater.Streams.Sinks;
using Headwater.Streams.Store;
using Headwater.WebConsole;
using Microsoft.Extensions.Logging;
using static Headwater.Configuration.Notations;

namespace Headwater.Configuration;

/// <summary>
/// The table of all keys of headwater.yaml, in the order of the documentation. Nothing about a key is said anywhere else:
/// its default, bounds and meaning here are what the parser checks, <c>config explain</c> tells and docs/configuration.md prints.
/// </summary>
static class Keys
{
    static readonly List<Key> _all = [];

    public static IReadOnlyList<Key> All => _all;

    public static readonly Key<string> Cluster = Add(new Key<string>("cluster", Word, "main",
        "The cluster's name. It stands in every token, so that a token of another cluster is refused instead of being misread.")
    { Reloadable = false });

    public static readonly Key<string> StateDirectory = Add(new Key<string>("state_directory", Notations.Path, ".headwater",
        "Where the gateway keeps what must outlive it: its own certificate, its Unix socket, and the file by which the other commands find it (--dir).")
    { Reloadable = false });

    public static readonly Key<int?> Threads = Add(new Key<int?>("threads", OrWord("auto", Integer(1, 256)), "auto",
        "Threads that move bytes (reactors). A session stays on one of them. auto is half the processors, at least one: the servers and the kernel need the rest.")
    { Reloadable = false });

    public static readonly Key<TimeSpan> Drain = Add(new Key<TimeSpan>("drain", Duration(TimeSpan.Zero, TimeSpan.FromHours(1)), "10s",
        "At a stop (SIGTERM), how long open transactions and running statements may take to end before they are cut."));

    public static readonly Key<TimeSpan> UpgradeDrain = Add(new Key<TimeSpan>("upgrade_drain", Duration(TimeSpan.Zero, TimeSpan.FromDays(7)), "1h",
        "After headwater upgrade, how long the sessions that are open may stay with the old process until they leave by themselves, as those of connection pools do at the end of a connection's lifetime. Then they are ended as at a stop."));

    // servers

    public static readonly SectionKey Servers = Add(new SectionKey("servers[]",
        "The servers of the cluster, in any order. Roles, replication, flavour and capabilities are discovered and followed; they are not configured.")
    { Required = true, Shorthand = "address" });

    public static readonly Key<ServerAddress> ServerAddress = Add(new Key<ServerAddress>("servers[].address", Notations.ServerAddress, null,
        "Where the server listens. A bare text in the list of servers is this key. Either this or socket is needed.")
    { Example = "10.0.0.1:3306", DefaultInWords = "none" });

    public static readonly Key<string> ServerSocket = Add(new Key<string>("servers[].socket", Notations.Path, null,
        "A Unix socket of the server on this host; preferred over the address where both are given, because it costs less.")
    { Example = "/run/mysqld/mysqld.sock", DefaultInWords = "none" });

    public static readonly Key<string> ServerName = Add(new Key<string>("servers[].name", Word, null,
        "The name by which people see the server in logs, metrics and SHOW HEADWATER SERVERS; unique in the cluster.")
    { Example = "db1", DefaultInWords = "the address" });

    public static readonly ListKey<ServerTags> ServerTags = Add(new ListKey<ServerTags>("servers[].tags",
        Choice(Core.Topology.ServerTags.Analytics, Core.Topology.ServerTags.Backup, Core.Topology.ServerTags.Delayed),
        "analytics: serves only those users, listeners or statements that ask for it. backup: never serves. delayed: is behind on purpose, serves only at level eventual and only when asked for.")
    { Example = "[analytics]", DefaultInWords = "no tag" });

    public static readonly Key<double> ServerWeight = Add(new Key<double>("servers[].weight", Number(0, 1000), "1",
        "The server's share of the reads, relative to the other servers; 0 sends it none."));

    public static readonly Key<string> ServerZone = Add(new Key<string>("servers[].zone", Word, null,
        "Where the server stands (a data centre, a rack). Copies in the gateway's own zone (reads.zone) are preferred.")
    { Example = "fra1", DefaultInWords = "no zone" });

    public static readonly Key<PromotionRule> ServerPromotion = Add(new Key<PromotionRule>("servers[].promotion", Choice(Enum.GetValues<PromotionRule>()), "neutral",
        "Whether the controller may make it the primary: prefer, among those that have received as much; neutral; never. Backup and delayed servers never are."));

    // control

    public static readonly SectionKey Control = Add(new SectionKey("control", "The controller, which replaces a primary that dies, and keeps the replicas following."));

    public static readonly Key<ControlMode> ControlModeKey = Add(new Key<ControlMode>("control.mode", Choice(Enum.GetValues<ControlMode>()), "off",
        "off: nothing is changed on any server; whoever can be written to and is followed is the primary. act: there is one primary, in the controller's journal; it is replaced when it dies, and any other server is kept read_only. The monitoring account then also needs READ_ONLY ADMIN, REPLICATION MASTER ADMIN, REPLICATION SLAVE ADMIN, REPLICATION SLAVE and CONNECTION ADMIN.")
    { Reloadable = false });

    public static readonly Key<LossPromise> ControlRpo = Add(new Key<LossPromise>("control.rpo", Choice(Enum.GetValues<LossPromise>()), "zero",
        "zero: commits wait for a replica's acknowledgement, and nobody is promoted who could lack an acknowledged write. bounded: nobody is promoted who lacks what the primary had logged control.rpo_bound before it last answered a look. best-effort: the server that has received most is promoted. With these two semi-synchronous replication is left as it is."));

    public static readonly Key<ControlShape> ControlShapeKey = Add(new Key<ControlShape>("control.shape", Choice(Enum.GetValues<ControlShape>()), "tree",
        "tree: every server follows the primary, and only that can be written to. ring: each follows the one named before it, and the first the last; who is named after one that dies follows the one before that. Each member may be written to in a gtid_domain_id of its own. Needs control.rpo: best-effort, as semi-synchronous replication does not go round a ring.")
    { Reloadable = false });

    public static readonly Key<TimeSpan> ControlRpoBound = Add(new Key<TimeSpan>("control.rpo_bound", Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)), "10s",
        "With control.rpo: bounded: what was acknowledged within this time before the primary last answered a look (one a second), and later, may be lost. That no replica could take over so is told while the primary lives."));

    public static readonly Key<TimeSpan> ControlReplaceAfter = Add(new Key<TimeSpan>("control.replace_after", Duration(TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(10)), "1s",
        "A primary whose process is gone, and that no replica hears, is replaced after this time; a shorter absence is a glitch."));

    public static readonly Key<TimeSpan> ControlReplaceSilentAfter = Add(new Key<TimeSpan>("control.replace_silent_after", Duration(TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(10)), "2s",
        "The same of one that accepts connections and does not answer, or that no packet reaches: it may be alive."));

    public static readonly Key<TimeSpan> ControlReplaceStalledAfter = Add(new Key<TimeSpan>("control.replace_stalled_after", Duration(TimeSpan.FromSeconds(2), TimeSpan.FromHours(24)), "10s",
        "One that answers is replaced when for this time no commit has got into its log although sessions are committing: its storage hangs. A large transaction makes others wait the same way while it is written, so give it longer where those are. A full disk, which MariaDB looks at again after a minute only, counts as silence."));

    public static readonly Key<string> ControlReplicationUser = Add(new Key<string>("control.replication_user", Text, null,
        "The account (with REPLICATION SLAVE) by which servers follow each other. Without it a replica keeps the account that it has, and a former primary cannot be made to follow.")
    { DefaultInWords = "none", Example = "replication" });

    public static readonly Key<string> ControlReplicationPassword = Add(new Key<string>("control.replication_password", Text, null,
        "Its password: as it is, or ${NAME} for an environment variable.")
    { IsSecret = true, DefaultInWords = "no password", Example = "${HEADWATER_REPLICATION_PASSWORD}" });

    public static readonly Key<string> ControlReplicationPasswordFile = Add(new Key<string>("control.replication_password_file", Notations.Path, null,
        "A file whose first line is the password; read again at each reload. Instead of replication_password, not beside it.")
    { DefaultInWords = "none", Example = "/etc/headwater/replication.password" });

    public static readonly Key<RecoverMode> ControlRecover = Add(new Key<RecoverMode>("control.recover", Choice(Enum.GetValues<RecoverMode>()), "propose",
        "What is done by itself when a former primary is back with transactions that its successor never had. propose: they are saved; if a client was told of any, or may have been, the server stays aside until headwater recover, else it is rewound and follows. auto: what overwrites nothing newer is applied to the primary, the rest goes into quarantine there, and the server is rewound. off: it is only told."));

    public static readonly Key<RebuildMode> ControlRebuild = Add(new Key<RebuildMode>("control.rebuild", Choice(Enum.GetValues<RebuildMode>()), "propose",
        "What is done by itself about a replica that can follow no more: it cannot apply what it receives, its source has purged what it lacks, or it has what the primary never had and cannot be rewound. propose: it is told, with the command. auto: it is made anew from another server, one at a time, once its tail is safe, and never the one on which commits wait. off: nothing is told."));

    public static readonly Key<string> ControlRecoveryUser = Add(new Key<string>("control.recovery_user", Text, null,
        "The account that recovers: SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REPLICATION SLAVE, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, BINLOG MONITOR, BINLOG ADMIN, RELOAD, READ_ONLY ADMIN. To rebuild servers (headwater rebuild, add-replica) it needs ALL PRIVILEGES ON *.* WITH GRANT OPTION on each, for accounts are copied too. Without it the monitoring account does, if it may.")
    { DefaultInWords = "the monitoring account", Example = "recovery" });

    public static readonly Key<string> ControlRecoveryPassword = Add(new Key<string>("control.recovery_password", Text, null,
        "Its password: as it is, or ${NAME} for an environment variable.")
    { IsSecret = true, DefaultInWords = "no password", Example = "${HEADWATER_RECOVERY_PASSWORD}" });

    public static readonly Key<string> ControlRecoveryPasswordFile = Add(new Key<string>("control.recovery_password_file", Notations.Path, null,
        "A file whose first line is the password; read again at each reload. Instead of recovery_password, not beside it.")
    { DefaultInWords = "none", Example = "/etc/headwater/recovery.password" });

    public static readonly Key<ControlLease> ControlLeaseKey = Add(new Key<ControlLease>("control.lease", Choice(Enum.GetValues<ControlLease>()), "file",
        "By what right a controller acts. file: by the lock of its journal in the state directory; it is the only one. etcd: any number of Headwater processes share a lease and the record in etcd; its holder acts, the others follow, and one of them takes over when it is gone.")
    { Reloadable = false });

    public static readonly Key<TimeSpan> ControlLeaseTtl = Add(new Key<TimeSpan>("control.lease_ttl", Duration(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)), "2s",
        "With control.lease etcd: a holder that has not renewed its lease for this time is succeeded. Whole seconds (rounded up); etcd itself allows none below 1.5 of its election timeouts.")
    { Reloadable = false });

    public static readonly SectionKey ControlEtcd = Add(new SectionKey("control.etcd", "The etcd (3.4 or later) of control.lease etcd, spoken to by its JSON gateway on the client ports."));

    public static readonly ListKey<Uri> EtcdEndpoints = Add(new ListKey<Uri>("control.etcd.endpoints", HttpUri,
        "The client URLs of its members; when one does not answer the next is asked. Needed with control.lease etcd.")
    { Reloadable = false, DefaultInWords = "none", Example = "[https://10.0.0.1:2379, https://10.0.0.2:2379, https://10.0.0.3:2379]" });

    public static readonly Key<string> EtcdPrefix = Add(new Key<string>("control.etcd.prefix", Text, "/headwater",
        "What the keys begin with; the cluster's name comes behind it, so several clusters can share one etcd.")
    { Reloadable = false });

    public static readonly Key<string> EtcdUser = Add(new Key<string>("control.etcd.user", Text, null,
        "The user, where etcd asks for one; it needs to read and write the keys under the prefix.")
    { Reloadable = false, DefaultInWords = "none", Example = "headwater" });

    public static readonly Key<string> EtcdPassword = Add(new Key<string>("control.etcd.password", Text, null,
        "Its password: as it is, or ${NAME} for an environment variable.")
    { Reloadable = false, IsSecret = true, DefaultInWords = "no password", Example = "${HEADWATER_ETCD_PASSWORD}" });

    public static readonly Key<string> EtcdPasswordFile = Add(new Key<string>("control.etcd.password_file", Notations.Path, null,
        "A file whose first line is the password. Instead of password, not beside it.")
    { Reloadable = false, DefaultInWords = "none", Example = "/etc/headwater/etcd.password" });

    public static readonly Key<string> EtcdCa = Add(new Key<string>("control.etcd.ca", Notations.Path, null,
        "A PEM file of the authorities that may have signed etcd's certificates.")
    { Reloadable = false, DefaultInWords = "the authorities this machine trusts", Example = "/etc/headwater/etcd-ca.crt" });

    public static readonly Key<string> EtcdCertificate = Add(new Key<string>("control.etcd.certificate", Notations.Path, null,
        "A PEM file with Headwater's own certificate for etcd, where etcd asks for one. Together with key.")
    { Reloadable = false, DefaultInWords = "none", Example = "/etc/headwater/etcd.crt" });

    public static readonly Key<string> EtcdKey = Add(new Key<string>("control.etcd.key", Notations.Path, null,
        "The PEM file of that certificate's private key, without a passphrase.")
    { Reloadable = false, DefaultInWords = "none", Example = "/etc/headwater/etcd.key" });

    // alerts

    public static readonly SectionKey Alerts = Add(new SectionKey("alerts",
        "Who is told of what is amiss, and from where on something is: one POST when it begins, and one when it is over. What the controller finds is told too. headwater alerts shows it; headwater alerts prometheus and grafana print the same rules for those."));

    public static readonly Key<Uri> AlertsUrl = Add(new Key<Uri>("alerts.url", HttpUri, null,
        "Where to: a webhook of your own, or an incoming webhook of Slack, Mattermost and the like. As it is, or ${NAME} for an environment variable; it is never logged.")
    { IsSecret = true, DefaultInWords = "nobody is told", Example = "${HEADWATER_ALERTS_URL}" });

    public static readonly Key<AlertFormat> AlertsFormat = Add(new Key<AlertFormat>("alerts.format", Choice(Enum.GetValues<AlertFormat>()), "json",
        "json: at, cluster, rule, severity, server, sentence, resolved. slack: one line of text in the field text."));

    public static readonly Key<Severity> AlertsAtLeast = Add(new Key<Severity>("alerts.at_least", Choice(Enum.GetValues<Severity>()), "warning",
        "The least severity that is told. critical: writes wait or are refused, or an operator must see to it. warning: less than there should be, but all is served. info: also what went well."));

    public static readonly Key<double?> AlertsHostCpu = Add(new Key<double?>("alerts.host_cpu", OrWord("off", Number(1, 100)), "90",
        "Percent of the processors of the gateway's machine that may be used, over a minute; more for 30 s is amiss."));

    public static readonly Key<TimeSpan?> AlertsStatementLatency = Add(new Key<TimeSpan?>("alerts.statement_latency", OrWord("off", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1))), "500ms",
        "What 99 of 100 statements of a minute have to stay within; longer for 30 s is amiss."));

    public static readonly Key<double?> AlertsSlowStatements = Add(new Key<double?>("alerts.slow_statements", OrWord("off", Number(0, 1_000_000)), "10",
        "How many statements of a minute may be slow, which is longer than log.slow."));

    public static readonly Key<double?> AlertsErrors = Add(new Key<double?>("alerts.errors", OrWord("off", Number(0, 100)), "5",
        "Percent of a minute's statements that may be answered with an error, where there are ten errors or more; more for 30 s is amiss."));

    public static readonly Key<TimeSpan?> AlertsLag = Add(new Key<TimeSpan?>("alerts.lag", OrWord("off", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(7))), "10s",
        "How far a replica may be behind; more for 30 s is amiss. Replicas with the tag delayed may be behind as far as they like."));

    public static readonly Key<double?> AlertsDiskFree = Add(new Key<double?>("alerts.disk_free", OrWord("off", Number(0, 100)), "10",
        "Percent of the disks of state_directory and of the log's copy that has to be free; less for 30 s is amiss."));

    // monitor

    public static readonly SectionKey Monitor = Add(new SectionKey("monitor",
        "The account by which the gateway looks at the servers. It needs BINLOG MONITOR and REPLICA MONITOR (SLAVE MONITOR) for positions, SELECT on mysql.* for the accounts, and REPLICATION MASTER ADMIN to find replicas that register; nothing that writes.")
    { Required = true });

    public static readonly Key<string> MonitorUser = Add(new Key<string>("monitor.user", Text, null,
        "The account's user name.")
    { Required = true, Example = "headwater" });

    public static readonly Key<string> MonitorPassword = Add(new Key<string>("monitor.password", Text, null,
        "The account's password: as it is, or ${NAME} for an environment variable.")
    { IsSecret = true, DefaultInWords = "no password", Example = "${HEADWATER_MONITOR_PASSWORD}" });

    public static readonly Key<string> MonitorPasswordFile = Add(new Key<string>("monitor.password_file", Notations.Path, null,
        "A file whose first line is the password; read again at each reload. Instead of password, not beside it.")
    { DefaultInWords = "none", Example = "/etc/headwater/monitor.password" });

    public static readonly Key<TlsMode?> MonitorTls = Add(new Key<TlsMode?>("monitor.tls", OrWord("backend", Choice(Enum.GetValues<TlsMode>())), "backend",
        "TLS of the monitoring connections; backend means: as backend.tls says."));

    public static readonly Key<bool> MonitorDiscover = Add(new Key<bool>("monitor.discover", Flag, "true",
        "Whether a server that replicates from one of the cluster's servers joins by itself once it is found and the monitoring account may log in to it."));

    public static readonly Key<TimeSpan> SampleEvery = Add(new Key<TimeSpan>("monitor.sample_every", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)), "50ms",
        "How often a server's position is asked for while it moves or sessions wait for it."));

    public static readonly Key<TimeSpan> SampleIdleEvery = Add(new Key<TimeSpan>("monitor.sample_idle_every", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)), "400ms",
        "How often it is asked for while nothing happens."));

    public static readonly Key<TimeSpan> ProbeEvery = Add(new Key<TimeSpan>("monitor.probe_every", Duration(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)), "250ms",
        "How often a server's role, replication and health are looked at."));

    public static readonly Key<TimeSpan> DeadAfter = Add(new Key<TimeSpan>("monitor.dead_after", Duration(TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5)), "700ms",
        "A server that has not answered for this long is down: it gets no more statements, and reads that had sent nothing to the client are repeated elsewhere. One that refuses connections is down at once."));

    public static readonly Key<TimeSpan> AccountsEvery = Add(new Key<TimeSpan>("monitor.accounts_every", Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)), "5s",
        "How often accounts are read from the servers; a login of an account that is not known has them read at once."));

    public static readonly Key<TimeSpan> CatalogueEvery = Add(new Key<TimeSpan>("monitor.catalogue_every", Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)), "1s",
        "How often it is looked whether views, stored functions or triggers have changed, which decide whether a statement is a plain read."));

    // listeners

    public static readonly SectionKey Listeners = Add(new SectionKey("listeners[]",
        "Where clients connect. Several listeners may differ in level, tag and TLS.")
    { Shorthand = "address", DefaultInWords = "one listener on 127.0.0.1:4406 with the Unix socket headwater.sock in the state directory" });

    public static readonly Key<ListenAddress> ListenerAddress = Add(new Key<ListenAddress>("listeners[].address", ListenAddress(4406), null,
        "The TCP endpoint. A bare text in the list of listeners is this key. Either this or socket is needed.")
    { Reloadable = false, DefaultInWords = "none", Example = "0.0.0.0:4406" });

    public static readonly Key<string> ListenerSocket = Add(new Key<string>("listeners[].socket", Notations.Path, null,
        "The Unix socket to listen on, beside the address or instead of it.")
    { Reloadable = false, DefaultInWords = "none", Example = "/run/headwater/headwater.sock" });

    public static readonly Key<ClientTls> ListenerTls = Add(new Key<ClientTls>("listeners[].tls", Choice(Enum.GetValues<ClientTls>()), "optional",
        "off: never offered. optional: clients that ask get it. required: clients without TLS are refused (Unix sockets count as private and are not).")
    { Reloadable = false });

    public static readonly Key<Level?> ListenerLevel = Add(new Key<Level?>("listeners[].level", OrWord("default", AnyLevel), "default",
        "The level of sessions of this listener until they set another; default means: as reads.level says."));

    public static readonly Key<ServerTags?> ListenerTag = Add(new Key<ServerTags?>("listeners[].tag", OrWord("none", Choice(Core.Topology.ServerTags.Analytics, Core.Topology.ServerTags.Delayed)), "none",
        "Reads of this listener's sessions go to servers with this tag while there are any."));

    public static readonly ListKey<IPNetwork> ListenerProxyProtocol = Add(new ListKey<IPNetwork>("listeners[].proxy_protocol", Network,
        "Networks from which connections must start with a PROXY protocol header (version 1 or 2), whose client address is then believed. From elsewhere no header is accepted.")
    { Reloadable = false, DefaultInWords = "no network", Example = "[10.0.0.0/8]" });

    // users

    public static readonly SectionKey Users = Add(new SectionKey("users[]",
        "Rules and credentials for single users. Users need no entry: accounts are learnt from the servers.")
    { DefaultInWords = "no entry" });

    public static readonly Key<string> UserName = Add(new Key<string>("users[].name", Text, null,
        "The user name, as clients log in with it.")
    { Required = true, Example = "analyst" });

    public static readonly Key<Level?> UserLevel = Add(new Key<Level?>("users[].level", OrWord("default", AnyLevel), "default",
        "The level of this user's sessions until they set another; it goes before the listener's."));

    public static readonly Key<ServerTags?> UserTag = Add(new Key<ServerTags?>("users[].tag", OrWord("none", Choice(Core.Topology.ServerTags.Analytics, Core.Topology.ServerTags.Delayed)), "none",
        "This user's reads go to servers with this tag while there are any; it goes before the listener's."));

    public static readonly Key<int?> UserMaxSessions = Add(new Key<int?>("users[].max_sessions", OrWord("unlimited", Integer(1, 1_000_000)), "unlimited",
        "Sessions that this user may have at once in this gateway."));

    public static readonly Key<string> UserPassword = Add(new Key<string>("users[].password", Text, null,
        "Needed only for accounts of ed25519 or caching_sha2_password, whose proof cannot be passed on; mysql_native_password needs none.")
    { IsSecret = true, DefaultInWords = "none", Example = "${ANALYST_PASSWORD}" });

    public static readonly Key<string> UserPasswordFile = Add(new Key<string>("users[].password_file", Notations.Path, null,
        "A file whose first line is the password; read again at each reload. Instead of password, not beside it.")
    { DefaultInWords = "none", Example = "/etc/headwater/analyst.password" });

    // reads, writes

    public static readonly SectionKey Reads = Add(new SectionKey("reads", "Where reads go."));

    public static readonly Key<Level> ReadsLevel = Add(new Key<Level>("reads.level", AnyLevel, "session",
        "What a session's reads ask for when neither its user, its listener nor SET headwater.level says otherwise."));

    public static readonly Key<TimeSpan> ReadsWait = Add(new Key<TimeSpan>("reads.wait", Duration(TimeSpan.Zero, TimeSpan.FromMinutes(1)), "100ms",
        "When no copy covers what a read needs: it waits for the best one if that is predicted to catch up within this time, else it goes to the primary."));

    public static readonly Key<TimeSpan?> ReadsMaxLag = Add(new Key<TimeSpan?>("reads.max_lag", OrWord("none", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24))), "none",
        "A replica further behind gets no new reads at any level, whatever they ask for."));

    public static readonly Key<string?> ReadsZone = Add(new Key<string?>("reads.zone", OrWordFor("none", Word), "none",
        "The zone of this gateway; covering copies of the same zone are preferred."));

    // feed

    public static readonly SectionKey Feed = Add(new SectionKey("feed",
        "The cluster's log, followed and kept here: what proves that a copy that is behind has nothing old of what a statement reads, and what headwater tail gives out."));

    public static readonly Key<bool> FeedEnabled = Add(new Key<bool>("feed.enabled", Flag, "false",
        "Whether the log is followed. The servers need log_bin and binlog_format=ROW; binlog_row_metadata=FULL gives the columns their names.")
    { Reloadable = false });

    public static readonly Key<string> FeedUser = Add(new Key<string>("feed.user", Text, null,
        "The account that reads the log: REPLICATION SLAVE; and SELECT, where consumers begin with a copy of the tables.")
    { Reloadable = false, DefaultInWords = "control.replication_user, else the monitoring account", Example = "replication" });

    public static readonly Key<string> FeedPassword = Add(new Key<string>("feed.password", Text, null,
        "Its password: as it is, or ${NAME} for an environment variable.")
    { Reloadable = false, IsSecret = true, DefaultInWords = "no password", Example = "${HEADWATER_FEED_PASSWORD}" });

    public static readonly Key<string> FeedPasswordFile = Add(new Key<string>("feed.password_file", Notations.Path, null,
        "A file whose first line is the password. Instead of password, not beside it.")
    { Reloadable = false, DefaultInWords = "none", Example = "/etc/headwater/feed.password" });

    public static readonly Key<int?> FeedServerId = Add(new Key<int?>("feed.server_id", OrWord("auto", Integer(1, int.MaxValue)), "auto",
        "The server_id by which it reads: no server's of the cluster and no other reader's, or the two would end each other. auto is made of the machine's id and the state directory's path.")
    { Reloadable = false });

    public static readonly Key<string> FeedDirectory = Add(new Key<string>("feed.directory", Notations.Path, null,
        "Where the log is kept: segments that are binary logs themselves (mariadb-binlog reads them).")
    { Reloadable = false, DefaultInWords = "feed in the state directory", Example = "/var/lib/headwater/feed" });

    public static readonly Key<long> FeedSegment = Add(new Key<long>("feed.segment", Size(1 << 20, 16L << 30), "128MB",
        "How long a segment gets before the next one begins, at the end of a transaction.")
    { Reloadable = false });

    public static readonly Key<long> FeedRetain = Add(new Key<long>("feed.retain", Size(1 << 20, 1L << 50), "8GB",
        "How much of the log is kept; the oldest segments beyond it are removed.")
    { Reloadable = false });

    public static readonly Key<TimeSpan?> FeedRetainFor = Add(new Key<TimeSpan?>("feed.retain_for", OrWord("ever", Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650))), "ever",
        "Segments whose newest transaction came longer ago are removed too.")
    { Reloadable = false });

    public static readonly Key<SyncPolicy> FeedSync = Add(new Key<SyncPolicy>("feed.sync", Choice(Enum.GetValues<SyncPolicy>()), "interval",
        "When what was written is forced to the disk. always: before anybody is given it. interval: once a second. never: when the operating system likes. What is lost with the machine is read again from the primary, as long as that has it.")
    { Reloadable = false });

    public static readonly SectionKey FeedSinks = Add(new SectionKey("feed.sinks[]",
        "Where every change is handed on to, each at its own pace and from its own place, which is kept in the feed's directory.")
    { DefaultInWords = "none" });

    public static readonly Key<string> SinkName = Add(new Key<string>("feed.sinks[].name", Word, null,
        "Its name in metrics, in headwater status, and of the file that holds its place.")
    { Required = true, Reloadable = false, Example = "orders" });

    public static readonly Key<SinkKind> SinkKindKey = Add(new Key<SinkKind>("feed.sinks[].kind", Choice(Enum.GetValues<SinkKind>()), "rabbitmq",
        "rabbitmq: messages to an exchange, with publisher confirms. http: CloudEvents 1.0 by POST; an answer from 200 to 299 is a confirmation.")
    { Reloadable = false });

    public static readonly Key<string> SinkUrl = Add(new Key<string>("feed.sinks[].url", Text, null,
        "amqp://USER:PASSWORD@HOST:PORT/VHOST (amqps:// with TLS), or the http:// or https:// address that takes the events. It may hold a password: as it is, or ${NAME} for an environment variable.")
    { Required = true, Reloadable = false, IsSecret = true, Example = "${HEADWATER_RABBITMQ_URL}" });

    public static readonly ListKey<string> SinkTables = Add(new ListKey<string>("feed.sinks[].tables", Text,
        "Which tables: patterns of schema.table with * and ?. Definitions come to all that want a table of their schema.")
    { Reloadable = false, DefaultInWords = "all", Example = "[shop.*, web.users]" });

    public static readonly Key<BeginKind> SinkFrom = Add(new Key<BeginKind>("feed.sinks[].from", Choice(BeginKind.Now, BeginKind.Oldest, BeginKind.Snapshot), "now",
        "Where a new sink begins. now: with what comes. oldest: with what is kept. snapshot: with a copy of the tables at one position, and then what came behind it; feed.user, else control.recovery_user, needs SELECT on them.")
    { Reloadable = false });

    public static readonly Key<string> SinkExchange = Add(new Key<string>("feed.sinks[].exchange", Text, "headwater",
        "rabbitmq: the durable topic exchange that is published to, with routing key schema.table. It is made when it is not there.")
    { Reloadable = false });

    public static readonly Key<string> SinkQueue = Add(new Key<string>("feed.sinks[].queue", Text, null,
        "rabbitmq: a durable queue that is made and bound to all of the exchange. Without it the bindings are yours; what no queue would take stops the sink.")
    { Reloadable = false, DefaultInWords = "none is made", Example = "orders" });

    public static readonly Key<QueueKind> SinkQueueKind = Add(new Key<QueueKind>("feed.sinks[].queue_kind", Choice(Enum.GetValues<QueueKind>()), "quorum",
        "rabbitmq: quorum: each message is taken once. stream: it is kept, and read as a log.")
    { Reloadable = false });

    public static readonly Key<PushFormat> SinkFormat = Add(new Key<PushFormat>("feed.sinks[].format", Choice(Enum.GetValues<PushFormat>()), "batch",
        "http: batch: many events a request. structured: one.")
    { Reloadable = false });

    public static readonly Key<int> SinkBatch = Add(new Key<int>("feed.sinks[].batch", Integer(1, 10_000), "500",
        "Changes that are under way at once, before they are confirmed: as many may come twice after each failure (of http with format structured, one).")
    { Reloadable = false });

    // witness

    public static readonly SectionKey Witness = Add(new SectionKey("witness",
        "headwater witness: a process of its own that keeps the log as a replica does, and no data, and acknowledges commits. With a primary and one replica it is the third, without whom rpo: zero could not survive the loss of either. Name its address under servers, in every file."));

    public static readonly Key<ListenAddress> WitnessAddress = Add(new Key<ListenAddress>("witness.address", ListenAddress(4490), "127.0.0.1:4490",
        "Where it listens for the controller and for replicas; the accounts are those of monitor and control.replication_user.")
    { Reloadable = false });

    public static readonly Key<string> WitnessReportHost = Add(new Key<string>("witness.report_host", Text, null,
        "The host by which others reach it.")
    { Reloadable = false, DefaultInWords = "the address it listens on", Example = "10.0.0.9" });

    public static readonly Key<int?> WitnessServerId = Add(new Key<int?>("witness.server_id", OrWord("auto", Integer(1, int.MaxValue)), "auto",
        "Its server_id: no other server's of the cluster. auto is made of the machine's id and its directory's path.")
    { Reloadable = false });

    public static readonly Key<string> WitnessDirectory = Add(new Key<string>("witness.directory", Notations.Path, null,
        "Where it keeps the log: segments that are binary logs themselves. Everything stays, for it may be the only copy of what was acknowledged, unless feed.retain or feed.retain_for are written: then they hold for it too. Every acknowledgement waits for the disk.")
    { Reloadable = false, DefaultInWords = "witness in the state directory", Example = "/var/lib/headwater/witness" });

    // cache

    public static readonly SectionKey Cache = Add(new SectionKey("cache",
        "Results that are kept and served until the log touches what they depend on, at the same levels as any copy. Needs feed.enabled."));

    public static readonly Key<bool> CacheEnabled = Add(new Key<bool>("cache.enabled", Flag, "false",
        "Whether results of repeatable reads are kept. EXPLAIN ROUTE tells of a statement whether its result is, and why not.")
    { Reloadable = false });

    public static readonly Key<long> CacheMemory = Add(new Key<long>("cache.memory", Size(1 << 20, 1L << 40), "128MB",
        "Memory for kept results, their keys and what surrounds them included.")
    { Reloadable = false });

    public static readonly Key<long> CacheLongest = Add(new Key<long>("cache.longest", Size(1 << 10, 1 << 30), "1MB",
        "A longer answer is not kept.")
    { Reloadable = false });

    public static readonly Key<EvictionKind> CacheEviction = Add(new Key<EvictionKind>("cache.eviction", Choice(Enum.GetValues<EvictionKind>()), "s3-fifo",
        "Which results leave when there is no more room.")
    { Reloadable = false });

    public static readonly SectionKey CacheRules = Add(new SectionKey("cache.rules[]",
        "What may be kept: the first rule whose every part fits decides; where there are rules and none fits, nothing is kept.")
    { DefaultInWords = "every repeatable read" });

    public static readonly Key<string> CacheRuleListener = Add(new Key<string>("cache.rules[].listener", Text, null,
        "The port, or the socket's path, of the listener that the session came by.")
    { Reloadable = false, DefaultInWords = "any", Example = "4406" });

    public static readonly Key<string> CacheRuleUser = Add(new Key<string>("cache.rules[].user", Text, null,
        "The user; * and ? stand for any characters and any one.")
    { Reloadable = false, DefaultInWords = "any", Example = "web*" });

    public static readonly Key<string> CacheRuleDigest = Add(new Key<string>("cache.rules[].digest", Text, null,
        "The statement's digest, as SHOW HEADWATER DIGESTS has it; with * and ?.")
    { Reloadable = false, DefaultInWords = "any", Example = "select * from articles where *" });

    public static readonly Key<string> CacheRuleTable = Add(new Key<string>("cache.rules[].table", Text, null,
        "schema.table, with * and ?. All tables of the statement have to fit where keep is true, any where it is false.")
    { Reloadable = false, DefaultInWords = "any", Example = "shop.*" });

    public static readonly Key<bool> CacheRuleKeep = Add(new Key<bool>("cache.rules[].keep", Flag, "true",
        "Whether results of statements that fit are kept.")
    { Reloadable = false });

    // audit

    public static readonly SectionKey Audit = Add(new SectionKey("audit",
        "Reads that replicas and kept results have answered are looked at again: the primary is asked the same, and where it answers otherwise its log has to say why. SHOW HEADWATER AUDIT shows the last. Needs feed.enabled."));

    public static readonly Key<double> AuditReadsPerSecond = Add(new Key<double>("audit.reads_per_second", Number(0, 1000), "1",
        "How many reads are looked at again each second, at most; each costs the primary the same read and one more statement. 0 looks at none."));

    public static readonly SectionKey Writes = Add(new SectionKey("writes", "Where writes go while no primary is known."));

    public static readonly Key<TimeSpan> WritesHold = Add(new Key<TimeSpan>("writes.hold", Duration(TimeSpan.Zero, TimeSpan.FromMinutes(10)), "10s",
        "While no primary is known, statements that need it wait this long for one before they get an error; 0s refuses at once."));

    public static readonly Key<bool> TrustHints = Add(new Key<bool>("trust_hints", Flag, "false",
        "Whether a comment in a statement, /* headwater: level=eventual tag=analytics */, may choose its level and tag. Leave it off where statements contain text of others."));

    // limits

    public static readonly SectionKey Limits = Add(new SectionKey("limits", "What sessions may use; beyond it a clear error comes early."));

    public static readonly Key<int> LimitsSessions = Add(new Key<int>("limits.sessions", Integer(1, 1_000_000), "20000",
        "Sessions at once; further clients get error 1040 (Too many connections)."));

    public static readonly Key<int> LimitsBackends = Add(new Key<int>("limits.backends_per_server", Integer(1, 100_000), "200",
        "Connections to one server at once, shared by all sessions. Keep it below the server's max_connections."));

    public static readonly Key<int> LimitsQueue = Add(new Key<int>("limits.queue", Integer(0, 1_000_000), "1000",
        "Statements that may wait for a free backend of one server; further ones are refused at once."));

    public static readonly Key<TimeSpan> LimitsQueueTimeout = Add(new Key<TimeSpan>("limits.queue_timeout", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10)), "5s",
        "How long a statement may wait for a free backend before it gets an error."));

    public static readonly Key<TimeSpan?> LimitsStatementTimeout = Add(new Key<TimeSpan?>("limits.statement_timeout", OrWord("none", Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(24))), "none",
        "A statement that runs longer is killed on its server and gets an error."));

    public static readonly Key<TimeSpan> LimitsLoginTimeout = Add(new Key<TimeSpan>("limits.login_timeout", Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)), "10s",
        "A client that has not logged in by then is closed."));

    public static readonly Key<long> LimitsPacket = Add(new Key<long>("limits.packet", Size(64 << 10, 1 << 30), "64MB",
        "The largest statement a client may send, over all its packets; the servers have their own max_allowed_packet."));

    public static readonly Key<int> LimitsStatementsPerBackend = Add(new Key<int>("limits.prepared_statements_per_backend", Integer(1, 100_000), "500",
        "Prepared statements that one backend keeps open for all sessions; beyond it the least recently used is closed, and prepared anew when needed."));

    public static readonly Key<TimeSpan> LimitsBackendIdle = Add(new Key<TimeSpan>("limits.backend_idle_timeout", Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(8)), "5m",
        "A backend that nobody used for this long is closed."));

    public static readonly Key<long> LimitsFactsBytes = Add(new Key<long>("limits.statement_facts", Size(1 << 20, 4L << 30), "16MB",
        "Memory for what is known of statements by their digest, for each thread."));

    // tls

    public static readonly SectionKey Tls = Add(new SectionKey("tls", "The gateway's certificate for clients."));

    public static readonly Key<string> TlsCertificate = Add(new Key<string>("tls.certificate", Notations.Path, null,
        "A PEM file with the certificate and its chain; read again at each reload. Together with key.")
    { DefaultInWords = "an own certificate, made at first start and kept in the state directory", Example = "/etc/headwater/tls.crt" });

    public static readonly Key<string> TlsKey = Add(new Key<string>("tls.key", Notations.Path, null,
        "The PEM file of the certificate's private key, without a passphrase. Together with certificate.")
    { DefaultInWords = "that of the own certificate", Example = "/etc/headwater/tls.key" });

    public static readonly SectionKey Backend = Add(new SectionKey("backend", "Connections from the gateway to the servers."));

    public static readonly Key<BackendTls> BackendTls = Add(new Key<BackendTls>("backend.tls", Choice(Enum.GetValues<BackendTls>()), "preferred",
        "off: never. preferred: where the server offers it. required: refused without. verified: the server's certificate must be valid and for the address."));

    public static readonly Key<string> BackendCa = Add(new Key<string>("backend.ca", Notations.Path, null,
        "A PEM file of the authorities that may have signed the servers' certificates (for verified).")
    { DefaultInWords = "the authorities this machine trusts", Example = "/etc/headwater/ca.crt" });

    // to be understood

    public static readonly SectionKey Http = Add(new SectionKey("http", "Metrics, health and the JSON API."));

    public static readonly Key<ListenAddress?> HttpAddress = Add(new Key<ListenAddress?>("http.address", OrWordFor("off", ListenAddress(4480)), "127.0.0.1:4480",
        "Where the console, /metrics, /healthz, /readyz and /api answer. Without http.users all who reach it may look on, at statements' texts and users' names too, and only this machine may change anything: give it an address that only trusted machines reach, or users.")
    { Reloadable = false });

    public static readonly Key<bool> HttpLab = Add(new Key<bool>("http.lab", Flag, "false",
        "The console's operators may play the lab: scenarios that start MariaDB servers of their own on this machine, for up to half a minute each. Leave it off where the machine has other work to do; headwater up has it on."));

    public static readonly SectionKey HttpUsers = Add(new SectionKey("http.users[]",
        "Who may use the console and the API from elsewhere, by a login. /metrics, /healthz and /readyz need none, and programs of this machine need none: a proxy on this machine has to add X-Forwarded-For, or it is taken for one.")
    { DefaultInWords = "nobody has to log in" });

    public static readonly Key<string> HttpUserName = Add(new Key<string>("http.users[].name", Word, null, "The name to log in by; the journal has it beside what was asked for.")
    { Required = true, Example = "anna" });

    public static readonly Key<ConsoleRole> HttpUserRole = Add(new Key<ConsoleRole>("http.users[].role", Choice(Enum.GetValues<ConsoleRole>()), "viewer",
        "viewer: sees everything but rows of tables, and what an action would do. operator: may also do it."));

    public static readonly Key<PasswordHash> HttpUserPassword = Add(new Key<PasswordHash>("http.users[].password", Notations.PasswordHash, null,
        "The hash of the password, as headwater console password prints it.")
    { Required = true, IsSecret = true, Example = "pbkdf2-sha512$210000$…" });

    public static readonly SectionKey Log = Add(new SectionKey("log", "The log, on standard error."));

    public static readonly Key<LogLevel> LogLevelKey = Add(new Key<LogLevel>("log.level",
        Choice(LogLevel.Trace, LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error), "information", "The least severe entries that are written."));

    public static readonly Key<LogFormat> LogFormatKey = Add(new Key<LogFormat>("log.format", Choice(Enum.GetValues<LogFormat>()), "text",
        "text: one line for people. json: one object a line, with machine id and trace id.")
    { Reloadable = false });

    public static readonly Key<TimeSpan?> LogSlow = Add(new Key<TimeSpan?>("log.slow", OrWord("none", Duration(TimeSpan.Zero, TimeSpan.FromHours(24))), "1s",
        "Statements that take longer are logged with their digest (never their values), server and reason of the route."));

    public static readonly SectionKey Tracing = Add(new SectionKey("tracing", "Traces by OpenTelemetry."));

    public static readonly Key<Uri?> TracingOtlp = Add(new Key<Uri?>("tracing.otlp", OrWordFor("none", HttpUri), "none",
        "The collector's OTLP/HTTP endpoint, such as http://127.0.0.1:4318; /v1/traces is added when the URL has no path. Nothing is traced without it.")
    { Reloadable = false });

    public static readonly Key<double> TracingRatio = Add(new Key<double>("tracing.ratio", Number(0, 1), "0.01",
        "The share of sessions traced that bring no traceparent of their own; those that do are traced as it says.")
    { Reloadable = false });

    public static Key? Find(string path)
    {
        var plain = path.Replace("[]", "", StringComparison.Ordinal);
        return _all.Find(key => key.PlainPath == plain);
    }

    public static IEnumerable<Key> In(string parent) => _all.Where(key => key.Parent == parent);

    static TKey Add<TKey>(TKey key) where TKey : Key
    {
        _all.Add(key);
        return key;
    }
}
