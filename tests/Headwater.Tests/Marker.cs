namespace Headwater.Tests;

public class Marker
{
    [Xunit.Fact]
    public void The_suite_runs() => Xunit.Assert.True(Headwater.Core.Positions.Position.Empty.IsEmpty);
}
