using Headwater.IntegrationTests.Servers;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Rebuild;

/// <summary>A schema with one of everything that is hard to copy.</summary>
static class Everything
{
    public static async Task MakeAsync(RealServer server)
    {
        await using var connection = await server.ConnectAsync();
        await connection.QueryMultiAsync("CREATE DATABASE every COLLATE utf8mb4_general_ci; USE every; SET sql_mode='', time_zone='+00:00', NAMES utf8mb4", default);
        foreach (var create in EveryType.Create("every")) await connection.QueryAsync(create, default);
        foreach (var insert in EveryType.Inserts("every")) await connection.QueryAsync(insert, default);
        await connection.QueryMultiAsync("""
            CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 3 CACHE 10; SELECT NEXTVAL(numbers);
            CREATE TABLE odd (id INT NOT NULL AUTO_INCREMENT, u VARCHAR(20) CHARSET utf16, v VARCHAR(9) CHARSET utf32, w VARCHAR(9) CHARSET ucs2, k VARCHAR(20) CHARSET latin1 COLLATE latin1_german2_ci,
              sj VARCHAR(20) CHARSET sjis, gb VARCHAR(20) CHARSET gbk, b BIT(9), one BIT(1), wide BIT(64), e ENUM('a','ü','','1') NOT NULL DEFAULT 'a', s SET('x','y','1'), f FLOAT, d DOUBLE, g POINT, line GEOMETRY, j JSON,
              z INT(6) ZEROFILL, stored INT AS (z + 1) STORED, made INT AS (z + 2) VIRTUAL, l LONGBLOB, i INET6, uu UUID, ts TIMESTAMP(6) NULL, dt DATETIME, da DATE, ti TIME(3), y YEAR, fixed BINARY(4), vb VARBINARY(20),
              hidden INT INVISIBLE DEFAULT 5, n DECIMAL(20,5), next INT DEFAULT (NEXTVAL(numbers)), PRIMARY KEY (id), UNIQUE (made), KEY (k(3)), FULLTEXT (k)) AUTO_INCREMENT=100 COMMENT='ä ''odd'' AUTO_INCREMENT=7';
            INSERT INTO odd (u, v, w, k, sj, gb, b, one, wide, e, s, f, d, g, line, j, z, l, i, uu, ts, dt, da, ti, y, fixed, vb, n) VALUES
              ('ü\t\n\\x', '😀', 'ü', 'ß\\', _sjis x'835C5C', _gbk x'815C5C', 257, 1, 18446744073709551615, '', 'x,y', 1.1, 0.1 + 0.2, ST_GeomFromText('POINT(1 2)', 4326), ST_GeomFromText('LINESTRING(0 0,1.5 1e-9)'), '{"a":"ü\\\\t"}', 3,
               x'00010A09275C0D', '::1', '123e4567-e89b-12d3-a456-426614174000', '2020-01-01 00:00:00.123456', '0000-00-00', '2020-00-00', '-838:59:59.999', 2024, x'00', '\0\t\n\\', -1.5),
              (NULL, NULL, NULL, '', NULL, NULL, 0, 0, 0, 'none of them', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
              ('', '', '', '\\N', '', '', NULL, NULL, NULL, '1', '1', -1e30, -1e-300, NULL, NULL, '[]', 0, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', '', 0);
            INSERT INTO odd (k, e, z, l, f, d) SELECT CONCAT('ü', seq), seq % 4 + 1, seq * 7, REPEAT(CHAR(seq % 256), 20000), seq / 7, RAND(seq) FROM seq_1_to_200;
            INSERT INTO odd (id, k, z) VALUES (0, 'another', 99999); UPDATE odd SET id = 0 WHERE k = 'another';
            CREATE TABLE keyless (a INT, b VARCHAR(9)) CHARSET utf8mb4; INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (2, NULL), (3, '');
            CREATE TABLE plain (a INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO plain VALUES (1), (2);
            CREATE TABLE versions (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING; INSERT INTO versions VALUES (1, 1); UPDATE versions SET x = 2;
            CREATE TABLE spoken (id INT PRIMARY KEY, x INT, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING;
            INSERT INTO spoken (id, x) VALUES (1, 1), (2, 2); DELETE FROM spoken WHERE id = 2;
            CREATE TABLE parts (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE); INSERT INTO parts VALUES (1), (100);
            CREATE TABLE z_parent (id INT PRIMARY KEY); INSERT INTO z_parent VALUES (1);
            CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES z_parent (id)); INSERT INTO child VALUES (1, 1);
            CREATE VIEW c_first AS SELECT id, k FROM odd; CREATE VIEW b_second AS SELECT * FROM c_first
            """, default);
        // Of a session whose character set is another: the same bytes mean other letters.
        await connection.QueryAsync("SET NAMES latin1", default);
        await connection.ExecuteAsync(Latin1("CREATE VIEW latin AS SELECT 'Größe' AS Größe"), default);
        await connection.ExecuteAsync(Latin1("CREATE FUNCTION told(x VARCHAR(20)) RETURNS VARCHAR(40) DETERMINISTIC RETURN CONCAT('Maß ', x)"), default);
        await connection.QueryAsync("SET NAMES utf8mb4", default);
        await connection.QueryAsync("CREATE TRIGGER second BEFORE INSERT ON keyless FOR EACH ROW SET NEW.b = CONCAT(IFNULL(NEW.b, ''), 'ü')", default);
        await connection.QueryAsync("CREATE TRIGGER first BEFORE INSERT ON keyless FOR EACH ROW PRECEDES second SET NEW.a = NEW.a + 1", default);
        await connection.QueryAsync("SET sql_mode='ANSI_QUOTES'", default);
        await connection.QueryAsync("CREATE PROCEDURE \"quoted\"(OUT many INT) COMMENT 'it''s' BEGIN SELECT COUNT(*) INTO many FROM \"odd\"; END", default);
        await connection.QueryAsync("SET sql_mode='ORACLE'", default);
        await connection.QueryAsync("CREATE PACKAGE pack AS FUNCTION f RETURN INT; END", default);
        await connection.QueryAsync("CREATE PACKAGE BODY pack AS FUNCTION f RETURN INT AS BEGIN RETURN 7; END; END", default);
        await connection.QueryAsync("SET sql_mode=''", default);
        await connection.QueryAsync("CREATE EVENT ticks ON SCHEDULE EVERY 1 HOUR STARTS '2020-01-01 00:00:00' COMMENT ' ON COMPLETION' DO INSERT INTO keyless VALUES (9, 'ENABLE')", default);
        await connection.QueryMultiAsync("""
            CREATE ROLE readers; GRANT SELECT ON every.* TO readers; CREATE ROLE writers; GRANT readers TO writers; GRANT INSERT ON every.odd TO writers;
            CREATE USER 'o-dd'@'10.%' IDENTIFIED BY 'secret' REQUIRE SSL PASSWORD EXPIRE INTERVAL 30 DAY ACCOUNT LOCK; GRANT writers TO 'o-dd'@'10.%'; SET DEFAULT ROLE writers FOR 'o-dd'@'10.%';
            GRANT SELECT (k), UPDATE (k) ON every.odd TO 'o-dd'@'10.%'; GRANT EXECUTE ON FUNCTION every.told TO 'o-dd'@'10.%'
            """, default);
    }

