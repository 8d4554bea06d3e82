using System.Globalization;

namespace Headwater.Demo;

/// <summary>What fans and analysts do, in the SQL that an application without any thought of replicas would send.</summary>
internal sealed class DemoTurns(DemoCounters counters, string today)
{
    long _stamp;

    /// <summary>Posts, comments, likes or follows, and looks at once whether it is there.</summary>
    public Task WriteAsync(DemoSession session, CancellationToken ct) => session.Chance.Below(10) switch
    {
        < 2 => PostAsync(session, ct),
        < 5 => CommentAsync(session, ct),
        < 9 => LikeAsync(session, ct),
        _ => FollowAsync(session, ct),
    };

    /// <summary>Pages through a timeline, then opens a post.</summary>
    public async Task ReadAsync(DemoSession session, CancellationToken ct)
    {
        var user = User(session);
        var newest = await session.RunAsync("SELECT MAX(id) FROM posts", counters.Timelines, ct);
        var newestId = long.Parse(newest.Scalar ?? "0", CultureInfo.InvariantCulture);
        if (newestId < session.NewestSeen)
            counters.Backwards($"post {session.NewestSeen} was the newest seen, then it was {newestId}");
        session.NewestSeen = Math.Max(session.NewestSeen, newestId);

        var before = newestId + 1;
        string? opened = null;
        for (var page = 0; page < 3; page++)
        {
            var posts = await session.RunAsync($"SELECT p.id, p.body, p.created_at, u.name FROM follows f JOIN posts p ON p.user_id = f.followee_id JOIN users u ON u.id = p.user_id "
                + $"WHERE f.follower_id = {user} AND p.id < {before} ORDER BY p.id DESC LIMIT 20", counters.Timelines, ct);
            if (posts.Rows.Count == 0) break;
            opened = posts.Rows[session.Chance.Below(posts.Rows.Count)][0];
            before = long.Parse(posts.Rows[^1][0]!, CultureInfo.InvariantCulture);
        }

        if (opened is null) return;
        await session.RunAsync($"SELECT c.body, u.name FROM comments c JOIN users u ON u.id = c.user_id WHERE c.post_id = {opened} ORDER BY c.id DESC LIMIT 20", counters.Timelines, ct);
        await session.RunAsync($"SELECT COUNT(*) FROM likes WHERE post_id = {opened}", counters.Timelines, ct);
    }

    /// <summary>Today's 100 most liked posts.</summary>
    public async Task AnalyseAsync(DemoSession session, CancellationToken ct) => await session.RunAsync(MostLiked(today), counters.Analyses, ct);

    /// <summary>Heavy: reads every like, comment and activity there is, as the question of someone who never asked for an index would.</summary>
    public static string MostLiked(string since) =>
        "SELECT p.id, u.name, LEFT(p.body, 60) AS post, t.likes, c.comments, a.shares "
        + $"FROM (SELECT post_id, COUNT(*) AS likes FROM likes WHERE created_at >= '{since}' GROUP BY post_id ORDER BY likes DESC, post_id LIMIT 100) t "
        + "JOIN posts p ON p.id = t.post_id JOIN users u ON u.id = p.user_id "
        + "LEFT JOIN (SELECT post_id, COUNT(*) AS comments FROM comments GROUP BY post_id) c ON c.post_id = p.id "
        + "LEFT JOIN (SELECT post_id, COUNT(*) AS shares FROM user_activity_logs WHERE action = 'share' GROUP BY post_id) a ON a.post_id = p.id "
        + "ORDER BY t.likes DESC, p.id";

    async Task PostAsync(DemoSession session, CancellationToken ct)
    {
        var body = Unique(session, 10, 40);
        var written = await session.RunAsync($"INSERT INTO posts (user_id, body, created_at) VALUES ({User(session)}, '{body}', NOW(3))", counters.Writes, ct);
        var read = await session.RunAsync($"SELECT body FROM posts WHERE id = {written.LastInsertId}", counters.ReReads, ct);
        if (read.Scalar != body) counters.Stale($"post {written.LastInsertId} was written and read back as {read.Scalar ?? "nothing"}");
    }

    async Task CommentAsync(DemoSession session, CancellationToken ct)
    {
        var (post, body) = (Post(session), Unique(session, 3, 20));
        await session.RunAsync($"INSERT INTO comments (post_id, user_id, body, created_at) VALUES ({post}, {User(session)}, '{body}', NOW(3))", counters.Writes, ct);
        // What the page shows after "send": the last comments, in which the own one must be unless twenty others were faster.
        var read = await session.RunAsync($"SELECT body FROM comments WHERE post_id = {post} ORDER BY id DESC LIMIT 20", counters.ReReads, ct);
        if (!read.Rows.Any(row => row[0] == body)) counters.Stale($"a comment on post {post} was not there right after it was written");
    }

    /// <summary>A transaction of two statements; its commit is what the next read must see.</summary>
    async Task LikeAsync(DemoSession session, CancellationToken ct)
    {
        var (post, user) = (Post(session), User(session));
        await session.Connection.QueryAsync("BEGIN", ct);
        await session.RunAsync($"INSERT IGNORE INTO likes (post_id, user_id, created_at) VALUES ({post}, {user}, NOW(3))", counters.Writes, ct);
        await session.RunAsync($"INSERT INTO user_activity_logs (user_id, action, post_id, created_at) VALUES ({user}, 'like', {post}, NOW(3))", counters.Writes, ct);
        await session.RunAsync("COMMIT", counters.Writes, ct);
        var read = await session.RunAsync($"SELECT created_at FROM likes WHERE post_id = {post} AND user_id = {user}", counters.ReReads, ct);
        if (read.Scalar is null) counters.Stale($"user {user}'s like of post {post} was not there right after its commit");
    }

    async Task FollowAsync(DemoSession session, CancellationToken ct)
    {
        var (follower, followee) = (User(session), 1 + session.Chance.Skewed(DemoData.Users));
        await session.RunAsync($"INSERT IGNORE INTO follows (follower_id, followee_id, created_at) VALUES ({follower}, {followee}, NOW(3))", counters.Writes, ct);
        var read = await session.RunAsync($"SELECT followee_id FROM follows WHERE follower_id = {follower}", counters.ReReads, ct);
        var followed = followee.ToString(CultureInfo.InvariantCulture);
        if (!read.Rows.Any(row => row[0] == followed)) counters.Stale($"user {follower} did not follow {followed} right after saying so");
    }

    static int User(DemoSession session) => 1 + session.Chance.Below(DemoData.Users);

    static int Post(DemoSession session) => DemoData.Posts - session.Chance.Skewed(DemoData.Posts);

    // No two texts are the same, so the one that is read back is the one that was written.
    string Unique(DemoSession session, int shortest, int longest) =>
        string.Create(CultureInfo.InvariantCulture, $"{DemoData.Sentence(session.Chance, shortest, longest)} {Environment.ProcessId}.{Interlocked.Increment(ref _stamp)}.{session.Connection.ThreadId}");
}
