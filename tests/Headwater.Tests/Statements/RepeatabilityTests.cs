using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

/// <summary>Whether the same statement on the same data has the same answer.</summary>
public class RepeatabilityTests
{
    static Footprint Of(string sql) => Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, FootprintTests.Catalogue).FootprintIn("shop");

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("SELECT * FROM orders")]
    [InlineData("SELECT * FROM orders WHERE id = 5 LIMIT 1")]
    [InlineData("SELECT UNIX_TIMESTAMP(a), FROM_UNIXTIME(b), FROM_DAYS(c), DATE(d), TIMESTAMP(e), YEAR(f) FROM orders")]
    [InlineData("SELECT DATE_ADD(a, INTERVAL 1 DAY), EXTRACT(DAY FROM b), TIMESTAMPDIFF(DAY, a, b), DATE_FORMAT(a, '%Y') FROM orders")]
    [InlineData("SELECT COUNT(*), GROUP_CONCAT(DISTINCT a ORDER BY b), RANK() OVER (ORDER BY c), JSON_VALUE(d, '$.x') FROM orders")]
    [InlineData("SELECT time, user, uuid, password, rand FROM orders WHERE time > 5")]
    [InlineData("SELECT o.current_date, `current_user` FROM orders o")]
    [InlineData("SELECT 'now()', DATABASE(), MD5(a), SHA2(b, 256), AES_ENCRYPT(c, 'k'), CRC32(d), FORMAT(e, 2) FROM orders")]
    [InlineData("WITH now_and_then (a, b) AS (SELECT 1, 2) SELECT * FROM now_and_then")]
    [InlineData("SELECT * FROM orders USE INDEX (i) PARTITION (p0)")]
    [InlineData("SELECT CASE (a) WHEN 1 THEN (2) END, IF(a, b, c), a IN (1, 2), NOT (a) FROM orders")]
    [InlineData("SELECT * FROM open_orders")]
    public void These_are(string sql) => Assert.Equal("", Of(sql).NotRepeatable);

    [Theory]
    [InlineData("SELECT NOW()", "NOW() is the time")]
    [InlineData("SELECT * FROM orders WHERE day = CURDATE()", "CURDATE() is the time")]
    [InlineData("SELECT * FROM orders WHERE day = CURRENT_DATE", "CURRENT_DATE is the time")]
    [InlineData("SELECT * FROM orders WHERE id = 5 AND day < CURRENT_TIMESTAMP(3)", "CURRENT_TIMESTAMP is the time")]
    [InlineData("SELECT UNIX_TIMESTAMP()", "UNIX_TIMESTAMP() is the time")]
    [InlineData("SELECT SYSDATE(), UTC_TIMESTAMP", "SYSDATE is the time")]
    [InlineData("SELECT LOCALTIME, UTC_DATE()", "LOCALTIME is the time")]
    [InlineData("SELECT (1), (2) FROM orders HAVING NOW() > 1", "NOW() is the time")]
    [InlineData("SELECT RAND(5) FROM orders", "RAND() is another value each time")]
    [InlineData("SELECT * FROM orders ORDER BY RAND()", "RAND() is another value each time")]
    [InlineData("SELECT UUID(), UUID_SHORT()", "UUID() is another value each time")]
    [InlineData("SELECT USER()", "USER() is about the session")]
    [InlineData("SELECT CURRENT_USER", "CURRENT_USER is about the session")]
    [InlineData("SELECT CURRENT_ROLE()", "CURRENT_ROLE is about the session")]
    [InlineData("SELECT SESSION_USER(), SYSTEM_USER()", "SESSION_USER() is about the session")]
    [InlineData("SELECT SLEEP(1)", "SLEEP() is there for the time it takes")]
    [InlineData("SELECT BENCHMARK(1, 2)", "BENCHMARK() is there for the time it takes")]
    [InlineData("SELECT ENCRYPT('a')", "ENCRYPT() is another value each time")]
    [InlineData("SELECT PASSWORD('a')", "PASSWORD() is another value each time")]
    [InlineData("SELECT RANDOM_BYTES(3)", "RANDOM_BYTES() is another value each time")]
    [InlineData("SELECT SQL_NO_CACHE * FROM orders", "asks for no cache")]
    [InlineData("SELECT SQL_CALC_FOUND_ROWS * FROM orders LIMIT 1", "counts rows for a later FOUND_ROWS()")]
    [InlineData("SELECT * FROM orders LIMIT ROWS EXAMINED 5", "ends when enough rows have been looked at")]
    [InlineData("SELECT CAST(a AS TIME) FROM orders", Repeatability.TimeOfDay)]
    [InlineData("SELECT TIME(a), TIME'10:00:00' FROM orders", Repeatability.TimeOfDay)]
    [InlineData("SELECT MAKETIME(1, 2, 3)", Repeatability.TimeOfDay)]
    [InlineData("SELECT * FROM hours", "shop.hours holds TIME values, which take today's date where a date is wanted")]
    [InlineData("SELECT * FROM ages", "the column age of shop.ages is computed: CURDATE() is the time")]
    [InlineData("SELECT * FROM todays", "the view shop.todays: CURDATE() is the time")]
    public void These_are_not(string sql, string reason)
    {
        var footprint = Of(sql);
        Assert.False(footprint.IsEverything);
        Assert.Equal(reason, footprint.NotRepeatable);
    }

    [Theory]
    [InlineData("SELECT CONNECTION_ID()")]
    [InlineData("SELECT LAST_INSERT_ID()")]
    [InlineData("SELECT ROW_COUNT()")]
    [InlineData("SELECT FOUND_ROWS()")]
    [InlineData("SELECT VERSION()")]
    [InlineData("SELECT GET_LOCK('a', 1)")]
    [InlineData("SELECT IS_FREE_LOCK('a')")]
    [InlineData("SELECT LOAD_FILE('a')")]
    [InlineData("SELECT DES_ENCRYPT('a')")]
    [InlineData("SELECT @a")]
    [InlineData("SELECT @@autocommit")]
    [InlineData("SELECT unheard_of(1)")]
    public void What_may_read_everything_is_not_either(string sql)
    {
        Assert.True(Of(sql).IsEverything);
        Assert.False(Of(sql).IsRepeatable);
    }

    /// <summary>Each function that the classifier lets pass was looked at: who adds one decides here too.</summary>
    [Fact]
    public void Every_function_that_may_be_in_a_plain_read_has_been_decided_upon()
    {
        var rules = Functions.All.Where(entry => entry.Value is FunctionRule.Native or FunctionRule.Adjacent or FunctionRule.UnlessRoutine or FunctionRule.Construct).Select(entry => entry.Key).ToList();
        var refused = rules.Where(name => Repeatability.OfCall(Encoding.ASCII.GetBytes(name)) is not null || Repeatability.OfWord(Encoding.ASCII.GetBytes(name)) is not null).Order(StringComparer.Ordinal);
        Assert.Equal(
            "benchmark curdate current_date current_role current_time current_timestamp current_user curtime encrypt localtime localtimestamp maketime now old_password password rand random_bytes "
            + "sec_to_time session_user sleep str_to_date sys_guid sysdate system_user timediff to_date user utc_date utc_time utc_timestamp uuid uuid_short uuid_v4 uuid_v7",
            string.Join(' ', refused));
        Assert.True(rules.Count == Decided, $"{rules.Count} functions and words");
    }

    const int Decided = 534;
}
