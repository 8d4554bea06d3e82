using Headwater.Core.Auditing;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Auditing;

public class AuditClaimTests
{
    static readonly ClusterView _view = new() { Cluster = "shop", Epoch = new Epoch(1) };

    static Position At(ulong sequence, uint domain = 0) => new(new Gtid(domain, 1, sequence));

    /// <summary>It has written 100 and seen 200.</summary>
    static SessionPosition Session(bool judged = true)
    {
        var session = new SessionPosition();
        session.AfterWrite(new Gtid(0, 1, 100));
        session.Raise(At(200, domain: 7));
        if (judged) session.Judged(_view.Epoch);
        return session;
    }

    [Fact]
    public void A_copy_that_was_chosen_wrongly_is_held_to_what_the_level_promises()
    {
        // It shows 90, and nobody asked for more: a fault of the route, which its own claim would hide.
        Assert.Equal(At(100).Merge(At(200, domain: 7)), AuditClaim.Of(_view, Session(), LevelKind.Session, At(90), Position.Empty));
        Assert.Equal(At(90).Merge(At(200, domain: 7)), AuditClaim.Of(_view, Session(), LevelKind.Monotonic, At(90), Position.Empty));
    }

    [Fact]
    public void A_level_that_does_not_ask_what_the_session_knows_is_held_to_what_the_route_says()
    {
        Assert.Equal(At(90), AuditClaim.Of(_view, Session(), LevelKind.Eventual, At(90), Position.Empty));
        Assert.Equal(At(95), AuditClaim.Of(_view, Session(), LevelKind.Bounded, At(90), At(95)));
    }

    [Fact]
    public void What_a_copy_shows_beyond_that_counts_too() => Assert.Equal(At(300).Merge(At(200, domain: 7)), AuditClaim.Of(_view, Session(), LevelKind.Session, At(300), At(95)));

    [Fact]
    public void What_was_not_judged_in_this_epoch_is_not_held_against_anybody() => Assert.Equal(At(90), AuditClaim.Of(_view, Session(judged: false), LevelKind.Session, At(90), Position.Empty));
}
