#!/usr/bin/env bash
# The tools that come with MariaDB: mariadb, mariadb-dump, mariadb-import, mariadb-admin, mariadb-show, mariadb-check, mysqlslap.
# Account by environment (HW_*, and HW_SCHEMA_2 for a second schema, HW_ADMIN_USER and HW_ADMIN_PASSWORD,
# HW_SOCKET where there is one, HW_TLS=1 where TLS is offered); prints TAP.
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/tap.sh"
sql() { mariadb "${to[@]}" --batch --skip-column-names "$HW_SCHEMA" "$@"; }
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

connects() {
  contains MariaDB "$(sql -e 'SELECT VERSION()')"
  same "$HW_SCHEMA" "$(sql -e 'SELECT DATABASE()')"
  local status
  status=$(mariadb "${to[@]}" "$HW_SCHEMA" -e 'status')
  contains 'Server version:' "$status"
  contains 'Uptime:' "$status"
}

statements_of_every_output_form() {
  same $'a\tb\n1\tNULL' "$(mariadb "${to[@]}" --batch -e 'SELECT 1 AS a, NULL AS b')"
  contains '| a |' "$(mariadb "${to[@]}" --table -e 'SELECT 1 AS a')"
  contains 'a: 1' "$(mariadb "${to[@]}" -e 'SELECT 1 AS a\G')"
  contains '<field name="a">1</field>' "$(mariadb "${to[@]}" --xml -e 'SELECT 1 AS a')"
  contains 'LONG' "$(mariadb "${to[@]}" --table --column-type-info -e 'SELECT 1 AS a')"
  same $'1\n2\n3' "$(sql -e 'SELECT 1; SELECT 2; SELECT 3')"
}

reads_what_it_has_written() {
  {
    echo 'CREATE OR REPLACE TABLE own (id INT PRIMARY KEY, body TEXT);'
    for i in $(seq 300); do echo "INSERT INTO own VALUES ($i, 'post $i'); SELECT COUNT(*), MAX(body) = '$i' FROM own;"; done
  } >"$work/own.sql"
  same "$(seq -f $'%g\t0' 300)" "$(sql <"$work/own.sql")"
}

sources_a_script() {
  cat >"$work/script.sql" <<'SQL'
-- a script as people write them: comments, delimiters, procedures, variables
CREATE OR REPLACE TABLE made (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40) NOT NULL DEFAULT 'it''s; "quoted"'); # ends here
/*! SET @executable := 'yes' */;
/* a comment; with a semicolon */
DELIMITER //
CREATE OR REPLACE PROCEDURE fill(IN n INT)
BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < n DO INSERT INTO made () VALUES (); SET i = i + 1; END WHILE;
END //
DELIMITER ;
CALL fill(7);
SET @sum = (SELECT SUM(id) FROM made);
SELECT @sum, @executable, (SELECT COUNT(*) FROM made WHERE v LIKE '%;%');
SQL
  same $'28\tyes\t7' "$(sql -e "source $work/script.sql")"
  same $'28\tyes\t7' "$(sql <"$work/script.sql")"
}

errors_end_or_go_on() {
  local out status=0
  out=$(sql -e 'SELEC 1; SELECT 2' 2>&1) || status=$?
  same 1 $status
  contains 'ERROR 1064 (42000) at line 1' "$out"
  out=$(sql --force -e 'SELECT * FROM nowhere; SELECT 2' 2>&1) || true
  contains "ERROR 1146 (42S02) at line 1: Table '$HW_SCHEMA.nowhere' doesn't exist" "$out"
  contains 2 "$out"
  out=$(mariadb "${to[@]}" -e 'SELECT 1' no_such_schema 2>&1) || true
  contains 'ERROR 1044 (42000)' "$out"
  out=$(mariadb "${to[@]}" --password=wrong -e 'SELECT 1' 2>&1) || true
  contains 'ERROR 1045 (28000): Access denied for user' "$out"
  contains '(using password: YES)' "$out"
}

shows_warnings() {
  contains 'Warning (Code 1292)' "$(mariadb "${to[@]}" --show-warnings -e "SELECT CAST('x' AS INT)")"
  contains '1 warning' "$(mariadb "${to[@]}" -vvv -e "SELECT CAST('x' AS INT)")"
  contains $'Warning\t1292' "$(sql -e "SELECT CAST('x' AS INT); SHOW WARNINGS")"
  contains 'Query OK, 2 rows affected' "$(mariadb "${to[@]}" -vvv "$HW_SCHEMA" -e "INSERT INTO own VALUES (1001, ''), (1002, '')")"
}

