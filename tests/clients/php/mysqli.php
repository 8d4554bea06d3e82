<?php
// mysqli (mysqlnd) as applications use it. Account by environment (HW_*); prints TAP.
declare(strict_types=1);
require __DIR__ . '/tap.php';
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

function open(int $flags = 0, ?string $password = null): mysqli
{
    $c = mysqli_init();
    $c->options(MYSQLI_OPT_LOCAL_INFILE, 1);
    $c->options(MYSQLI_OPT_INT_AND_FLOAT_NATIVE, 1);
    $c->real_connect(env('HW_HOST'), env('HW_USER'), $password ?? env('HW_PASSWORD'), env('HW_SCHEMA'), (int)env('HW_PORT'), null, $flags);
    $c->set_charset('utf8mb4');
    return $c;
}

function one(mysqli $c, string $sql, array $values = []): mixed
{
    $result = $values ? $c->execute_query($sql, $values) : $c->query($sql);
    return $result->fetch_row()[0] ?? null;
}

function refused(int $code, string $state, callable $run): void
{
    try {
        $run();
    } catch (mysqli_sql_exception $error) {
        same([$state, $code], [$error->getSqlState(), $error->getCode()]);
        return;
    }
    throw new RuntimeException("error $code was expected, none came");
}

$checks = [
    'connects, and the server says that it is MariaDB' => function (mysqli $c) {
        same(true, str_contains($c->server_info, 'MariaDB'));
        same(true, str_contains(one($c, 'SELECT VERSION()'), 'MariaDB'));
        same(env('HW_SCHEMA'), one($c, 'SELECT DATABASE()'));
        same(true, str_contains($c->stat(), 'Uptime'));
        same(true, $c->ping());
        same('utf8mb4', $c->character_set_name());
        same(10, $c->protocol_version);
    },
    'reads what it has just written, 200 times, text' => function (mysqli $c) {
        $c->query('CREATE OR REPLACE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, body VARCHAR(100) CHARACTER SET utf8mb4)');
        for ($i = 1; $i <= 200; $i++) {
            $c->query("INSERT INTO posts (body) VALUES ('post 🐬 $i')");
            same($i, $c->insert_id);
            same("post 🐬 $i", one($c, "SELECT body FROM posts WHERE id = $i"));
        }
    },
    'reads what it has just written, 200 times, prepared' => function (mysqli $c) {
        $insert = $c->prepare('INSERT INTO posts (body) VALUES (?)');
        $select = $c->prepare('SELECT COUNT(*), MAX(id) FROM posts');
        for ($i = 201; $i <= 400; $i++) {
            $insert->execute(["post $i"]);
            same(1, $insert->affected_rows);
            $select->execute();
            same([$i, $insert->insert_id], $select->get_result()->fetch_row());
        }
    },
    'transactions commit, roll back, and start read only' => function (mysqli $c) {
        $c->query('TRUNCATE posts');
        $c->begin_transaction();
        $c->query("INSERT INTO posts (body) VALUES ('gone')");
        $c->rollback();
        same(0, one($c, 'SELECT COUNT(*) FROM posts'));
        $c->begin_transaction(MYSQLI_TRANS_START_READ_WRITE, 'named');
        $c->query("INSERT INTO posts (body) VALUES ('stays')");
        $c->savepoint('s');
        $c->query("INSERT INTO posts (body) VALUES ('goes')");
        $c->query('ROLLBACK TO s');
        $c->commit();
        same(1, one($c, 'SELECT COUNT(*) FROM posts'));
        $c->begin_transaction(MYSQLI_TRANS_START_READ_ONLY);
        same(1, one($c, 'SELECT COUNT(*) FROM posts'));
        refused(1792, '25006', fn() => $c->query('DELETE FROM posts'));
        $c->rollback();
        $c->autocommit(false);
        $c->query("INSERT INTO posts (body) VALUES ('no')");
        $c->rollback();
        $c->autocommit(true);
        same(1, one($c, 'SELECT COUNT(*) FROM posts'));
    },
    'every type by prepared statement and back' => function (mysqli $c) {
        $c->query("CREATE OR REPLACE TABLE every_type (id INT PRIMARY KEY, ti TINYINT, bi BIGINT, bu BIGINT UNSIGNED, d DECIMAL(30,10), g DOUBLE, da DATE, t TIME(6),
            dt DATETIME(6), y YEAR, b BIT(12), e ENUM('a','b'), s SET('x','y'), vb VARBINARY(300), bl LONGBLOB, tx TEXT)");
        $bytes = implode('', array_map('chr', range(0, 255)));
        $row = [1, -128, PHP_INT_MIN, '18446744073709551615', '12345678901234567890.0123456789', 1.0e-300, '9999-12-31', '-838:59:59.999999', '2026-11-21 12:34:56.123456', '2026', 4095, 'b', 'x,y', $bytes, null, 'text'];
        $insert = $c->prepare('INSERT INTO every_type VALUES (' . implode(',', array_fill(0, count($row), '?')) . ')');
        $types = 'iiissdsssiisssbs';
        $insert->bind_param($types, ...$row);
        foreach (str_split($bytes, 100) as $part) $insert->send_long_data(14, $part);
        $insert->execute();
        $row[14] = $bytes;
        $found = $c->execute_query('SELECT * FROM every_type WHERE id = ?', [1])->fetch_row();
        same($row, $found);
        $c->execute_query('INSERT INTO every_type (id, bi, bl) VALUES (?, ?, ?)', [2, null, null]);
        same([2, ...array_fill(0, 15, null)], $c->execute_query('SELECT * FROM every_type WHERE id = 2')->fetch_row());
    },
    'a server-side cursor fetches in steps, other statements between' => function (mysqli $c) {
        $c->query('CREATE OR REPLACE TABLE many (id INT PRIMARY KEY) AS SELECT seq AS id FROM seq_1_to_1000');
        $s = $c->prepare('SELECT id FROM many WHERE id > ? ORDER BY id');
        $s->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
        $s->execute([500]);
        $s->bind_result($id);
        $n = 0;
        while ($s->fetch()) {
            same(501 + $n++, $id);
            if ($n % 100 === 0) same($n, one($c, "SELECT $n"));
        }
        same(500, $n);
        $s->close();
    },
    'statements are reset and closed' => function (mysqli $c) {
        $s = $c->prepare('SELECT ? AS x');
        $s->execute(['a']);
        $s->reset();
        $s->execute(['b']);
        same('b', $s->get_result()->fetch_row()[0]);
        $s->close();
        for ($i = 0; $i < 200; $i++) {
            $s = $c->prepare("SELECT $i + ?");
            $s->execute([1]);
            same((float)($i + 1), (float)$s->get_result()->fetch_row()[0]);
            $s->close();
        }
    },
    'errors carry the server\'s number and SQLSTATE, and the connection goes on' => function (mysqli $c) {
        $c->query('CREATE OR REPLACE TABLE uniq (id INT PRIMARY KEY)');
        $c->query('INSERT INTO uniq VALUES (1)');
        refused(1062, '23000', fn() => $c->query('INSERT INTO uniq VALUES (1)'));
        refused(1062, '23000', fn() => $c->execute_query('INSERT INTO uniq VALUES (?)', [1]));
        refused(1064, '42000', fn() => $c->query('SELEC 1'));
        refused(1064, '42000', fn() => $c->prepare('SELEC ?'));
        refused(1146, '42S02', fn() => $c->prepare('SELECT * FROM no_such_table'));
        refused(1045, 'HY000', fn() => open(0, 'wrong'));   // mysqlnd's own state for what fails while connecting
        same(1, one($c, 'SELECT 1'));
        same([], $c->error_list);
    },
    'counts, info and warnings of the statement before' => function (mysqli $c) {
        $c->query('CREATE OR REPLACE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)');
        $c->query('INSERT INTO counted (n) VALUES (1),(2),(3)');
        same('Records: 3  Duplicates: 0  Warnings: 0', $c->info);
        same(3, $c->affected_rows);
        same(1, one($c, 'SELECT LAST_INSERT_ID()'));
        $c->query('SELECT SQL_CALC_FOUND_ROWS id FROM counted LIMIT 1')->fetch_all();
        same(3, one($c, 'SELECT FOUND_ROWS()'));
        $c->query("SET SESSION sql_mode = ''");
        $c->query("INSERT INTO counted (n) VALUES ('12abc')");
        same(1, $c->warning_count);
        $warnings = $c->get_warnings();   // SHOW WARNINGS
        same(1265, $warnings->errno);
        $c->query('SET SESSION sql_mode = DEFAULT');
    },
    'multi_query gives several results' => function (mysqli $c) {
        $c->multi_query("SELECT 1; INSERT INTO posts (body) VALUES ('multi'); SELECT body FROM posts WHERE body = 'multi'");
        $got = [];
        do {
            $result = $c->store_result();
            $got[] = $result ? $result->fetch_all() : $c->affected_rows;
        } while ($c->more_results() && $c->next_result());
        same([[[1]], 1, [['multi']]], $got);
        refused(1064, '42000', fn() => $c->query('SELECT 1; SELECT 2'));
    },
    'CALL returns each result set and OUT parameters' => function (mysqli $c) {
        $c->query('DROP PROCEDURE IF EXISTS two_results');
        $c->query('CREATE PROCEDURE two_results(IN a INT, OUT b INT) BEGIN SELECT a; SELECT a + 1, NULL; SET b = a * 2; END');
        $c->multi_query('CALL two_results(20, @out)');
        $got = [];
        do {
            if ($result = $c->store_result()) $got[] = $result->fetch_row();
        } while ($c->more_results() && $c->next_result());
        same([[20], [21, null]], $got);
        same(40, one($c, 'SELECT @out'));
        $s = $c->prepare('CALL two_results(?, ?)');
        $s->execute([30, 0]);
        $got = [];
        do {
            if ($result = $s->get_result()) $got[] = $result->fetch_row();
        } while ($s->more_results() && $s->next_result());
        same([[30], [31, null]], $got);   // a third result holds the OUT parameters: mysqlnd reads and drops it
    },
    'asynchronous queries and poll' => function (mysqli $c) {
        $a = open();
        $b = open();
        $a->query('SELECT SLEEP(0.2), 1', MYSQLI_ASYNC);
        $b->query('SELECT 2', MYSQLI_ASYNC);
        $got = [];
        for ($waiting = [$a, $b]; $waiting;) {
            $read = $error = $reject = $waiting;
            if (!mysqli::poll($read, $error, $reject, 5)) throw new RuntimeException('nothing came');
            foreach ($read as $ready) {
                $got[] = $ready->reap_async_query()->fetch_row();
                $waiting = array_values(array_filter($waiting, fn($one) => $one !== $ready));
            }
        }
        same([[2], [0, 1]], $got);
    },
    'change_user takes the session back to its beginning' => function (mysqli $c) {
        $o = open();
        $o->query('SET @left = 1');
        $o->query('CREATE TEMPORARY TABLE left_behind (id INT)');
        $o->change_user(env('HW_USER'), env('HW_PASSWORD'), env('HW_SCHEMA'));
        same(null, one($o, 'SELECT @left'));
        refused(1146, '42S02', fn() => $o->query('SELECT * FROM left_behind'));
        refused(1045, '28000', fn() => $o->change_user(env('HW_USER'), 'wrong', env('HW_SCHEMA')));
    },
    'select_db changes the schema' => function (mysqli $c) {
        $c->select_db('information_schema');
        same('information_schema', one($c, 'SELECT DATABASE()'));
        $c->select_db(env('HW_SCHEMA'));
        same(1, one($c, 'SELECT COUNT(*) FROM uniq'));
    },
    'kill by thread_id' => function (mysqli $c) {
        $o = open();
        same(1, one($o, 'SELECT 1'));
        $c->kill($o->thread_id);
        usleep(100000);
        try {
            one($o, 'SELECT 1');
        } catch (mysqli_sql_exception $error) {
            same(true, in_array($error->getCode(), [2006, 2013, 1927, 1053, 1158], true));
            same(1, one($c, 'SELECT 1'));
            return;
        }
        throw new RuntimeException('the killed connection still answers');
    },
    'unbuffered results, left half read' => function (mysqli $c) {
        $result = $c->query('SELECT a.id FROM many a JOIN many b ON b.id <= 50', MYSQLI_USE_RESULT);
        for ($i = 0; $i < 10; $i++) $result->fetch_row();
        $result->free();
        same(1, one($c, 'SELECT 1'));
    },
    'LOAD DATA LOCAL takes the rows from the client' => function (mysqli $c) {
        $c->query('CREATE OR REPLACE TABLE loaded (id INT PRIMARY KEY, t VARCHAR(50))');
        $file = tempnam(sys_get_temp_dir(), 'hw');
        file_put_contents($file, implode('', array_map(fn($i) => "$i\trow $i\n", range(1, 20000))));
        $c->query("LOAD DATA LOCAL INFILE '$file' INTO TABLE loaded");
        same('Records: 20000  Deleted: 0  Skipped: 0  Warnings: 0', $c->info);
        unlink($file);
        same(20000, one($c, 'SELECT COUNT(*) FROM loaded'));
    },
    'a packet above 16 MB goes in and comes out whole' => function (mysqli $c) {
        $block = str_repeat(random_bytes(1 << 20), 17);
        same(true, $block === $c->execute_query('SELECT ? AS b', [$block])->fetch_row()[0]);
    },
    'the same over TLS' => function (mysqli $c) {
        if (env('HW_TLS') !== '1') return 'this server offers no TLS';
        $s = open(MYSQLI_CLIENT_SSL | MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT);
        $s->query("INSERT INTO posts (body) VALUES ('secret')");
        same('secret', one($s, "SELECT body FROM posts WHERE body = 'secret'"));
    },
    'compression, asked for and given' => function (mysqli $c) {
        same(str_repeat('a', 100000), one(open(MYSQLI_CLIENT_COMPRESS), "SELECT REPEAT('a', 100000)"));
    },
];

run_checks($checks, open(...));
