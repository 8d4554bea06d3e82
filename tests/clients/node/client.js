// mysql2 as applications use it: text and prepared statements, pool, streams, big packets, KILL.
// Address and account come from the environment (HW_HOST, HW_PORT, HW_USER, HW_PASSWORD, HW_SCHEMA); prints TAP.
'use strict';
const assert = require('node:assert/strict');
const { Readable } = require('node:stream');
const mysql = require('mysql2/promise');

const options = {
  host: process.env.HW_HOST, port: Number(process.env.HW_PORT), user: process.env.HW_USER, password: process.env.HW_PASSWORD,
  database: process.env.HW_SCHEMA, charset: 'utf8mb4_unicode_ci', supportBigNumbers: true, dateStrings: true,
};
const open = (more = {}) => mysql.createConnection({ ...options, ...more });

let count = 0;
let connection;
async function check(name, run) {
  count++;
  const started = process.hrtime.bigint();
  let timer;
  try {
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('not done within 30 s')), 30_000); });
    await Promise.race([run(), late]);
    console.log(`ok ${count} - ${name} (${(process.hrtime.bigint() - started) / 1_000_000n} ms)`);
  } catch (error) {
    console.log(`not ok ${count} - ${name}`);
    for (const line of String(error && error.stack || error).split('\n').slice(0, 12)) console.log(`# ${line}`);
    try { connection.destroy(); connection = await open(); } catch (again) { console.log(`# and no new connection: ${again.message}`); }
  } finally { clearTimeout(timer); }
}
const one = async (sql, values) => Object.values((await connection.query(sql, values))[0][0])[0];
const refused = async (errno, sqlState, promise) => {
  await assert.rejects(promise, (error) => { assert.equal(error.errno, errno, error.message); assert.equal(error.sqlState, sqlState); return true; });
};

