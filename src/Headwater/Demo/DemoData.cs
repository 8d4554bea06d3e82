using System.Globalization;
using System.Text;

namespace Headwater.Demo;

/// <summary>
/// The data set: a fan community of some 110,000 rows, all of it following from the seed and the time of loading. Times are
/// spread over the thirty days before loading, a third of the likes over the last of them, which is the demo's "today" for
/// ever: the analysts' question has an answer next week too.
/// </summary>
internal sealed class DemoData(ulong seed, DateTime loadedAt)
{
    public const int Users = 2_000, Posts = 15_000, Comments = 25_000, Likes = 36_000, Follows = 16_000, Activities = 20_000;
    const int RowsPerStatement = 1_000;

    readonly SeededChance _chance = new(seed);

    public static IEnumerable<string> Schema =>
    [
        "DROP TABLE IF EXISTS demo_loaded, user_activity_logs, follows, likes, comments, posts, users",
        "CREATE TABLE users (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, created_at DATETIME(3) NOT NULL, UNIQUE KEY by_name (name))",
        "CREATE TABLE posts (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, user_id INT UNSIGNED NOT NULL, body VARCHAR(500) NOT NULL, created_at DATETIME(3) NOT NULL, KEY by_user (user_id, id))",
        "CREATE TABLE comments (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, post_id INT UNSIGNED NOT NULL, user_id INT UNSIGNED NOT NULL, body VARCHAR(500) NOT NULL, created_at DATETIME(3) NOT NULL, KEY by_post (post_id, id))",
        "CREATE TABLE likes (post_id INT UNSIGNED NOT NULL, user_id INT UNSIGNED NOT NULL, created_at DATETIME(3) NOT NULL, PRIMARY KEY (post_id, user_id))",
        "CREATE TABLE follows (follower_id INT UNSIGNED NOT NULL, followee_id INT UNSIGNED NOT NULL, created_at DATETIME(3) NOT NULL, PRIMARY KEY (follower_id, followee_id), KEY by_followee (followee_id))",
        "CREATE TABLE user_activity_logs (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, user_id INT UNSIGNED NOT NULL, action VARCHAR(20) NOT NULL, post_id INT UNSIGNED, created_at DATETIME(3) NOT NULL, KEY by_user (user_id, id))",
        "CREATE TABLE demo_loaded (seed BIGINT UNSIGNED PRIMARY KEY, loaded_at DATETIME(3) NOT NULL, today DATETIME(3) NOT NULL)",
    ];

    /// <summary>From when on the demo's "today" is.</summary>
    public DateTime Today => loadedAt.AddDays(-1);

    /// <summary>All rows as multi-row inserts, in the order in which they must be made.</summary>
    public IEnumerable<string> Inserts()
    {
        foreach (var sql in Batches("users (id, name, created_at)", Users, i => $"({i + 1}, '{Name(i)}', '{Earlier(30)}')")) yield return sql;
        // Ids grow with time, as they would have.
        foreach (var sql in Batches("posts (id, user_id, body, created_at)", Posts,
            i => $"({i + 1}, {1 + _chance.Skewed(Users)}, '{Sentence(_chance, 10, 40)}', '{At(30 * (1 - (i + 1.0) / Posts))}')")) yield return sql;
        foreach (var sql in Batches("comments (post_id, user_id, body, created_at)", Comments,
            i => $"({Recent()}, {1 + _chance.Below(Users)}, '{Sentence(_chance, 3, 20)}', '{At(30 * (1 - (i + 1.0) / Comments))}')")) yield return sql;
        foreach (var sql in Batches("likes (post_id, user_id, created_at)", Likes,
            _ => $"({Recent()}, {1 + _chance.Below(Users)}, '{(_chance.Below(3) == 0 ? Earlier(1) : Earlier(30))}')", ignore: true)) yield return sql;
        foreach (var sql in Batches("follows (follower_id, followee_id, created_at)", Follows,
            _ => $"({1 + _chance.Below(Users)}, {1 + _chance.Skewed(Users)}, '{Earlier(30)}')", ignore: true)) yield return sql;
        foreach (var sql in Batches("user_activity_logs (user_id, action, post_id, created_at)", Activities,
            i => $"({1 + _chance.Below(Users)}, '{Actions[_chance.Below(Actions.Length)]}', {Recent()}, '{At(30 * (1 - (i + 1.0) / Activities))}')")) yield return sql;
        yield return $"INSERT INTO demo_loaded VALUES ({seed}, '{Text(loadedAt)}', '{Text(Today)}')";
    }

    /// <summary>A few words that need no quoting in SQL.</summary>
    public static string Sentence(SeededChance chance, int shortest, int longest)
    {
        var text = new StringBuilder();
        var words = shortest + chance.Below(longest - shortest + 1);
        for (var i = 0; i < words; i++) text.Append(i == 0 ? "" : " ").Append(Words[chance.Below(Words.Length)]);
        return text.ToString();
    }

    public static string Text(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    static readonly string[] Actions = ["login", "view", "view", "view", "search", "share", "logout"];
    static readonly string[] Words =
    [
        "tonight", "the", "band", "plays", "our", "favourite", "song", "again", "and", "everybody", "sings", "along", "with", "lights", "on",
        "new", "album", "tour", "ticket", "front", "row", "encore", "vinyl", "drummer", "solo", "chorus", "live", "video", "poster", "signed",
        "queue", "since", "morning", "rain", "worth", "it", "best", "show", "ever", "who", "else", "was", "there", "next", "year", "please",
    ];

    static string Name(int index) => Words[index % Words.Length] + "_" + Words[index / Words.Length % Words.Length] + "_" + (index + 1).ToString(CultureInfo.InvariantCulture);

    // New posts get most of the attention.
    int Recent() => Posts - _chance.Skewed(Posts);

    string Earlier(double days) => At(_chance.Share() * days);

    string At(double daysAgo) => Text(loadedAt.AddDays(-daysAgo));

    static IEnumerable<string> Batches(string into, int rows, Func<int, string> row, bool ignore = false)
    {
        var sql = new StringBuilder();
        for (var i = 0; i < rows; i++)
        {
            sql.Append(sql.Length == 0 ? (ignore ? "INSERT IGNORE INTO " : "INSERT INTO ") + into + " VALUES " : ",").Append(row(i));
            if (i % RowsPerStatement != RowsPerStatement - 1 && i != rows - 1) continue;
            yield return sql.ToString();
            sql.Clear();
        }
    }
}
