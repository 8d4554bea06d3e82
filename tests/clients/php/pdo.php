<?php
// PDO (mysqlnd) as frameworks use it: with emulated and with real prepared statements. Account by environment (HW_*); prints TAP.
declare(strict_types=1);
require __DIR__ . '/tap.php';

function open(array $more = [], ?string $password = null): PDO
{
    $dsn = sprintf('mysql:host=%s;port=%s;dbname=%s;charset=utf8mb4', env('HW_HOST'), env('HW_PORT'), env('HW_SCHEMA'));
    return new PDO($dsn, env('HW_USER'), $password ?? env('HW_PASSWORD'), $more + [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => false, PDO::MYSQL_ATTR_LOCAL_INFILE => true, PDO::MYSQL_ATTR_FOUND_ROWS => false,
    ]);
}

function one(PDO $c, string $sql, array $values = []): mixed
{
    $statement = $c->prepare($sql);
    $statement->execute($values);
    $value = $statement->fetchColumn();
    $statement->closeCursor();
    return $value;
}

function refused(int $code, string $state, callable $run): void
{
    try {
        $run();
    } catch (PDOException $error) {
        same([$state, $code], [$error->errorInfo[0] ?? $error->getCode(), $error->errorInfo[1] ?? 0]);
        return;
    }
    throw new RuntimeException("error $code was expected, none came");
}