    public static readonly string[] Questions =
    [
        "SELECT id, HEX(u), HEX(v), HEX(w), HEX(k), HEX(sj), HEX(gb), b + 0, one + 0, wide + 0, e + 0, s + 0, f * 1e0, d * 1e0, HEX(g), HEX(line), j, z, stored, made, MD5(l), i, uu, ts, dt, da, ti, y, HEX(fixed), HEX(vb), hidden, n, next FROM every.odd ORDER BY id",
        "SELECT *, row_start, row_end FROM every.versions FOR SYSTEM_TIME ALL ORDER BY id, row_end",
        "SELECT id, x, since, until FROM every.spoken FOR SYSTEM_TIME ALL ORDER BY id, until",
        "SELECT *, COUNT(*) FROM every.keyless GROUP BY a, b ORDER BY a, b",
        "SELECT a FROM every.plain ORDER BY a",
        "SELECT * FROM every.numbers",
        "SELECT * FROM every.latin", "SELECT every.told('ü')", "SELECT COUNT(*) FROM every.b_second",
        "SHOW CREATE TABLE every.odd", "SHOW CREATE TABLE every.parts", "SHOW CREATE TABLE every.child", "SHOW CREATE VIEW every.latin", "SHOW CREATE VIEW every.b_second", "SHOW CREATE FUNCTION every.told", "SHOW CREATE PROCEDURE every.quoted",
        "SHOW CREATE PACKAGE BODY every.pack", "SHOW CREATE DATABASE every",
        "SELECT trigger_name, action_order, action_statement, sql_mode, character_set_client FROM information_schema.triggers WHERE trigger_schema='every' ORDER BY 1",
        "SELECT event_name, event_definition, interval_value, starts, time_zone, event_comment FROM information_schema.events WHERE event_schema='every'",
        "SELECT user, host, is_role, default_role FROM mysql.user ORDER BY 1, 2", "SELECT * FROM mysql.roles_mapping ORDER BY 1, 2, 3",
        "SELECT user, host, JSON_REMOVE(priv, '$.password_last_changed') FROM mysql.global_priv ORDER BY 1, 2",
        "SHOW GRANTS FOR `o-dd`@`10.%`", "SHOW GRANTS FOR writers", "SHOW CREATE USER `o-dd`@`10.%`",
    ];

    static byte[] Latin1(string sql) => System.Text.Encoding.Latin1.GetBytes(sql);
}
