using System.Net;
using Headwater.Configuration;
using Headwater.Control;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Servers;
using Headwater.WebConsole;
using Xunit;

namespace Headwater.Tests.Configuration;

public class ConfigFileTests
{
    const string Smallest = "servers: [10.0.0.1, '10.0.0.2:3307']\nmonitor: { user: headwater }\n";

    static HeadwaterConfig Good(string yaml, string directory = "/etc")
    {
        var reading = ConfigFile.Parse(yaml, "headwater.yaml", directory);
        Assert.Empty(reading.Problems);
        return reading.Config!;
    }

    [Fact]
    public void The_smallest_configuration_is_addresses_and_a_monitoring_user()
    {
        var config = Good(Smallest);
        Assert.Equal([new ServerAddress("10.0.0.1", 3306), new ServerAddress("10.0.0.2", 3307)], config.Watch.Servers.Select(server => server.Address));
        Assert.Equal(["10.0.0.1:3306", "10.0.0.2:3307"], config.Watch.Servers.Select(server => server.Id.Name));
        Assert.Equal(new ServerLogin("headwater", ""), config.Watch.Monitor);
        Assert.Equal(4406, config.Gateway.Listeners[0].Port);
        Assert.Equal("/etc/.headwater/headwater.sock", config.Gateway.Listeners[1].Socket);
        Assert.Equal(new ListenAddress("127.0.0.1", 4480), config.Http);
        Assert.Null(config.Tracing);
    }