$checks = [
    'connects, and the server says that it is MariaDB' => function (PDO $c) {
        same(true, str_contains((string)$c->getAttribute(PDO::ATTR_SERVER_VERSION), 'MariaDB'));
        same(true, str_contains(one($c, 'SELECT VERSION()'), 'MariaDB'));
        same(env('HW_SCHEMA'), one($c, 'SELECT DATABASE()'));
        same(true, str_contains((string)$c->getAttribute(PDO::ATTR_SERVER_INFO), 'Uptime'));   // COM_STATISTICS
    },
    'text of four-byte characters comes back as it went' => function (PDO $c) {
        $c->exec('CREATE OR REPLACE TABLE letters (id INT PRIMARY KEY, t VARCHAR(200)) CHARSET utf8mb4');
        $text = "naïve Ωmega 日本語 🐬 ' \" \\ \0";
        $c->prepare('INSERT INTO letters VALUES (1, ?)')->execute([$text]);
        same($text, one($c, 'SELECT t FROM letters WHERE t = ?', [$text]));
        same($text, $c->query('SELECT t FROM letters WHERE t = ' . $c->quote($text))->fetchColumn());
    },
    'reads what it has just written, 200 times, real prepared statements' => function (PDO $c) {
        $c->exec('CREATE OR REPLACE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, body VARCHAR(100))');
        $insert = $c->prepare('INSERT INTO posts (body) VALUES (:body)');
        $select = $c->prepare('SELECT id, body FROM posts WHERE id = :id');
        for ($i = 1; $i <= 200; $i++) {
            $insert->execute(['body' => "post $i"]);
            same((string)$i, $c->lastInsertId());
            $select->execute(['id' => $i]);
            same([['id' => $i, 'body' => "post $i"]], $select->fetchAll(PDO::FETCH_ASSOC));
        }
    },
    'reads what it has just written, 200 times, emulated prepared statements' => function (PDO $c) {
        $e = open([PDO::ATTR_EMULATE_PREPARES => true]);
        $insert = $e->prepare('INSERT INTO posts (body) VALUES (?)');
        for ($i = 201; $i <= 400; $i++) {
            $insert->execute(["post $i"]);
            same($i, one($e, 'SELECT COUNT(*) FROM posts'));
        }
    },
    'a prepared statement executed many times, with closed and open cursors' => function (PDO $c) {
        $select = $c->prepare('SELECT id FROM posts WHERE id > ? ORDER BY id LIMIT 3');
        for ($i = 0; $i < 100; $i++) {
            $select->execute([$i]);
            same($i + 1, $select->fetchColumn());
            $select->closeCursor();
        }
    },
    'transactions commit and roll back' => function (PDO $c) {
        $c->exec('TRUNCATE posts');
        $c->beginTransaction();
        $c->exec("INSERT INTO posts (body) VALUES ('gone')");
        same(1, one($c, 'SELECT COUNT(*) FROM posts'));
        $c->rollBack();
        same(0, one($c, 'SELECT COUNT(*) FROM posts'));
        $c->beginTransaction();
        $c->exec("INSERT INTO posts (body) VALUES ('stays')");
        $c->commit();
        same('stays', one($c, 'SELECT body FROM posts'));
        same(false, $c->inTransaction());
    },
    'autocommit off by attribute' => function (PDO $c) {
        $o = open([PDO::ATTR_AUTOCOMMIT => 0]);
        $o->exec("INSERT INTO posts (body) VALUES ('never')");
        same(1, one($o, "SELECT COUNT(*) FROM posts WHERE body = 'never'"));
        $o = null;
        same(0, one($c, "SELECT COUNT(*) FROM posts WHERE body = 'never'"));
    },
    'every type by prepared statement and back, text and binary alike' => function (PDO $c) {
        $c->exec("CREATE OR REPLACE TABLE every_type (id INT PRIMARY KEY, ti TINYINT, bi BIGINT, bu BIGINT UNSIGNED, d DECIMAL(30,10), f FLOAT, g DOUBLE, da DATE, t TIME(6),
            dt DATETIME(6), ts TIMESTAMP(3) NULL, y YEAR, b BIT(12), e ENUM('a','b'), s SET('x','y'), vb VARBINARY(300), bl LONGBLOB, tx TEXT)");
        $bytes = implode('', array_map('chr', range(0, 255)));
        $row = [1, -128, PHP_INT_MIN, '18446744073709551615', '12345678901234567890.0123456789', 1.5, 1.0e-300, '9999-12-31', '-838:59:59.999999',
            '2026-11-21 12:34:56.123456', '2026-01-02 03:04:05.678', '2026', 4095, 'b', 'x,y', $bytes, $bytes, 'text'];
        $insert = $c->prepare('INSERT INTO every_type VALUES (' . implode(',', array_fill(0, count($row), '?')) . ')');
        foreach ($row as $i => $value) $insert->bindValue($i + 1, $value, is_int($value) ? PDO::PARAM_INT : ($i === 16 ? PDO::PARAM_LOB : PDO::PARAM_STR));
        $insert->execute();
        $c->prepare('INSERT INTO every_type (id, bi, d, bl) VALUES (?,?,?,?)')->execute([2, null, null, null]);
        $select = $c->prepare('SELECT * FROM every_type ORDER BY id');
        $select->execute();
        $binary = $select->fetchAll(PDO::FETCH_NUM);
        $text = open([PDO::ATTR_EMULATE_PREPARES => true])->query('SELECT * FROM every_type ORDER BY id')->fetchAll(PDO::FETCH_NUM);
        same($binary, $text);
        same($row, $binary[0]);
        same([2, ...array_fill(0, 17, null)], $binary[1]);
    },
    'errors carry the server\'s number and SQLSTATE, and the connection goes on' => function (PDO $c) {
        $c->exec('CREATE OR REPLACE TABLE uniq (id INT PRIMARY KEY)');
        $c->exec('INSERT INTO uniq VALUES (1)');
        refused(1062, '23000', fn() => $c->exec('INSERT INTO uniq VALUES (1)'));
        refused(1062, '23000', fn() => $c->prepare('INSERT INTO uniq VALUES (?)')->execute([1]));
        refused(1064, '42000', fn() => $c->exec('SELEC 1'));
        refused(1064, '42000', fn() => $c->prepare('SELEC ?'));
        refused(1146, '42S02', fn() => $c->query('SELECT * FROM no_such_table'));
        refused(1054, '42S22', fn() => $c->query('SELECT nope FROM uniq'));
        refused(1045, 'HY000', fn() => open([], 'wrong'));   // mysqlnd's own state for what fails while connecting
        same(1, one($c, 'SELECT 1'));
    },
    'rowCount, LAST_INSERT_ID and FOUND_ROWS speak of the statement before' => function (PDO $c) {
        $c->exec('CREATE OR REPLACE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)');
        same(3, $c->exec('INSERT INTO counted (n) VALUES (1),(2),(3)'));
        same(1, one($c, 'SELECT LAST_INSERT_ID()'));
        same(2, $c->exec('UPDATE counted SET n = 7 WHERE id <= 2'));
        same(0, $c->exec('UPDATE counted SET n = 7 WHERE id <= 2'));
        $c->query('SELECT SQL_CALC_FOUND_ROWS id FROM counted LIMIT 1')->fetchAll();
        same(3, one($c, 'SELECT FOUND_ROWS()'));
    },
    'warnings are shown' => function (PDO $c) {
        $c->exec("SET SESSION sql_mode = ''");
        $c->exec("INSERT INTO counted (n) VALUES ('12abc')");
        same('1265', (string)$c->query('SHOW WARNINGS')->fetchAll(PDO::FETCH_NUM)[0][1]);
        $c->exec('SET SESSION sql_mode = DEFAULT');
    },
    'user and session variables' => function (PDO $c) {
        $c->exec("SET @a = 41, SESSION group_concat_max_len = 9");
        for ($i = 0; $i < 5; $i++) one($c, 'SELECT COUNT(*) FROM posts');
        same(42, one($c, 'SELECT @a + 1'));
        same(9, one($c, 'SELECT @@group_concat_max_len'));
        $c->exec('SET SESSION group_concat_max_len = DEFAULT');
    },
    'a temporary table belongs to the session' => function (PDO $c) {
        $c->exec('CREATE TEMPORARY TABLE mine AS SELECT 1 AS id UNION SELECT 2');
        same('3', one($c, 'SELECT SUM(id) FROM mine'));
        refused(1146, '42S02', fn() => one(open(), 'SELECT * FROM mine'));
        $c->exec('DROP TABLE mine');
        refused(1146, '42S02', fn() => one($c, 'SELECT * FROM mine'));
    },
    'several statements in one packet give several results' => function (PDO $c) {
        $e = open([PDO::ATTR_EMULATE_PREPARES => true]);
        $s = $e->query("SELECT 1; INSERT INTO posts (body) VALUES ('multi'); SELECT body FROM posts WHERE body = 'multi'");
        same([[1]], $s->fetchAll(PDO::FETCH_NUM));
        $s->nextRowset();
        same(1, $s->rowCount());
        $s->nextRowset();
        same([['multi']], $s->fetchAll(PDO::FETCH_NUM));
        same(false, $s->nextRowset());
    },
    'CALL returns each result set and OUT parameters' => function (PDO $c) {
        $c->exec('DROP PROCEDURE IF EXISTS two_results');
        $c->exec('CREATE PROCEDURE two_results(IN a INT, OUT b INT) BEGIN SELECT a; SELECT a + 1, NULL; SET b = a * 2; END');
        foreach ([true, false] as $emulated) {
            $e = open([PDO::ATTR_EMULATE_PREPARES => $emulated]);
            $s = $e->prepare('CALL two_results(?, @out)');
            $s->execute([20]);
            same('20', (string)$s->fetchAll(PDO::FETCH_NUM)[0][0]);
            $s->nextRowset();
            same('21', (string)$s->fetchAll(PDO::FETCH_NUM)[0][0]);
            $s->nextRowset();
            $s->closeCursor();
            same('40', (string)one($e, 'SELECT @out'));
        }
    },
    'LOAD DATA LOCAL takes the rows from the client' => function (PDO $c) {
        $c->exec('CREATE OR REPLACE TABLE loaded (id INT PRIMARY KEY, t VARCHAR(50))');
        $file = tempnam(sys_get_temp_dir(), 'hw');
        $out = fopen($file, 'w');
        for ($i = 0; $i < 20000; $i++) fwrite($out, "$i\trow $i\n");
        fclose($out);
        same(20000, $c->exec('LOAD DATA LOCAL INFILE ' . $c->quote($file) . ' INTO TABLE loaded'));
        unlink($file);
        same(20000, one($c, 'SELECT COUNT(*) FROM loaded'));
    },
    'a packet above 16 MB goes in and comes out whole' => function (PDO $c) {
        $c->exec('CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, b LONGBLOB)');
        $block = random_bytes(1 << 20);
        $block = str_repeat($block, 17);
        $insert = $c->prepare('INSERT INTO big VALUES (1, ?)');
        $insert->bindValue(1, $block, PDO::PARAM_LOB);
        $insert->execute();
        same(md5($block), one($c, 'SELECT MD5(b) FROM big'));
        same(true, $block === one($c, 'SELECT b FROM big'));
        same(true, $block === $c->query('SELECT b FROM big')->fetchColumn());
        $c->exec('DROP TABLE big');
    },
    'a large result streams unbuffered' => function (PDO $c) {
        $c->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, false);   // the session that has loaded the rows
        $rows = 0;
        foreach ($c->query("SELECT a.id, REPEAT('y', 60) FROM loaded a JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) b") as $_) $rows++;
        same(100000, $rows);
        same(1, one($c, 'SELECT 1'));
        $c->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, true);
    },
    'persistent connections come back clean' => function (PDO $c) {
        for ($i = 0; $i < 3; $i++) {
            $p = open([PDO::ATTR_PERSISTENT => true]);
            $p->exec("INSERT INTO posts (body) VALUES ('p$i')");
            same("p$i", one($p, "SELECT body FROM posts WHERE body = 'p$i'"));
            $p = null;
        }
    },
    'named locks, sequences and functions that write' => function (PDO $c) {
        same(1, one($c, "SELECT GET_LOCK('hw_pdo', 1)"));
        same(0, one(open(), "SELECT GET_LOCK('hw_pdo', 0)"));
        same(1, one($c, "SELECT RELEASE_LOCK('hw_pdo')"));
        $c->exec('CREATE OR REPLACE SEQUENCE seq START WITH 5');
        same(5, one($c, 'SELECT NEXTVAL(seq)'));
        same(6, one($c, 'SELECT NEXTVAL(seq)'));
        $c->exec('DROP SEQUENCE seq');
    },
    'the same over TLS' => function (PDO $c) {
        if (env('HW_TLS') !== '1') return 'this server offers no TLS';
        $s = open([PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false, PDO::MYSQL_ATTR_SSL_CIPHER => 'DEFAULT']);
        $s->exec("INSERT INTO posts (body) VALUES ('secret')");
        same('secret', one($s, "SELECT body FROM posts WHERE body = 'secret'"));
    },
    'compression, asked for and given' => function (PDO $c) {
        $z = open([PDO::MYSQL_ATTR_COMPRESS => true]);
        same(str_repeat('a', 100000), one($z, "SELECT REPEAT('a', 100000)"));
    },
];

run_checks($checks, open(...));
