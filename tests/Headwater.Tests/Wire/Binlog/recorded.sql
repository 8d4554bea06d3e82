-- What recorded.bin was recorded from: MariaDB 10.11.19, binlog_format=ROW, binlog_row_metadata=FULL, the log begun anew before it.
CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4;
USE shop;
SET NAMES utf8mb4, time_zone='+00:00', sql_mode='', timestamp=1795000000;
CREATE TABLE item (id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(20), price decimal(20,4), n bigint, u bigint unsigned, f float, d double, b bit(10),
  e enum('small','large'), s set('x','y','z'), y year, dt date, t time(3), dtm datetime(6), ts timestamp(2) NULL, c char(5), bin binary(4), txt text COMPRESSED,
  raw blob, g point, id6 inet6, uu uuid, j json, late varchar(300) CHARACTER SET latin1);
INSERT INTO item VALUES (1, 'apple''s', -1234567890.1234, -9223372036854775808, 18446744073709551615, 0.1, -1e300, 513, 'large', 'x,z', 2026, '2026-11-21', '-838:59:59.999',
  '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.99', 'ab', x'6100', REPEAT('compressed ', 30), x'00ff27', POINT(1,2), '2001:db8::1', '12345678-1234-1234-9234-123456789a00', '[1]', 'ä');
INSERT INTO item (id) VALUES (2), (3);
BEGIN;
UPDATE item SET name='pear' WHERE id=2;
SET binlog_row_image=MINIMAL;
UPDATE item SET name='plum', price=1 WHERE id=3;
DELETE FROM item WHERE id=2;
COMMIT;
SET GLOBAL log_bin_compress=1, GLOBAL log_bin_compress_min_len=10;
INSERT INTO item (name, txt) SELECT REPEAT('r', 20), REPEAT('r', 50) FROM seq_1_to_10;
ALTER TABLE item ADD COLUMN a_column_of_another_name int NOT NULL DEFAULT 7 COMMENT 'long enough to be compressed, which takes some forty bytes and more';
SET GLOBAL log_bin_compress=0;
CREATE TABLE old (a int) ENGINE=MyISAM;
SET binlog_format=STATEMENT, @x='it''s', rand_seed1=1, rand_seed2=2;
INSERT INTO item (name, d) VALUES (@x, RAND());
BEGIN;
INSERT INTO item (name) VALUES ('kept');
SAVEPOINT one;
INSERT INTO old VALUES (1);
ROLLBACK TO one;
COMMIT;
SET binlog_format=ROW;
XA START 'trx';
INSERT INTO item (name) VALUES ('prepared');
XA END 'trx';
XA PREPARE 'trx';
XA ROLLBACK 'trx';
SET gtid_domain_id=5;
DROP TABLE old;