ctrl_c_interrupts_the_statement_only() {
  local started took
  started=$(now_ms)
  # on a terminal, as a person does it: the client asks the server to kill what it runs, over a second connection
  {
    sleep 0.5
    printf 'SELECT SLEEP(20);\n'
    sleep 0.7
    printf '\003'
    sleep 0.5
    printf "SELECT CONCAT('af', 'ter');\nexit\n"
    sleep 0.3
  } | timeout 30 script -qec "mariadb ${to[*]}" /dev/null >"$work/ctrl-c" || true
  took=$(($(now_ms) - started))
  contains 'ERROR 1317 (70100)' "$(cat "$work/ctrl-c")"
  contains 'after' "$(cat "$work/ctrl-c")"
  [ $took -lt 10000 ] || { echo "all of it took $took ms"; exit 1; }
}

reconnects_on_demand() { same $'1\n2' "$(sql -e $'SELECT 1;\n\\r\nSELECT 2' 2>/dev/null | grep -v '^Connection')"; }

loads_a_local_file() {
  seq 20000 | awk '{print $1 "\trow " $1}' >"$work/rows.tsv"
  sql --local-infile=1 -e "CREATE OR REPLACE TABLE loaded (id INT PRIMARY KEY, t VARCHAR(20)); LOAD DATA LOCAL INFILE '$work/rows.tsv' INTO TABLE loaded"
  eventually_same $'20000\t200010000' sql -e 'SELECT COUNT(*), SUM(id) FROM loaded'
  cp "$work/rows.tsv" "$work/imported.txt"
  sql -e 'CREATE OR REPLACE TABLE imported LIKE loaded'
  contains 'Records: 20000' "$(mariadb-import "${to[@]}" --local --verbose "$HW_SCHEMA" "$work/imported.txt")"
}

large_results_stream() {
  same 2000000 "$(sql --quick -e 'SELECT a.id FROM loaded a JOIN (SELECT seq FROM seq_1_to_100) b' | wc -l)"
  same 400000 "$(sql -e "SELECT a.t FROM loaded a JOIN (SELECT seq FROM seq_1_to_20) b" | wc -l)"
}

compressed() { same 200000 "$(sql --compress -e "SELECT REPEAT('a', 200000)" | tr -d '\n' | wc -c)"; }

over_tls() {
  [ "${HW_TLS:-}" = 1 ] || skip 'this server offers no TLS'
  contains TLS "$(mariadb "${to[@]}" --ssl -e status | grep '^SSL:')"
  eventually_same 300 sql --ssl -e "SELECT COUNT(*) FROM own WHERE id <= 300"
}

over_the_socket() {
  [ -n "${HW_SOCKET:-}" ] || skip 'no Unix socket was named'
  eventually_same 300 mariadb --defaults-file="$work/my.cnf" --protocol=socket --socket="$HW_SOCKET" -BN "$HW_SCHEMA" -e 'SELECT COUNT(*) FROM own WHERE id <= 300'
}

administers() {
  contains 'mysqld is alive' "$(mariadb-admin "${to[@]}" ping)"
  contains 'Uptime:' "$(mariadb-admin "${to[@]}" status)"
  contains "$HW_USER" "$(mariadb-admin "${to[@]}" processlist)"
  contains own "$(mariadb-show "${to[@]}" "$HW_SCHEMA")"
  contains body "$(mariadb-show "${to[@]}" "$HW_SCHEMA" own)"
  contains 'own' "$(mariadb-check "${to[@]}" "$HW_SCHEMA" own)"
}

