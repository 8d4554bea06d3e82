# DBD::MariaDB and DBD::mysql (argument: the driver's name), with the driver's own emulation and with server-side prepared statements.
# Address and account come from the environment (HW_HOST, HW_PORT, HW_USER, HW_PASSWORD, HW_SCHEMA); prints TAP.
use strict;
use warnings;
use utf8;
use DBI;
use Digest::MD5 qw(md5_hex);
use File::Temp;
use Time::HiRes qw(time sleep);
$| = 1;
binmode STDOUT, ':encoding(UTF-8)';

my $driver = $ARGV[0] || 'MariaDB';
my $p = $driver eq 'MariaDB' ? 'mariadb' : 'mysql';

sub open_one {
    my %more = @_;
    my $dsn = "DBI:$driver:database=$ENV{HW_SCHEMA};host=$ENV{HW_HOST};port=$ENV{HW_PORT};${p}_local_infile=1" . (delete $more{dsn} // '');
    my %unicode = $driver eq 'mysql' ? (mysql_enable_utf8mb4 => 1) : ();   # DBD::MariaDB always speaks utf8mb4
    return DBI->connect($dsn, $ENV{HW_USER}, delete $more{password} // $ENV{HW_PASSWORD}, { RaiseError => 1, PrintError => 0, AutoCommit => 1, %unicode, %more });
}

sub same { my ($expected, $found, $what) = @_; $_ = defined $_ ? $_ : '(undef)' for $expected, $found; die(($what // 'value') . ": expected '$expected', found '" . substr($found, 0, 300) . "'\n") if $expected ne $found }
sub one { my ($c, $sql, @values) = @_; my @row = $c->selectrow_array($sql, undef, @values); return $row[0] }

sub refused {
    my ($c, $code, $state, $run) = @_;
    my $went = eval { $run->(); 1 };
    die "error $code was expected, none came\n" if $went;
    same($code, $c ? $c->err : DBI->err, 'error number');
    same($state, $c ? $c->state : DBI->state, 'SQLSTATE') if $state;
}

my @checks = (
    'connects, and the server says that it is MariaDB' => sub {
        my $c = shift;
        same(1, one($c, 'SELECT VERSION()') =~ /MariaDB/ ? 1 : 0);
        same($ENV{HW_SCHEMA}, one($c, 'SELECT DATABASE()'));
        same(1, $c->ping ? 1 : 0);
        same(1, $c->{"${p}_stat"} =~ /Uptime/ ? 1 : 0);
        same(one($c, 'SELECT CONNECTION_ID()'), $c->{"${p}_thread_id"}, 'thread id');
    },
    'text of four-byte characters comes back as it went' => sub {
        my $c = shift;
        $c->do('CREATE OR REPLACE TABLE letters (id INT PRIMARY KEY, t VARCHAR(200)) CHARSET utf8mb4');
        my $text = "naïve Ωmega 日本語 🐬 ' \" \\";
        $c->do('INSERT INTO letters VALUES (1, ?)', undef, $text);
        same($text, one($c, 'SELECT t FROM letters WHERE t = ?', $text));
        same(1, one($c, 'SELECT COUNT(*) FROM letters WHERE t = ' . $c->quote($text)));
    },
    'reads what it has just written, 200 times, emulated statements' => sub {
        my $c = shift;
        $c->do('CREATE OR REPLACE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, body VARCHAR(100))');
        for my $i (1 .. 200) {
            $c->do('INSERT INTO posts (body) VALUES (?)', undef, "post $i");
            same($i, $c->{"${p}_insertid"}, 'insert id');
            same("post $i", one($c, 'SELECT body FROM posts WHERE id = ?', $i));
        }
    },
    'reads what it has just written, 200 times, server-side prepared statements' => sub {
        my $c = open_one("${p}_server_prepare" => 1);
        my $insert = $c->prepare('INSERT INTO posts (body) VALUES (?)');
        my $select = $c->prepare('SELECT COUNT(*), MAX(id) FROM posts WHERE id > ?');
        for my $i (201 .. 400) {
            $insert->execute("post $i");
            $select->execute(0);
            my ($n, $max) = $select->fetchrow_array;
            $select->finish;
            same("$i $i", "$n $max");
        }
        undef $insert; undef $select;
        $c->disconnect;
    },
    'transactions commit and roll back' => sub {
        my $c = shift;
        $c->do('TRUNCATE posts');
        $c->begin_work;
        $c->do("INSERT INTO posts (body) VALUES ('gone')");
        same(1, one($c, 'SELECT COUNT(*) FROM posts'));
        $c->rollback;
        same(0, one($c, 'SELECT COUNT(*) FROM posts'));
        $c->{AutoCommit} = 0;
        $c->do("INSERT INTO posts (body) VALUES ('stays')");
        $c->commit;
        $c->do("INSERT INTO posts (body) VALUES ('goes')");
        $c->rollback;
        $c->{AutoCommit} = 1;
        same('stays', join(',', @{ $c->selectcol_arrayref('SELECT body FROM posts') }));
    },
    'every type by prepared statement and back, emulated and server-side alike' => sub {
        my $c = shift;
        $c->do("CREATE OR REPLACE TABLE every_type (id INT PRIMARY KEY, ti TINYINT, bi BIGINT, bu BIGINT UNSIGNED, d DECIMAL(30,10), g DOUBLE, da DATE, t TIME(6),
            dt DATETIME(6), y YEAR, e ENUM('a','b'), s SET('x','y'), vb VARBINARY(300), bl LONGBLOB, tx TEXT)");
        my $bytes = join '', map { chr } 0 .. 255;
        my @row = (-128, '-9223372036854775808', '18446744073709551615', '12345678901234567890.0123456789', '1.5', '9999-12-31', '-838:59:59.999999',
            '2026-11-21 12:34:56.123456', 2026, 'b', 'x,y', $bytes, $bytes, 'text');
        for my $server (0, 1) {
            my $s = open_one("${p}_server_prepare" => $server);
            my $insert = $s->prepare('INSERT INTO every_type VALUES (' . join(',', ('?') x 15) . ')');
            $insert->bind_param(1, 1 + 2 * $server, DBI::SQL_INTEGER);
            for my $i (0 .. $#row) { $i == 11 || $i == 12 ? $insert->bind_param($i + 2, $row[$i], DBI::SQL_BLOB) : $insert->bind_param($i + 2, $row[$i]) }
            $insert->execute;
            $s->do('INSERT INTO every_type (id, bi, d, bl) VALUES (?, ?, ?, ?)', undef, 2 + 2 * $server, undef, undef, undef);
            for my $id (1, 3) {
                last if $id == 3 && !$server;
                my @found = $s->selectrow_array('SELECT * FROM every_type WHERE id = ?', undef, $id);
                shift @found;
                same($row[$_], $found[$_], "server prepare $server, row $id, column " . ($_ + 2)) for 0 .. $#row;
                my @empty = $s->selectrow_array('SELECT * FROM every_type WHERE id = ?', undef, $id + 1);
                shift @empty;
                same(0, scalar(grep { defined } @empty), 'values that are not NULL');
            }
            undef $insert;
            $s->disconnect;
        }
    },
    'errors carry the server\'s number and SQLSTATE, and the connection goes on' => sub {
        my $c = shift;
        $c->do('CREATE OR REPLACE TABLE uniq (id INT PRIMARY KEY)');
        $c->do('INSERT INTO uniq VALUES (1)');
        refused($c, 1062, '23000', sub { $c->do('INSERT INTO uniq VALUES (1)') });
        refused($c, 1064, '42000', sub { $c->do('SELEC 1') });
        refused($c, 1146, '42S02', sub { $c->do('SELECT * FROM no_such_table') });
        refused($c, 1054, '42S22', sub { one($c, 'SELECT nope FROM uniq') });
        my $s = open_one("${p}_server_prepare" => 1);
        refused($s, 1062, '23000', sub { $s->do('INSERT INTO uniq VALUES (?)', undef, 1) });
        refused($s, 1064, '42000', sub { $s->prepare('SELEC ?') });
        refused(undef, 1045, '', sub { open_one(password => 'wrong') });
        same(1, one($_, 'SELECT 1')) for $c, $s;
        $s->disconnect;
    },
    'counts, info and warnings of the statement before' => sub {
        my $c = shift;
        $c->do('CREATE OR REPLACE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)');
        same(3, $c->do('INSERT INTO counted (n) VALUES (1),(2),(3)'));
        same('Records: 3  Duplicates: 0  Warnings: 0', $c->{"${p}_info"});
        same(1, one($c, 'SELECT LAST_INSERT_ID()'));
        same(1, $c->last_insert_id(undef, undef, 'counted', 'id'));
        $c->selectall_arrayref('SELECT SQL_CALC_FOUND_ROWS id FROM counted LIMIT 1');
        same(3, one($c, 'SELECT FOUND_ROWS()'));
        $c->do("SET SESSION sql_mode = ''");
        $c->do("INSERT INTO counted (n) VALUES ('12abc')");
        same(1265, $c->selectall_arrayref('SHOW WARNINGS')->[0][1]);
        $c->do('SET SESSION sql_mode = DEFAULT');
    },
    'user and session variables, temporary tables' => sub {
        my $c = shift;
        $c->do("SET \@a = 41, SESSION group_concat_max_len = 9");
        one($c, 'SELECT COUNT(*) FROM posts') for 1 .. 5;
        same(42, one($c, 'SELECT @a + 1'));
        same(9, one($c, 'SELECT @@group_concat_max_len'));
        $c->do('SET SESSION group_concat_max_len = DEFAULT');
        $c->do('CREATE TEMPORARY TABLE mine AS SELECT 1 AS id UNION SELECT 2');
        same(3, one($c, 'SELECT SUM(id) FROM mine'));
        $c->do('DROP TABLE mine');
        refused($c, 1146, '42S02', sub { one($c, 'SELECT * FROM mine') });
    },
    'CALL returns each result set and OUT parameters' => sub {
        my $c = shift;
        $c->do('DROP PROCEDURE IF EXISTS two_results');
        $c->do('CREATE PROCEDURE two_results(IN a INT, OUT b INT) BEGIN SELECT a; SELECT a + 1, NULL; SET b = a * 2; END');
        my $s = $c->prepare('CALL two_results(20, @out)');
        $s->execute;
        my @got;
        do { if ($s->{NUM_OF_FIELDS}) { while (my @row = $s->fetchrow_array) { push @got, join '|', map { $_ // 'NULL' } @row } } } while ($s->more_results);
        $s->finish;
        same('20,21|NULL', join(',', @got));
        same(40, one($c, 'SELECT @out'));
    },
    'several statements in one packet' => sub {
        my $c = open_one(dsn => ";${p}_multi_statements=1");
        my $s = $c->prepare("SELECT 1; INSERT INTO posts (body) VALUES ('multi'); SELECT body FROM posts WHERE body = 'multi'");
        $s->execute;
        my @got;
        do { if ($s->{NUM_OF_FIELDS}) { while (my @row = $s->fetchrow_array) { push @got, @row } } } while ($s->more_results);
        $s->finish;
        same('1,multi', join(',', @got));
        $c->disconnect;
    },
    'LOAD DATA LOCAL takes the rows from the client' => sub {
        my $c = shift;
        $c->do('CREATE OR REPLACE TABLE loaded (id INT PRIMARY KEY, t VARCHAR(50))');
        my $file = File::Temp->new;
        print $file "$_\trow $_\n" for 1 .. 20000;
        close $file;
        same(20000, $c->do('LOAD DATA LOCAL INFILE ' . $c->quote("$file") . ' INTO TABLE loaded'));
        same(20000, one($c, 'SELECT COUNT(*) FROM loaded'));
        refused($c, 2, '', sub { $c->do("LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded") });
        same(1, one($c, 'SELECT 1'));
    },
    'a large result streams row by row' => sub {
        # DBD::MariaDB 1.22 gives no rows at all with use_result, against a server directly as well: it reads the result whole
        my $c = open_one($driver eq 'mysql' ? (mysql_use_result => 1) : ());
        my $s = $c->prepare("SELECT a.id, REPEAT('y', 60) FROM loaded a JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3) b");
        $s->execute;
        my $rows = 0;
        $rows++ while $s->fetchrow_arrayref;
        same(60000, $rows);
        $s->finish;
        same(1, one($c, 'SELECT 1'));
        $c->disconnect;
    },
    'a packet above 16 MB goes in and comes out whole' => sub {
        my $c = open_one(dsn => ";${p}_max_allowed_packet=67108864");
        my $block = '0123456789abcdef' x (17 << 16);
        $c->do('CREATE OR REPLACE TABLE big (id INT PRIMARY KEY, b LONGTEXT)');
        $c->do('INSERT INTO big VALUES (1, ?)', undef, $block);
        same(md5_hex($block), one($c, 'SELECT MD5(b) FROM big'));
        same(md5_hex($block), md5_hex(one($c, 'SELECT b FROM big')));
        $c->do('DROP TABLE big');
        $c->disconnect;
    },
    'the catalogue, as the driver asks for it' => sub {
        my $c = shift;
        my $columns = $c->column_info(undef, $ENV{HW_SCHEMA}, 'every_type', '%')->fetchall_arrayref({});
        same(15, scalar @$columns);
        same('id', join(',', $c->primary_key(undef, $ENV{HW_SCHEMA}, 'uniq')));
        same(1, scalar(grep { /uniq/ } $c->tables(undef, $ENV{HW_SCHEMA}, '%', 'TABLE')) ? 1 : 0);
    },
    'KILL QUERY by the id of the greeting interrupts the statement only' => sub {
        my $c = shift;
        my $slow = open_one();
        my $id = $slow->{"${p}_thread_id"};
        my $child = fork // die "no fork: $!";
        if (!$child) {   # the killer; the parent waits in the statement
            $slow->{InactiveDestroy} = $c->{InactiveDestroy} = 1;
            sleep 0.3;
            open_one()->do("KILL QUERY $id");
            require POSIX;
            POSIX::_exit(0);
        }
        my $started = time;
        refused($slow, 1317, '70100', sub { one($slow, 'SELECT SLEEP(20)') });
        waitpid $child, 0;
        die "too late\n" if time - $started > 5;
        same(7, one($slow, 'SELECT 7'));
        $slow->disconnect;
    },
    'the same with TLS asked for' => sub {
        return 'SKIP this server offers no TLS' if ($ENV{HW_TLS} // '') ne '1';
        # Debian builds both drivers so that they can only ask for TLS, not insist on it without a certificate they know
        my $c = open_one(dsn => ";${p}_ssl=1;${p}_ssl_optional=1");
        $c->do("INSERT INTO posts (body) VALUES ('secret')");
        same('secret', one($c, "SELECT body FROM posts WHERE body = 'secret'"));
        $c->disconnect;
    },
    'compression, asked for and given' => sub {
        my $c = open_one(dsn => ";${p}_compression=1");
        same('a' x 100000, one($c, "SELECT REPEAT('a', 100000)"));
        $c->disconnect;
    },
);

my $c = open_one();
my $number = 0;
while (my ($name, $run) = splice @checks, 0, 2) {
    $number++;
    my $started = time;
    my $skip = eval { local $SIG{ALRM} = sub { die "not done within 30 s\n" }; alarm 30; my $s = $run->($c); alarm 0; defined $s && !ref $s && $s =~ /^SKIP/ ? $s : '' };
    if (defined $skip) {
        printf "ok %d - %s%s\n", $number, $name, $skip ? " # $skip" : sprintf ' (%d ms)', (time - $started) * 1000;
    } else {
        my $error = $@;
        alarm 0;
        print "not ok $number - $name\n";
        print "# $_\n" for split /\n/, $error;
        eval { $c->disconnect };
        $c = open_one();
    }
}
$c->disconnect;
print "1..$number\n";
