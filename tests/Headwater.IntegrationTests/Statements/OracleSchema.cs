namespace Headwater.IntegrationTests.Statements;

/// <summary>What the statements of the corpus name, so that they run and do not merely fail.</summary>
static class OracleSchema
{
    public const string User = "application", Password = "application's secret";

    public static readonly string[] Statements =
    [
        "CREATE DATABASE app CHARACTER SET utf8mb4",
        "CREATE DATABASE db",
        "CREATE TABLE app.t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(50) DEFAULT '7', b VARCHAR(50), c DATETIME, `for` INT, `update` INT, `lock` INT, g POINT, INDEX i1 (a), FULLTEXT (a, b)) WITH SYSTEM VERSIONING",
        "INSERT INTO app.t (a, b, c) VALUES ('1', '2', '2026-01-01 10:00:00'), ('2', 'x', '2026-01-02'), ('x', '2', NULL)",
        "CREATE TABLE app.u (a VARCHAR(50), b VARCHAR(50), id INT PRIMARY KEY AUTO_INCREMENT)",
        "INSERT INTO app.u (a, b) VALUES ('1', '2'), ('x', 'y')",
        "CREATE TABLE app.v LIKE app.u",
        "INSERT INTO app.v SELECT * FROM app.u",
        "CREATE TABLE app.parts (a INT, b INT, KEY i1 (a)) PARTITION BY HASH (a) PARTITIONS 2",
        "INSERT INTO app.parts VALUES (1, 1), (2, 2)",
        "CREATE TABLE app.`1t` (a INT)",
        "CREATE TABLE app.a (a INT, `1b` INT)",
        "CREATE TABLE app.geo (g GEOMETRY, a POINT, b POINT)",
        "INSERT INTO app.geo VALUES (POINT(1, 1), POINT(1, 2), POINT(3, 4))",
        "CREATE TABLE app.`straße` (a INT, b INT)",
        "CREATE TABLE app.sbtest1 (id INT PRIMARY KEY, k INT, c CHAR(120))",
        "INSERT INTO app.sbtest1 VALUES (1, 1, 'one'), (12345, 2, 'many')",
        "CREATE TABLE app.users (id INT PRIMARY KEY, name VARCHAR(50), visits INT, seen_at DATETIME, deleted_at DATETIME)",
        "CREATE TABLE app.posts (id INT PRIMARY KEY AUTO_INCREMENT, title TEXT, body TEXT, created_at DATETIME)",
        "CREATE TABLE app.comments (id INT PRIMARY KEY, post_id INT)",
        "INSERT INTO app.users VALUES (1, 'ann', 0, NULL, NULL)",
        "INSERT INTO app.posts VALUES (1, 't', 'b', '2026-01-01')",
        "CREATE TABLE app.hits (n INT) ENGINE=InnoDB",
        "INSERT INTO app.hits VALUES (0)",
        "CREATE SEQUENCE app.s",
        "CREATE FUNCTION app.f(x INT) RETURNS INT RETURN x + 1",
        "CREATE FUNCTION app.bump(x INT) RETURNS INT BEGIN UPDATE app.hits SET n = n + 1; RETURN x; END",
        "CREATE FUNCTION app.`count`(x INT) RETURNS INT BEGIN UPDATE app.hits SET n = n + 1; RETURN x; END",
        "CREATE PROCEDURE app.p() UPDATE app.hits SET n = n + 1",
        "CREATE VIEW app.plain_view AS SELECT a FROM app.t",
        "CREATE VIEW app.counting_view AS SELECT app.bump(1) AS a FROM app.t",
        "CREATE VIEW app.view_over_view AS SELECT a FROM app.counting_view",
        "CREATE TABLE db.t LIKE app.u",
        $"CREATE USER {User}@'%' IDENTIFIED BY '{Password.Replace("'", "''", StringComparison.Ordinal)}'",
        $"GRANT ALL ON app.* TO {User}@'%'",
        $"GRANT ALL ON db.* TO {User}@'%'",
        $"GRANT FILE, PROCESS ON *.* TO {User}@'%'",
    ];
}

/// <summary>One primary and one read-only replica for all the oracle's tests.</summary>
public sealed class OracleServers : IAsyncLifetime
{
    internal RealServer[] All { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        All = await RealServer.StartClusterAsync(1);
        foreach (var server in All)
            await server.ExecuteAsync("SET GLOBAL log_bin_trust_function_creators = 1");
        foreach (var statement in OracleSchema.Statements)
            await All[0].ExecuteAsync(statement);
        var position = (await All[0].ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
        Assert.Equal("0", (await All[1].ExecuteAsync($"SELECT MASTER_GTID_WAIT('{position}', 20)")).Scalar);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in All)
            await server.DisposeAsync();
    }
}