async function main() {
  connection = await open();

  await check('connects, and the server says that it is MariaDB', async () => {
    assert.match(await one('SELECT VERSION()'), /MariaDB/);
    assert.equal(await one('SELECT DATABASE()'), options.database);
    await connection.ping();
  });

  await check('text of four-byte characters comes back as it went', async () => {
    await connection.query('CREATE OR REPLACE TABLE letters (id INT PRIMARY KEY, t VARCHAR(200)) CHARSET utf8mb4');
    const text = 'naïve Ωmega 日本語 🐬🏞️';
    await connection.query('INSERT INTO letters VALUES (1, ?)', [text]);
    assert.equal(await one('SELECT t FROM letters WHERE id = 1'), text);
    const [[row]] = await connection.execute('SELECT t, HEX(t) AS h FROM letters WHERE t = ?', [text]);
    assert.equal(row.t, text);
    assert.equal(row.h, Buffer.from(text).toString('hex').toUpperCase());
  });

  await check('reads what it has just written, 200 times, text', async () => {
    await connection.query('CREATE OR REPLACE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, body VARCHAR(100))');
    for (let i = 1; i <= 200; i++) {
      const [done] = await connection.query('INSERT INTO posts (body) VALUES (?)', [`post ${i}`]);
      assert.equal(done.insertId, i);
      const [rows] = await connection.query('SELECT id, body FROM posts WHERE id = ?', [i]);
      assert.deepEqual(rows.map((r) => ({ ...r })), [{ id: i, body: `post ${i}` }]);
    }
  });

  await check('reads what it has just written, 200 times, prepared', async () => {
    for (let i = 201; i <= 400; i++) {
      const [done] = await connection.execute('INSERT INTO posts (body) VALUES (?)', [`post ${i}`]);
      const [rows] = await connection.execute('SELECT COUNT(*) AS n, MAX(id) AS m FROM posts');
      assert.deepEqual({ ...rows[0] }, { n: i, m: done.insertId });
    }
  });

  await check('a transaction that is rolled back leaves nothing, one that commits leaves all', async () => {
    await connection.query('TRUNCATE posts');
    await connection.beginTransaction();
    await connection.query("INSERT INTO posts (body) VALUES ('gone')");
    assert.equal(await one('SELECT COUNT(*) FROM posts'), 1);
    await connection.rollback();
    assert.equal(await one('SELECT COUNT(*) FROM posts'), 0);
    await connection.beginTransaction();
    await connection.query("INSERT INTO posts (body) VALUES ('stays')");
    await connection.query('SAVEPOINT s');
    await connection.query("INSERT INTO posts (body) VALUES ('goes')");
    await connection.query('ROLLBACK TO SAVEPOINT s');
    await connection.execute('INSERT INTO posts (body) VALUES (?)', ['stays too']);
    await connection.commit();
    const [rows] = await connection.query('SELECT body FROM posts ORDER BY id');
    assert.deepEqual(rows.map((r) => r.body), ['stays', 'stays too']);
  });

  await check('autocommit=0 is a transaction until it is ended', async () => {
    await connection.query('SET autocommit = 0');
    await connection.query("INSERT INTO posts (body) VALUES ('not yet')");
    assert.equal(await one("SELECT COUNT(*) FROM posts WHERE body = 'not yet'"), 1);
    await connection.query('ROLLBACK');
    await connection.query('SET autocommit = 1');
    assert.equal(await one("SELECT COUNT(*) FROM posts WHERE body = 'not yet'"), 0);
  });

  await check('a read-only transaction sees one state and refuses writes', async () => {
    await connection.query('START TRANSACTION READ ONLY');
    assert.equal(await one('SELECT COUNT(*) FROM posts'), 2);
    await refused(1792, '25006', connection.query("INSERT INTO posts (body) VALUES ('no')"));
    await connection.commit();
  });

  const every = `CREATE OR REPLACE TABLE every_type (id INT PRIMARY KEY, ti TINYINT, si SMALLINT, mi MEDIUMINT, bi BIGINT, bu BIGINT UNSIGNED, d DECIMAL(30,10), f FLOAT, g DOUBLE,
    da DATE, t TIME(6), dt DATETIME(6), ts TIMESTAMP(3) NULL, y YEAR, b BIT(12), e ENUM('a','b'), s SET('x','y'), c CHAR(10), vb VARBINARY(300), bl LONGBLOB, tx TEXT, j JSON)`;
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const values = [1, -128, -32768, 8388607, '-9223372036854775808', '18446744073709551615', '12345678901234567890.0123456789', 1.5, 1.0e-300,
    '9999-12-31', '-838:59:59.999999', '2026-11-21 12:34:56.123456', '2026-01-02 03:04:05.678', 2026, Buffer.from([0x0f, 0xff]), 'b', 'x,y', 'char', bytes, bytes, 'text', '{"k": [1, null]}'];

  await check('every type by prepared statement and back, text and binary alike', async () => {
    await connection.query(every);
    await connection.execute(`INSERT INTO every_type VALUES (${values.map(() => '?').join(',')})`, values);
    await connection.execute(`INSERT INTO every_type (id, bi, d, da, vb, j) VALUES (?,?,?,?,?,?)`, [2, null, null, null, null, null]);
    const [[binary]] = await connection.execute('SELECT * FROM every_type WHERE id = ?', [1]);
    const [[text]] = await connection.query('SELECT * FROM every_type WHERE id = 1');
    assert.deepEqual({ ...binary }, { ...text });
    assert.equal(binary.bi, '-9223372036854775808');
    assert.equal(binary.bu, '18446744073709551615');
    assert.equal(binary.d, '12345678901234567890.0123456789');
    assert.equal(binary.dt, '2026-11-21 12:34:56.123456');
    assert.deepEqual(binary.vb, bytes);
    assert.deepEqual(binary.bl, bytes);
    const [[empty]] = await connection.execute('SELECT * FROM every_type WHERE id = ?', [2]);
    assert.ok(Object.entries(empty).every(([key, value]) => key === 'id' || value === null));
  });

  await check('errors carry the server\'s number and SQLSTATE, and the connection goes on', async () => {
    await connection.query('CREATE OR REPLACE TABLE uniq (id INT PRIMARY KEY)');
    await connection.query('INSERT INTO uniq VALUES (1)');
    await refused(1062, '23000', connection.query('INSERT INTO uniq VALUES (1)'));
    await refused(1062, '23000', connection.execute('INSERT INTO uniq VALUES (?)', [1]));
    await refused(1064, '42000', connection.query('SELEC 1'));
    await refused(1064, '42000', connection.execute('SELEC ?', [1]));
    await refused(1146, '42S02', connection.query('SELECT * FROM no_such_table'));
    await refused(1146, '42S02', connection.execute('SELECT * FROM no_such_table'));
    await refused(1054, '42S22', connection.query('SELECT no_such_column FROM uniq'));
    await refused(1365, '22012', connection.query("SET STATEMENT sql_mode='STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO' FOR INSERT INTO uniq VALUES (1/0)"));
    await refused(1044, '42000', connection.query('USE no_such_schema'));   // 1044, not 1049: the account may not even know
    assert.equal(await one('SELECT 1'), 1);
  });

  await check('LAST_INSERT_ID, ROW_COUNT and FOUND_ROWS speak of the statement before', async () => {
    await connection.query('CREATE OR REPLACE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)');
    const [done] = await connection.query('INSERT INTO counted (n) VALUES (1),(2),(3)');
    assert.equal(await one('SELECT ROW_COUNT()'), 3);
    assert.equal(await one('SELECT LAST_INSERT_ID()'), done.insertId);
    await connection.query('INSERT INTO counted (n) VALUES (LAST_INSERT_ID())');
    assert.equal(await one('SELECT n FROM counted ORDER BY id DESC LIMIT 1'), done.insertId);
    await connection.query('SELECT SQL_CALC_FOUND_ROWS id FROM counted LIMIT 1');
    assert.equal(await one('SELECT FOUND_ROWS()'), 4);
    const [changed] = await connection.query('UPDATE counted SET n = 7 WHERE id <= 2');
    assert.match(changed.info, /Rows matched: 2 {2}Changed: 2 {2}Warnings: 0/);
    const [same] = await connection.query('UPDATE counted SET n = 7 WHERE id <= 2');
    assert.equal(same.affectedRows, 2);   // mysql2 asks for CLIENT_FOUND_ROWS
    assert.equal(same.changedRows, 0);
  });

  await check('warnings are counted, shown, and still there for the next statement', async () => {
    await connection.query("SET SESSION sql_mode = ''");
    const [done] = await connection.query("INSERT INTO counted (n) VALUES ('12abc')");
    assert.equal(done.warningStatus, 1);
    const [warnings] = await connection.query('SHOW WARNINGS');
    assert.equal(warnings.length, 1);
    assert.equal(warnings[0].Code, 1265);
    assert.equal(await one('SELECT @@warning_count'), 1);
    await connection.query('SET SESSION sql_mode = DEFAULT');
  });

  await check('user variables live as long as the session', async () => {
    await connection.query("SET @a = 41, @b := 'bee'");
    for (let i = 0; i < 5; i++) await connection.query('SELECT COUNT(*) FROM posts');
    const [[row]] = await connection.query('SELECT @a + 1 AS a, @b AS b, @never AS n');
    assert.deepEqual({ ...row }, { a: 42, b: 'bee', n: null });
    const [[counted]] = await connection.execute('SELECT @a AS a, ? AS p', [5]);
    assert.equal(Number(counted.a), 41);
    await connection.query('SELECT COUNT(*) INTO @n FROM posts');
    assert.equal(await one('SELECT @n'), 2);
  });

  await check('session variables hold for reads and writes', async () => {
    await connection.query("SET SESSION group_concat_max_len = 16, time_zone = '+05:00', sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')");
    await connection.query('INSERT INTO posts ("body") VALUES (\'quoted\')');
    assert.equal(await one('SELECT GROUP_CONCAT("body" ORDER BY "id") FROM posts'), 'stays,stays too,');
    assert.equal(await one('SELECT @@time_zone'), '+05:00');
    assert.equal(await one("SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW())"), 5);
    await connection.query('DELETE FROM posts WHERE "body" = \'quoted\'');
    await connection.query("SET SESSION group_concat_max_len = DEFAULT, time_zone = DEFAULT, sql_mode = DEFAULT");
    assert.equal(await one('SELECT "body" FROM posts LIMIT 1'), 'body');
  });

  await check('a temporary table belongs to the session', async () => {
    await connection.query('CREATE TEMPORARY TABLE mine (id INT)');
    await connection.query('INSERT INTO mine VALUES (1),(2)');
    assert.equal(await one('SELECT COUNT(*) FROM mine'), 2);
    const other = await open();
    await refused(1146, '42S02', other.query('SELECT * FROM mine'));
    await other.end();
    await connection.execute('INSERT INTO mine SELECT id + ? FROM mine AS m', [10]);
    assert.equal(await one('SELECT COUNT(*) FROM mine'), 4);
    await connection.query('DROP TEMPORARY TABLE mine');
    await refused(1146, '42S02', connection.query('SELECT * FROM mine'));
  });

  await check('several statements in one packet give several results', async () => {
    const many = await open({ multipleStatements: true });
    const [results] = await many.query("SELECT 1 AS a; INSERT INTO posts (body) VALUES ('multi'); SELECT body FROM posts WHERE body = 'multi'; DELETE FROM posts WHERE body = 'multi'");
    assert.equal(results.length, 4);
    assert.equal(results[0][0].a, 1);
    assert.equal(results[1].affectedRows, 1);
    assert.equal(results[2][0].body, 'multi');
    assert.equal(results[3].affectedRows, 1);
    await refused(1064, '42000', many.query('SELECT 1; SELEC 2; SELECT 3'));
    assert.equal((await many.query('SELECT 5 AS five'))[0][0].five, 5);
    await many.end();
    await refused(1064, '42000', connection.query('SELECT 1; SELECT 2'));
  });

  await check('CALL returns each result set and OUT parameters', async () => {
    await connection.query('DROP PROCEDURE IF EXISTS two_results');
    await connection.query('CREATE PROCEDURE two_results(IN a INT, OUT b INT) BEGIN SELECT a AS first; SELECT a + 1 AS second, NULL AS n; SET b = a * 2; END');
    const [results] = await connection.query('CALL two_results(20, @out)');
    assert.equal(results[0][0].first, 20);
    assert.equal(results[1][0].second, 21);
    assert.equal(await one('SELECT @out'), 40);
    const [prepared] = await connection.execute('CALL two_results(?, @out)', [30]);
    assert.equal(prepared[0][0].first, 30);
    assert.equal(prepared[1][0].second, 31);
    assert.equal(await one('SELECT @out'), 60);
  });

  await check('LOAD DATA LOCAL takes the rows from the client', async () => {
    await connection.query('CREATE OR REPLACE TABLE loaded (id INT PRIMARY KEY, t VARCHAR(50))');
    const lines = Array.from({ length: 20000 }, (_, i) => `${i}\trow ${i}\n`);
    const [done] = await connection.query({ sql: "LOAD DATA LOCAL INFILE 'rows.tsv' INTO TABLE loaded", infileStreamFactory: () => Readable.from([lines.slice(0, 9000), lines.slice(9000)].map((part) => Buffer.from(part.join('')))) });
    assert.equal(done.affectedRows, 20000);
    assert.match(done.info, /Records: 20000/);
    assert.equal(await one('SELECT SUM(id) FROM loaded'), String(19999 * 10000));
    const [none] = await connection.query({ sql: "LOAD DATA LOCAL INFILE 'none.tsv' INTO TABLE loaded", infileStreamFactory: () => Readable.from([]) });
    assert.equal(none.affectedRows, 0);
  });

  await check('a packet above 16 MB goes in and comes out whole', async () => {
    await connection.query('CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, b LONGBLOB)');
    const block = Buffer.alloc(0xffffff + 12345);
    for (let i = 0; i < block.length; i += 4096) block.writeUInt32LE(i, i);
    await connection.query('INSERT INTO big VALUES (1, ?)', [block]);
    const [[back]] = await connection.query('SELECT b FROM big WHERE id = 1');
    assert.ok(block.equals(back.b));
    await connection.execute('INSERT INTO big VALUES (?, ?)', [2, block]);
    const [[again]] = await connection.execute('SELECT b, MD5(b) AS m FROM big WHERE id = ?', [2]);
    assert.ok(block.equals(again.b));
    assert.equal(again.m, require('node:crypto').createHash('md5').update(block).digest('hex'));
    // exactly 2^24-1 bytes of payload: an empty packet must follow
    const edge = 'x'.repeat(0xffffff - 1 - "SELECT LENGTH('')".length);
    assert.equal(await one(`SELECT LENGTH('${edge}')`), edge.length);
    await connection.query('DROP TABLE big');
  });

  await check('a large result streams row by row', async () => {
    let rows = 0; let sum = 0n;
    const stream = connection.connection.query('SELECT a.id AS x, REPEAT(\'y\', 50) AS pad FROM loaded a JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) b').stream({ highWaterMark: 50 });
    for await (const row of stream) { rows++; sum += BigInt(row.x); }
    assert.equal(rows, 100000);
    assert.equal(sum, 5n * 19999n * 10000n);
  });

  await check('three hundred prepared statements stay usable in any order', async () => {
    const statements = [];
    for (let i = 0; i < 300; i++) statements.push(await connection.prepare(`SELECT ${i} AS i, ? AS p, id FROM posts ORDER BY id LIMIT 1`));
    for (let k = 0; k < 600; k++) {
      const i = (k * 7919) % 300;
      const [[row]] = await statements[i].execute([`p${k}`]);
      assert.equal(row.i, i);
      assert.equal(row.p, `p${k}`);
    }
    for (const statement of statements) await statement.close();
    assert.equal(await one('SELECT 1'), 1);
  });

  await check('a pool of connections serves many tasks at once', async () => {
    const pool = mysql.createPool({ ...options, connectionLimit: 8, maxIdle: 8 });
    await pool.query('CREATE OR REPLACE TABLE pooled (id INT PRIMARY KEY, n INT)');
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const lent = await pool.getConnection();
      try {
        await lent.query('INSERT INTO pooled VALUES (?, ?)', [i, i * i]);
        const [[row]] = await lent.execute('SELECT n FROM pooled WHERE id = ?', [i]);
        assert.equal(row.n, i * i);
      } finally { lent.release(); }
    }));
    const lent = await pool.getConnection();
    await lent.query("INSERT INTO pooled VALUES (1000, 1)");
    const [[row]] = await lent.query('SELECT COUNT(*) AS n FROM pooled WHERE id = 1000');
    lent.release();
    assert.equal(row.n, 1);
    await pool.end();
  });

  await check('changeUser takes the session back to its beginning', async () => {
    const other = await open();
    await other.query('SET @left = 1');
    await other.query('CREATE TEMPORARY TABLE left_behind (id INT)');
    await other.changeUser({ user: options.user, password: options.password, database: options.database });
    const [[row]] = await other.query('SELECT @left AS l, DATABASE() AS d');
    assert.deepEqual({ ...row }, { l: null, d: options.database });
    await refused(1146, '42S02', other.query('SELECT * FROM left_behind'));
    await other.end();
  });

  await check('reset clears the session and keeps the connection', async () => {
    const other = await open();
    await other.query("SET @left = 1, SESSION sql_mode = 'ANSI_QUOTES'");
    await other.reset();
    const [[row]] = await other.query('SELECT @left AS l, @@sql_mode AS m');
    assert.equal(row.l, null);
    assert.ok(!row.m.includes('ANSI_QUOTES'));
    await other.end();
  });

  await check('a wrong password is refused with 1045, an unknown schema with 1049', async () => {
    await refused(1045, '28000', open({ password: 'wrong' }));
    await refused(1045, '28000', open({ user: 'nobody_at_all' }));
    await assert.rejects(open({ database: 'no_such_schema' }), (error) => error.errno === 1049 || error.errno === 1044);
  });

  await check('KILL QUERY by the id of the greeting interrupts the statement only', async () => {
    const slow = await open();
    const running = slow.query('SELECT SLEEP(20)').then(() => null, (error) => error);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const started = Date.now();
    await connection.query(`KILL QUERY ${slow.threadId}`);
    const error = await running;
    assert.ok(Date.now() - started < 5000);
    assert.equal(error && error.errno, 1317);
    assert.equal((await slow.query('SELECT 7 AS seven'))[0][0].seven, 7);
    await slow.end();
  });

  await check('CONNECTION_ID() is the id that KILL takes', async () => {
    const [[row]] = await connection.query('SELECT CONNECTION_ID() AS id');
    assert.equal(Number(row.id), connection.threadId);
  });

  await check('KILL ends the connection', async () => {
    const victim = await open();
    const ended = new Promise((resolve) => { victim.on('error', resolve); victim.on('end', resolve); });
    await connection.query(`KILL ${victim.threadId}`);
    await assert.rejects(async () => { await Promise.race([ended.then(() => { throw new Error('closed'); }), new Promise((r) => setTimeout(r, 300)).then(() => victim.query('SELECT 1'))]); });
    victim.destroy();
    assert.equal(await one('SELECT 1'), 1);
  });

  await check('named locks are held by one session', async () => {
    const other = await open();
    assert.equal(await one("SELECT GET_LOCK('hw_node', 0)"), 1);
    assert.equal(Object.values((await other.query("SELECT GET_LOCK('hw_node', 0)"))[0][0])[0], 0);
    assert.equal(await one("SELECT RELEASE_LOCK('hw_node')"), 1);
    assert.equal(Object.values((await other.query("SELECT GET_LOCK('hw_node', 5)"))[0][0])[0], 1);
    await other.end();
  });

  await check('row locks of a transaction are honoured by another session', async () => {
    const other = await open();
    await connection.query("INSERT INTO posts (id, body) VALUES (500, 'locked')");
    await connection.beginTransaction();
    await connection.query('SELECT * FROM posts WHERE id = 500 FOR UPDATE');
    await other.query('SET SESSION innodb_lock_wait_timeout = 1');
    await refused(1205, 'HY000', other.query("UPDATE posts SET body = 'x' WHERE id = 500"));
    await connection.commit();
    assert.equal((await other.query("UPDATE posts SET body = 'x' WHERE id = 500"))[0].affectedRows, 1);
    await other.end();
  });

  if (process.env.HW_TLS === '1') {
    await check('the same over TLS', async () => {
      const secure = await open({ ssl: { rejectUnauthorized: false } });
      const [[row]] = await secure.query("SHOW STATUS LIKE 'Ssl_cipher'");
      assert.ok(row);
      await secure.execute('INSERT INTO posts (body) VALUES (?)', ['secret']);
      assert.equal((await secure.execute('SELECT COUNT(*) AS n FROM posts WHERE body = ?', ['secret']))[0][0].n, 1);
      await secure.end();
    });
  }

  await check('compression, asked for and given', async () => {
    const squeezed = await open({ compress: true });
    assert.equal((await squeezed.query("SELECT LENGTH(REPEAT('a', 100000)) AS n"))[0][0].n, 100000);
    assert.equal((await squeezed.query("SELECT REPEAT('a', 100000) AS n"))[0][0].n, 'a'.repeat(100000));
    await squeezed.end();
  });

  await connection.end();
  console.log(`1..${count}`);
}

main().catch((error) => { console.log(`Bail out! ${error.stack}`); process.exitCode = 1; });