    [Fact]
    public void Nobody_logs_in_to_the_console_unless_users_are_named()
    {
        Assert.Empty(Good(Smallest).ConsoleUsers);
        const string Hash = "pbkdf2-sha512$10000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        var users = Good(Smallest + $$"""http: { users: [ { name: olga, role: operator, password: "{{Hash}}" }, { name: vera, password: "{{Hash}}" } ] }""").ConsoleUsers;
        Assert.Equal([("olga", ConsoleRole.Operator, Hash), ("vera", ConsoleRole.Viewer, Hash)], users.Select(static user => (user.Name, user.Role, user.Password.ToString())));
    }

    [Fact]
    public void Defaults_of_the_table_are_the_defaults_of_the_parts()
    {
        var configured = Good(Smallest).Gateway;
        var own = new GatewayOptions();
        foreach (var property in typeof(GatewayOptions).GetProperties().Where(property => property.Name != nameof(GatewayOptions.Listeners)))
            if (property.PropertyType == typeof(System.Collections.Immutable.ImmutableArray<UserRule>)) Assert.Empty(configured.Users);
            else Assert.Equal((property.Name, property.GetValue(own)), (property.Name, property.GetValue(configured)));
        var watch = Good(Smallest).Watch;
        var ownWatch = new WatchOptions { Cluster = "", Servers = [], Monitor = watch.Monitor };
        foreach (var property in typeof(WatchOptions).GetProperties().Where(property => property.Name is not (nameof(WatchOptions.Cluster) or nameof(WatchOptions.Servers))))
            Assert.Equal((property.Name, property.GetValue(ownWatch)), (property.Name, property.GetValue(watch)));
        var listener = configured.Listeners[0];
        Assert.Equal(new ListenerOptions { Port = 4406, ProxyProtocolFrom = listener.ProxyProtocolFrom }, listener);
    }

    [Fact]
    public void Every_part_of_a_full_file_arrives_at_its_place()
    {
        Environment.SetEnvironmentVariable("HEADWATER_TEST_PASSWORD", "from ${the} environment");
        var directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;
        File.WriteAllText(Path.Combine(directory, "secret"), "from the file\nnot this line\n");
        var config = Good("""
            cluster: shop
            state_directory: /var/lib/headwater
            threads: 3
            drain: 1m
            servers:
              - { address: db1.example.com, name: db1, zone: fra1, weight: 0.5 }
              - { socket: run/mysqld.sock, name: db2, tags: [analytics, delayed] }
              - { address: "[::1]:3310", tags: backup }
            monitor: { user: m, password: "${HEADWATER_TEST_PASSWORD}", tls: required, discover: false, sample_every: 5ms, sample_idle_every: 50ms, accounts_every: 1s, catalogue_every: 2s, probe_every: 100ms, dead_after: 0.4s }
            listeners:
              - { address: "0.0.0.0:4407", socket: /run/hw.sock, tls: required, level: bounded 250ms, tag: analytics, proxy_protocol: [10.0.0.0/8, 192.168.1.1] }
            users:
              - { name: analyst, level: eventual, tag: delayed, max_sessions: 7, password_file: secret }
              - { name: app, password: "a$${b" }
            reads: { level: monotonic, wait: 30ms, max_lag: 2s, zone: fra1 }
            writes: { hold: 0 }
            trust_hints: true
            limits: { sessions: 11, backends_per_server: 12, queue: 13, queue_timeout: 14s, statement_timeout: 15s, login_timeout: 16s, packet: 17MB,
                      statement_facts: 18MB, prepared_statements_per_backend: 19, backend_idle_timeout: 20s }
            backend: { tls: verified }
            http: { address: off }
            log: { level: debug, format: json, slow: none }
            tracing: { otlp: "http://127.0.0.1:4318", ratio: 1 }
            """, directory);
        Directory.Delete(directory, recursive: true);

        Assert.Equal(("shop", "/var/lib/headwater", TimeSpan.FromMinutes(1)), (config.Watch.Cluster, config.StateDirectory, config.Drain));
        Assert.Equal(new WatchedServer(new ServerId("db1"), new ServerAddress("db1.example.com", 3306)) { Weight = 0.5, Zone = "fra1" }, config.Watch.Servers[0]);
        Assert.Equal(new WatchedServer(new ServerId("db2"), new ServerAddress("localhost", 3306, directory + "/run/mysqld.sock")) { Tags = ServerTags.Analytics | ServerTags.Delayed }, config.Watch.Servers[1]);
        Assert.Equal((new ServerAddress("::1", 3310), ServerTags.Backup), (config.Watch.Servers[2].Address, config.Watch.Servers[2].Tags));
        var watch = config.Watch;
        Assert.Equal(new ServerLogin("m", "from ${the} environment", Tls: TlsMode.Required), watch.Monitor);
        Assert.Equal((false, TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)),
            (watch.JoinFound, watch.SampleEvery, watch.SampleIdleEvery, watch.ProbeEvery, watch.DeadAfter, watch.AccountsEvery, watch.CatalogueEvery));

        var gateway = config.Gateway;
        var (tcp, unix) = (gateway.Listeners[0], gateway.Listeners[1]);
        Assert.Equal((IPAddress.Any, 4407, null), (tcp.Address, tcp.Port, tcp.Socket));
        Assert.Equal("/run/hw.sock", unix.Socket);
        foreach (var listener in new[] { tcp, unix })
        {
            Assert.Equal((ClientTls.Required, new Level(LevelKind.Bounded, TimeSpan.FromMilliseconds(250)), ServerTags.Analytics), (listener.Tls, listener.Level!.Value, listener.Tag));
            Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.168.1.1/32")], listener.ProxyProtocolFrom);
        }
        Assert.Equal(new UserRule { Name = "analyst", Level = new Level(LevelKind.Eventual), Tag = ServerTags.Delayed, MaxSessions = 7, Password = "from the file" }, gateway.Users[0]);
        Assert.Equal("a${b", gateway.Users[1].Password);
        Assert.Equal(new Level(LevelKind.Monotonic), gateway.DefaultLevel);
        Assert.Equal((TimeSpan.FromMilliseconds(30), TimeSpan.FromSeconds(2), "fra1", TimeSpan.Zero), (gateway.Routing.ReadWait, gateway.Routing.MaxLag!.Value, gateway.Routing.Zone, gateway.Routing.WriteHold));
        Assert.Equal((true, 3, 11, 12, 13), (gateway.TrustHints, gateway.Threads, gateway.MaxSessions, gateway.MaxBackendsPerServer, gateway.MaxQueued));
        Assert.Equal((TimeSpan.FromSeconds(14), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(16), 17 << 20, 18L << 20, 19, TimeSpan.FromSeconds(20)),
            (gateway.QueueTimeout, gateway.StatementTimeout, gateway.LoginTimeout, gateway.MaxPacketBytes, gateway.FactsBudgetBytes, gateway.MaxStatementsPerBackend, gateway.BackendIdleTimeout));
        Assert.Equal((BackendTls.Verified, TimeSpan.Zero), (gateway.BackendTls, gateway.SlowStatement));
        Assert.Null(config.Http);
        Assert.Equal(new LogConfig(Microsoft.Extensions.Logging.LogLevel.Debug, LogFormat.Json), config.Log);
        Assert.Equal(new TracingConfig(new Uri("http://127.0.0.1:4318"), 1), config.Tracing);
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_problem_like_any_other()
    {
        var problem = Assert.Single(ConfigFile.Read("/nonexistent/headwater.yaml").Problems);
        Assert.Equal("/nonexistent/headwater.yaml: cannot be read: there is no such file", problem.ToString());
    }

    [Fact]
    public void Passwords_stay_out_of_every_text_that_a_configuration_turns_into()
    {
        const string Secret = "hunter2";
        var reading = ConfigFile.Parse($$"""
            servers: [10.0.0.1]
            monitor: { user: m, password: {{Secret}} }
            users: [ { name: a, password: {{Secret}} } ]
            """, "headwater.yaml", "/etc");
        var config = reading.Config!;
        Assert.DoesNotContain(Secret, $"{config} {config.Watch} {config.Watch.Monitor} {config.Gateway} {config.Gateway.Users[0]} {reading}");
        var shown = ConfigInForce.Show(reading.Values);
        Assert.DoesNotContain(Secret, shown);
        Assert.Contains("password: '***'", shown);
    }

    [Fact]
    public void What_is_shown_as_in_force_reads_back_as_the_same_configuration()
    {
        var before = ConfigFile.Parse(ConfigDocument.FullerExample.Replace("${HEADWATER_MONITOR_PASSWORD}", "'***'"), "headwater.yaml", "/etc");
        Assert.Empty(before.Problems);
        var after = ConfigFile.Parse(ConfigInForce.Show(before.Values), "headwater.yaml", "/etc");
        Assert.Empty(after.Problems);
        Assert.Empty(ConfigInForce.Changed(before.Values, after.Values));
    }
}
