using Headwater.WebConsole;
using Xunit;

namespace Headwater.Tests.WebConsole;

public sealed class AccessTests
{
    static readonly Caller Viewer = new("vera", ConsoleRole.Viewer), Operator = new("olga", ConsoleRole.Operator);

    // local, browser, own page, by address, session; without users / with users: who may see, who may change. 200 or the status of the refusal.
    [Theory]
    [InlineData("a program here", true, false, false, true, null, 200, 200, 200, 200)]
    [InlineData("a program elsewhere", false, false, false, true, null, 200, 403, 401, 403)]
    [InlineData("our page here", true, true, true, true, null, 200, 200, 401, 401)]
    [InlineData("our page elsewhere", false, true, true, true, null, 200, 403, 401, 401)]
    [InlineData("our page, a viewer", false, true, true, true, "viewer", 200, 403, 200, 403)]
    [InlineData("our page, an operator", false, true, true, true, "operator", 200, 403, 200, 200)]
    [InlineData("our page under a foreign name", true, true, true, false, null, 200, 403, 401, 401)]
    [InlineData("a foreign page, nobody logged in", true, true, false, true, null, 200, 403, 401, 403)]
    [InlineData("a foreign page in an operator's browser", true, true, false, true, "operator", 200, 403, 200, 403)]
    public void Who_may_see_and_who_may_change(string who, bool local, bool browser, bool own, bool address, string? session, int see, int change, int seeWithUsers, int changeWithUsers)
    {
        var request = new RequestFacts(local, browser, own, address, session switch { "viewer" => Viewer, "operator" => Operator, _ => null });
        Assert.Equal((who, see, change), (who, Access.ToSee(request, false).Status, Access.ToChange(request, false).Status));
        Assert.Equal((who, seeWithUsers, changeWithUsers), (who, Access.ToSee(request, true).Status, Access.ToChange(request, true).Status));
    }

    [Fact]
    public void Whoever_is_let_in_has_a_name_and_whoever_is_not_is_told_why()
    {
        Assert.Equal("olga", Access.ToChange(new RequestFacts(false, true, true, true, Operator), true).Caller!.Name);
        Assert.Contains("vera is a viewer", Access.ToChange(new RequestFacts(false, true, true, true, Viewer), true).Why);
    }
}
