"""PyMySQL as applications use it. Address and account come from the environment (HW_HOST, HW_PORT, HW_USER, HW_PASSWORD, HW_SCHEMA); prints TAP."""
import datetime
import decimal
import hashlib
import os
import sys
import tempfile
import threading
import time
import traceback

import pymysql
import pymysql.cursors
from pymysql.constants import CLIENT

OPTIONS = dict(host=os.environ["HW_HOST"], port=int(os.environ["HW_PORT"]), user=os.environ["HW_USER"], password=os.environ["HW_PASSWORD"],
               database=os.environ["HW_SCHEMA"], charset="utf8mb4", autocommit=True, local_infile=True, read_timeout=60, write_timeout=60)
CHECKS = []


def connect(**more):
    return pymysql.connect(**{**OPTIONS, **more})


def check(function):
    CHECKS.append(function)
    return function


def run(connection, sql, values=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def one(connection, sql, values=None):
    return run(connection, sql, values)[0][0]


def refused(code, function, kind=pymysql.err.MySQLError):
    try:
        function()
    except kind as error:
        assert error.args[0] == code, error.args
        return
    raise AssertionError(f"error {code} was expected, none came")


@check
def connects_and_the_server_says_that_it_is_MariaDB(c):
    assert "MariaDB" in one(c, "SELECT VERSION()")
    assert "MariaDB" in c.get_server_info()
    assert one(c, "SELECT DATABASE()") == OPTIONS["database"]
    c.ping(reconnect=False)


@check
def text_of_four_byte_characters_comes_back_as_it_went(c):
    run(c, "CREATE OR REPLACE TABLE letters (id INT PRIMARY KEY, t VARCHAR(200)) CHARSET utf8mb4")
    text = "naïve Ωmega 日本語 🐬🏞️ ' \" \\ \0 \x1a %s"
    run(c, "INSERT INTO letters VALUES (1, %s)", (text,))
    assert one(c, "SELECT t FROM letters WHERE t = %s", (text,)) == text


@check
def latin1_connections_send_and_get_latin1(c):
    other = connect(charset="latin1")
    run(other, "INSERT INTO letters VALUES (2, 'süß')")
    assert one(other, "SELECT t FROM letters WHERE id = 2") == "süß"
    assert one(other, "SELECT HEX(t) FROM letters WHERE id = 2") == "süß".encode().hex().upper()
    other.set_charset("utf8mb4")
    assert one(other, "SELECT t FROM letters WHERE id = 2") == "süß"
    other.close()


@check
def reads_what_it_has_just_written_200_times(c):
    run(c, "CREATE OR REPLACE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, body VARCHAR(100))")
    for i in range(1, 201):
        with c.cursor() as cursor:
            assert cursor.execute("INSERT INTO posts (body) VALUES (%s)", (f"post {i}",)) == 1
            assert cursor.lastrowid == i
        assert run(c, "SELECT id, body FROM posts WHERE id = %s", (i,)) == ((i, f"post {i}"),)


@check
def with_autocommit_off_a_transaction_is_what_lies_between_commits(c):
    other = connect(autocommit=False)
    run(other, "INSERT INTO posts (body) VALUES ('gone')")
    assert one(other, "SELECT COUNT(*) FROM posts") == 201
    other.rollback()
    assert one(other, "SELECT COUNT(*) FROM posts") == 200
    other.commit()
    run(other, "INSERT INTO posts (body) VALUES ('stays')")
    other.commit()
    assert one(other, "SELECT COUNT(*) FROM posts WHERE body = 'stays'") == 1
    other.close()


@check
def begin_commit_rollback_and_savepoints(c):
    run(c, "TRUNCATE posts")
    c.begin()
    run(c, "INSERT INTO posts (body) VALUES ('a')")
    run(c, "SAVEPOINT s")
    run(c, "INSERT INTO posts (body) VALUES ('b')")
    run(c, "ROLLBACK TO s")
    c.commit()
    assert run(c, "SELECT body FROM posts") == (("a",),)


@check
def values_of_every_type_come_back_as_python_knows_them(c):
    run(c, "CREATE OR REPLACE TABLE every_type (id INT PRIMARY KEY, bi BIGINT, bu BIGINT UNSIGNED, d DECIMAL(30,10), g DOUBLE, da DATE, t TIME(6), dt DATETIME(6), "
           "y YEAR, b BIT(12), e ENUM('a','b'), s SET('x','y'), vb VARBINARY(300), tx TEXT)")
    row = (1, -2**63, 2**64 - 1, decimal.Decimal("12345678901234567890.0123456789"), 1e-300, datetime.date(9999, 12, 31), datetime.timedelta(hours=500, microseconds=1),
           datetime.datetime(2026, 11, 21, 12, 34, 56, 123456), 2026, b"\x0f\xff", "b", "x,y", bytes(range(256)), "text")
    with c.cursor() as cursor:
        cursor.execute("INSERT INTO every_type VALUES (" + ",".join(["%s"] * len(row)) + ")", row)
        cursor.execute("INSERT INTO every_type (id) VALUES (2)")
        cursor.execute("SELECT * FROM every_type ORDER BY id")
        first, second = cursor.fetchall()
        kinds = [column[1] for column in cursor.description]
    assert first == row, first
    assert second == (2,) + (None,) * 13
    assert kinds == [3, 8, 8, 246, 5, 10, 11, 12, 13, 16, 254, 254, 253, 252], kinds


@check
def executemany_inserts_in_batches(c):
    with c.cursor() as cursor:
        cursor.executemany("INSERT INTO posts (body) VALUES (%s)", [(f"many {i}",) for i in range(5000)])
        assert cursor.rowcount == 5000
    assert one(c, "SELECT COUNT(*) FROM posts WHERE body LIKE 'many%%'") == 5000


@check
def errors_carry_the_number_of_the_server_and_the_connection_goes_on(c):
    run(c, "CREATE OR REPLACE TABLE uniq (id INT PRIMARY KEY)")
    run(c, "INSERT INTO uniq VALUES (1)")
    refused(1062, lambda: run(c, "INSERT INTO uniq VALUES (1)"), pymysql.err.IntegrityError)
    refused(1064, lambda: run(c, "SELEC 1"), pymysql.err.ProgrammingError)
    refused(1146, lambda: run(c, "SELECT * FROM no_such_table"), pymysql.err.ProgrammingError)
    refused(1054, lambda: run(c, "SELECT nope FROM uniq"), pymysql.err.OperationalError)
    refused(1264, lambda: run(c, "SET STATEMENT sql_mode = 'STRICT_ALL_TABLES' FOR INSERT INTO uniq VALUES (99999999999)"), pymysql.err.DataError)
    refused(1305, lambda: run(c, "CALL no_such_procedure()"))
    refused(1065, lambda: run(c, "   "))
    assert one(c, "SELECT 1") == 1


@check
def last_insert_id_row_count_and_found_rows_speak_of_the_statement_before(c):
    run(c, "CREATE OR REPLACE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
    run(c, "INSERT INTO counted (n) VALUES (1),(2),(3)")
    assert one(c, "SELECT ROW_COUNT()") == 3
    assert one(c, "SELECT LAST_INSERT_ID()") == 1
    assert one(c, "SELECT @@last_insert_id") == 1
    run(c, "SELECT SQL_CALC_FOUND_ROWS * FROM counted LIMIT 1")
    assert one(c, "SELECT FOUND_ROWS()") == 3


@check
def warnings_are_counted_and_shown(c):
    run(c, "SET SESSION sql_mode = ''")
    run(c, "INSERT INTO counted (n) VALUES ('12abc')")
    shown = c.show_warnings()
    assert len(shown) == 1 and shown[0][1] == 1265, shown
    run(c, "SELECT CAST('x' AS INT)")
    assert c.show_warnings()[0][1] == 1292
    run(c, "DROP TABLE IF EXISTS never_there")
    assert c.show_warnings()[0][1] == 1051
    run(c, "SET SESSION sql_mode = DEFAULT")


@check
def user_variables_live_as_long_as_the_session(c):
    run(c, "SET @a = 41")
    for _ in range(5):
        run(c, "SELECT COUNT(*) FROM posts")
    assert run(c, "SELECT @a + 1, @never") == ((42, None),)
    run(c, "SELECT @a := @a + 1")
    assert one(c, "SELECT @a") == 42


@check
def session_variables_hold_for_reads_and_writes(c):
    other = connect(init_command="SET SESSION time_zone = '+03:30', group_concat_max_len = 5", sql_mode="ANSI_QUOTES")
    assert len(one(other, 'SELECT GROUP_CONCAT("body") FROM (SELECT "body" FROM posts LIMIT 100) x')) == 5
    assert one(other, 'SELECT GROUP_CONCAT("body") FROM (SELECT "body" FROM posts LIMIT 100) x').startswith("a,")
    assert one(other, "SELECT @@time_zone") == "+03:30"
    assert one(other, "SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW())") == 210
    assert one(other, "SELECT @@sql_mode") == "ANSI_QUOTES"
    other.close()


@check
def a_temporary_table_belongs_to_the_session(c):
    run(c, "CREATE TEMPORARY TABLE mine AS SELECT 1 AS id UNION SELECT 2")
    assert one(c, "SELECT SUM(id) FROM mine") == 3
    other = connect()
    refused(1146, lambda: run(other, "SELECT * FROM mine"))
    other.close()
    run(c, "DROP TABLE mine")
    refused(1146, lambda: run(c, "SELECT * FROM mine"))


@check
def several_statements_in_one_packet_give_several_results(c):
    many = connect(client_flag=CLIENT.MULTI_STATEMENTS)
    with many.cursor() as cursor:
        cursor.execute("SELECT 1; INSERT INTO posts (body) VALUES ('multi'); SELECT body FROM posts WHERE body = 'multi'")
        got = [cursor.fetchall()]
        while cursor.nextset():
            got.append(cursor.fetchall())
    assert got == [((1,),), (), (("multi",),)], got
    with many.cursor() as cursor:
        cursor.execute("SELECT 1; SELEC 2")
        refused(1064, cursor.nextset)
    assert one(many, "SELECT 5") == 5
    many.close()


@check
def callproc_returns_result_sets_and_out_parameters(c):
    run(c, "DROP PROCEDURE IF EXISTS two_results")
    run(c, "CREATE PROCEDURE two_results(IN a INT, OUT b INT) BEGIN SELECT a; SELECT a + 1, NULL; SET b = a * 2; END")
    with c.cursor() as cursor:
        cursor.callproc("two_results", (20, 0))
        got = [cursor.fetchall()]
        while cursor.nextset():
            got.append(cursor.fetchall())
        cursor.execute("SELECT @_two_results_1")
        got.append(cursor.fetchone())
    assert got == [((20,),), ((21, None),), (), (40,)], got


@check
def load_data_local_takes_the_rows_from_the_client(c):
    run(c, "CREATE OR REPLACE TABLE loaded (id INT PRIMARY KEY, t VARCHAR(50))")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.writelines(f"{i}\trow {i}\n" for i in range(50000))
        file.flush()
        with c.cursor() as cursor:
            assert cursor.execute(f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE loaded") == 50000
    assert one(c, "SELECT COUNT(DISTINCT t) FROM loaded") == 50000
    refused(1017, lambda: run(c, "LOAD DATA LOCAL INFILE '/no/such/file.tsv' INTO TABLE loaded"))
    assert one(c, "SELECT 1") == 1


@check
def a_packet_above_16_MB_goes_in_and_comes_out_whole(c):
    big = connect(max_allowed_packet=64 << 20)
    run(big, "CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, b LONGTEXT)")
    block = "0123456789abcdef" * (1 << 20) + "tail" * 100_000
    run(big, "INSERT INTO big VALUES (1, %s)", (block,))
    assert one(big, "SELECT b FROM big") == block
    assert one(big, "SELECT MD5(b) FROM big") == hashlib.md5(block.encode()).hexdigest()
    for length in (0xFFFFFF - 1, 0xFFFFFF, 0xFFFFFF + 1):   # payloads on both sides of the split
        sql = "SELECT LENGTH('{}')"
        sql = sql.format("x" * (length - 1 - len(sql) + 2))
        assert one(big, sql) == len(sql) - len("SELECT LENGTH('')")
    run(big, "DROP TABLE big")
    big.close()


@check
def a_large_result_streams_without_being_held(c):
    with c.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute("SELECT a.id, REPEAT('y', 60) FROM loaded a JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3) b")
        rows = sum(1 for _ in cursor)
    assert rows == 150000, rows
    cursor = c.cursor(pymysql.cursors.SSCursor)
    cursor.execute("SELECT id FROM loaded")
    assert len(cursor.fetchmany(10)) == 10
    cursor.close()   # reads the rest away
    assert one(c, "SELECT 1") == 1


@check
def prepare_and_execute_as_text(c):
    run(c, "PREPARE s FROM 'SELECT ? + 1 AS n, COUNT(*) FROM posts WHERE id > ?'")
    run(c, "SET @x = 41, @y = 0")
    assert run(c, "EXECUTE s USING @x, @y")[0][0] == 42
    run(c, "DEALLOCATE PREPARE s")
    refused(1243, lambda: run(c, "EXECUTE s USING @x, @y"))


@check
def select_db_changes_the_schema_for_reads_and_writes(c):
    c.select_db("information_schema")
    assert one(c, "SELECT DATABASE()") == "information_schema"
    assert one(c, "SELECT COUNT(*) FROM SCHEMATA WHERE SCHEMA_NAME = %s", (OPTIONS["database"],)) == 1
    c.select_db(OPTIONS["database"])
    assert one(c, "SELECT COUNT(*) FROM uniq") == 1
    refused(1044, lambda: c.select_db("no_such_schema"))
    assert one(c, "SELECT DATABASE()") == OPTIONS["database"]


@check
def a_wrong_password_is_refused_with_1045(c):
    refused(1045, lambda: connect(password="wrong"))
    refused(1045, lambda: connect(password=""))
    refused(1045, lambda: connect(user="nobody_at_all"))


@check
def kill_query_by_the_id_of_the_greeting_interrupts_the_statement_only(c):
    slow, outcome = connect(), []

    def sleep():
        try:
            outcome.append(run(slow, "SELECT SLEEP(20)"))
        except pymysql.err.MySQLError as error:
            outcome.append(error.args[0])

    thread = threading.Thread(target=sleep)
    thread.start()
    time.sleep(0.3)
    started = time.monotonic()
    run(c, f"KILL QUERY {slow.thread_id()}")
    thread.join()
    assert time.monotonic() - started < 5
    assert outcome == [1317], outcome
    assert one(slow, "SELECT 7") == 7
    slow.close()


@check
def kill_ends_the_connection(c):
    victim = connect()
    c.kill(victim.thread_id())   # COM_PROCESS_KILL
    time.sleep(0.1)
    try:
        run(victim, "SELECT 1")
        raise AssertionError("the killed connection still answers")
    except (pymysql.err.OperationalError, pymysql.err.InterfaceError, pymysql.err.InternalError):
        pass
    assert one(c, "SELECT 1") == 1
    refused(1094, lambda: run(c, "KILL 4000000000"))


@check
def a_read_only_transaction_refuses_writes(c):
    run(c, "START TRANSACTION READ ONLY")
    assert one(c, "SELECT COUNT(*) FROM uniq") == 1
    refused(1792, lambda: run(c, "INSERT INTO uniq VALUES (2)"))
    c.rollback()
    run(c, "SET SESSION TRANSACTION READ ONLY")
    refused(1792, lambda: run(c, "INSERT INTO uniq VALUES (2)"))
    run(c, "SET SESSION TRANSACTION READ WRITE")
    run(c, "INSERT INTO uniq VALUES (2)")
    assert one(c, "SELECT COUNT(*) FROM uniq") == 2


@check
def a_session_left_in_a_transaction_is_rolled_back(c):
    other = connect(autocommit=False)
    run(other, "INSERT INTO uniq VALUES (77)")
    other._force_close()   # the socket goes without COM_QUIT
    deadline = time.monotonic() + 10
    while True:   # the row is locked until the server has noticed
        try:
            run(c, "SET STATEMENT innodb_lock_wait_timeout = 1 FOR INSERT INTO uniq VALUES (77)")
            break
        except pymysql.err.MySQLError as error:
            assert error.args[0] == 1205 and time.monotonic() < deadline, error.args
    assert one(c, "SELECT COUNT(*) FROM uniq WHERE id = 77") == 1


@check
def sequences_and_stored_functions_that_write_work(c):
    run(c, "CREATE OR REPLACE SEQUENCE seq START WITH 5")
    assert one(c, "SELECT NEXTVAL(seq)") == 5
    assert one(c, "SELECT NEXT VALUE FOR seq") == 6
    assert one(c, "SELECT LASTVAL(seq)") == 6
    run(c, "DROP SEQUENCE seq")


@check
def xa_transactions_in_two_phases(c):
    run(c, "XA START 'hw-python'")
    run(c, "INSERT INTO uniq VALUES (300)")
    run(c, "XA END 'hw-python'")
    run(c, "XA PREPARE 'hw-python'")
    run(c, "XA COMMIT 'hw-python'")
    assert one(c, "SELECT COUNT(*) FROM uniq WHERE id = 300") == 1


@check
def the_same_over_tls(c):
    if os.environ.get("HW_TLS") != "1":
        return "SKIP this server offers no TLS"
    secure = connect(ssl={"check_hostname": False, "verify_mode": "none"})
    run(secure, "INSERT INTO posts (body) VALUES ('secret')")
    assert one(secure, "SELECT COUNT(*) FROM posts WHERE body = 'secret'") == 1
    assert secure._sock.cipher()
    secure.close()


def main():
    connection = connect()
    for number, function in enumerate(CHECKS, 1):
        name, started = function.__name__.replace("_", " "), time.monotonic()
        try:
            skip = function(connection)
            print(f"ok {number} - {name}" + (f" # {skip}" if skip else f" ({(time.monotonic() - started) * 1000:.0f} ms)"), flush=True)
        except BaseException:
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines()[-12:]:
                print(f"# {line}")
            sys.stdout.flush()
            try:
                connection.close()
            except Exception:
                pass
            connection = connect()
    connection.close()
    print(f"1..{len(CHECKS)}")


main()