dumps_and_restores() {
  local sql_as_admin=(mariadb "${as_admin[@]}" --batch --skip-column-names)
  # one statement a row is slow enough with a few thousand
  "${sql_as_admin[@]}" "$HW_SCHEMA" <<'SQL'
DROP TABLE imported;
DELETE FROM loaded WHERE id > 1000;
CREATE OR REPLACE TABLE every_type (id INT AUTO_INCREMENT PRIMARY KEY, bi BIGINT, bu BIGINT UNSIGNED, d DECIMAL(30,10), f FLOAT, g DOUBLE, da DATE, t TIME(6), dt DATETIME(6),
  ts TIMESTAMP(3) NULL, y YEAR, b BIT(12), e ENUM('a','b'), s SET('x','y'), vb VARBINARY(300), bl LONGBLOB, tx TEXT, j JSON, u UUID, i6 INET6, g1 POINT, v BIGINT AS (bi + 1) VIRTUAL);
INSERT INTO every_type (bi, bu, d, f, g, da, t, dt, ts, y, b, e, s, vb, bl, tx, j, u, i6, g1)
  SELECT seq, 18446744073709551615 - seq, seq / 7, seq / 4, seq / 9, '2026-01-01' + INTERVAL seq DAY, SEC_TO_TIME(seq), '2026-01-01' + INTERVAL seq SECOND, '2026-01-01', 2026,
         seq % 4096, 'b', 'x,y', CHAR(seq % 256, 0, 39, 92, 10), REPEAT(CHAR(seq % 256), seq % 300), CONCAT('naïve 🐬 ', seq), JSON_OBJECT('k', seq),
         CONCAT('6d5b1b2e-0000-1000-8000-', LPAD(HEX(seq), 12, '0')), '::1', POINT(seq, -seq) FROM seq_1_to_1000;
INSERT INTO every_type () VALUES ();
CREATE OR REPLACE VIEW seen AS SELECT id, tx FROM every_type WHERE id < 100;
CREATE OR REPLACE SEQUENCE numbers START WITH 100;
DROP TRIGGER IF EXISTS stamped;
CREATE TRIGGER stamped BEFORE INSERT ON loaded FOR EACH ROW SET NEW.t = COALESCE(NEW.t, 'stamped');
SQL
  # the dump is another session: it must not begin before each copy has all of it
  eventually_same 1001 sql -e 'SELECT COUNT(*) FROM every_type'
  eventually_same 1 sql -e "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$HW_SCHEMA'"
  local form checksum="CHECKSUM TABLE every_type, loaded, own, made EXTENDED"
  for form in '--single-transaction --quick' '--lock-tables --hex-blob --skip-extended-insert --no-autocommit'; do
    # shellcheck disable=SC2086
    mariadb-dump "${as_admin[@]}" $form --routines --triggers --events "$HW_SCHEMA" >"$work/dump.sql"
    tail -n 1 "$work/dump.sql" | grep -q 'Dump completed'
    # through the gateway the restoring session owns what it wrote: its own reads must see all of it
    { echo "DROP DATABASE IF EXISTS $HW_SCHEMA_2; CREATE DATABASE $HW_SCHEMA_2; USE $HW_SCHEMA_2;"; cat "$work/dump.sql"; echo "; $checksum; SELECT COUNT(*) FROM seen; SELECT NEXTVAL(numbers) >= 100; CALL fill(1);"; } >"$work/restore.sql"
    "${sql_as_admin[@]}" <"$work/restore.sql" | sed "s/^$HW_SCHEMA_2\./$HW_SCHEMA./" >"$work/restored"
    same "$("${sql_as_admin[@]}" "$HW_SCHEMA" -e "$checksum"; printf '99\n1')" "$(cat "$work/restored")"
  done
}

slaps() {
  mysqlslap "${to[@]}" --create-schema="$HW_SCHEMA_2" --auto-generate-sql --auto-generate-sql-load-type=mixed --auto-generate-sql-add-autoincrement \
    --auto-generate-sql-execute-number=100 --concurrency=8 --iterations=2 --number-char-cols=3 --number-int-cols=3
}

check 'connects, and says what the server is' connects
check 'statements give their results in every output form' statements_of_every_output_form
check 'reads what it has just written, 300 times' reads_what_it_has_written
check 'sources a script with comments, delimiters and procedures' sources_a_script
check 'errors end a script, or go on with --force' errors_end_or_go_on
check 'warnings are shown' shows_warnings
check 'Ctrl-C interrupts the statement and keeps the connection' ctrl_c_interrupts_the_statement_only
check 'reconnects on demand' reconnects_on_demand
check 'loads a local file, mariadb-import too' loads_a_local_file
check 'large results stream' large_results_stream
check 'compressed' compressed
check 'over TLS' over_tls
check 'over the Unix socket' over_the_socket
check 'mariadb-admin, mariadb-show and mariadb-check' administers
check 'mariadb-dump restores into another schema with the same checksums' dumps_and_restores
check 'mysqlslap: mixed load by 8 clients' slaps
echo "1..$number"
