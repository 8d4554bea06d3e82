using Headwater.Configuration;
using Xunit;

namespace Headwater.Tests.Configuration;

public class ReloadingTests
{
    const string InForce = "servers: [10.0.0.1]\nmonitor: { user: m, password: hunter2 }\nreads: { wait: 100ms }\nlisteners: [ { address: '127.0.0.1:4406' } ]\n";

    static ConfigReading Read(string yaml) => ConfigFile.Parse(yaml, "headwater.yaml", "/etc");

    static (bool Applied, string Sentences) Decide(string changed)
    {
        var outcome = Reloading.Decide(Read(InForce), Read(changed), out var next);
        Assert.Equal(outcome.Applied, next is not null);
        return (outcome.Applied, string.Join('\n', outcome.Sentences));
    }

    [Fact]
    public void A_changed_file_is_applied_and_the_changed_keys_are_named() =>
        Assert.Equal((true, "headwater.yaml was applied; changed: servers.address, monitor.password and reads.wait."),
            Decide(InForce.Replace("[10.0.0.1]", "[10.0.0.1, 10.0.0.2]").Replace("100ms", "50ms").Replace("hunter2", "hunter3")));

    [Fact]
    public void A_bad_file_is_refused_whole_and_the_old_one_stays() =>
        Assert.Equal((false, "headwater.yaml:3:16: reads.wait: found \"soon\"; allowed: a duration such as 200ms, 10s, 5m or 1h, from 0s to 1m\n"
            + "headwater.yaml was refused whole; the old configuration stays in force."),
            Decide(InForce.Replace("100ms", "soon").Replace("[10.0.0.1]", "[10.0.0.2]")));

    [Fact]
    public void A_key_that_needs_a_restart_is_named_and_the_rest_is_not_applied_either() =>
        Assert.Equal((false, "headwater.yaml changes listeners.address, which needs a restart; it was refused whole, the old configuration stays in force."),
            Decide(InForce.Replace(":4406", ":4407").Replace("100ms", "50ms")));

    [Fact]
    public void The_level_of_a_listener_may_change_though_its_address_may_not() =>
        Assert.Equal((true, "headwater.yaml was applied; changed: listeners.level."), Decide(InForce.Replace(":4406' }", ":4406', level: strong }")));

    [Fact]
    public void A_default_written_out_is_no_change() =>
        Assert.Equal((true, "headwater.yaml was applied; no key changed."), Decide(InForce + "writes: { hold: 10s }\nhttp: { address: '127.0.0.1:4480' }\n"));
}
