namespace Headwater.Tests.Simulation.Clusters;

/// <summary>One seed from the first probe to the last check.</summary>
static class ClusterRun
{
    static readonly long Bar = 30 * Clockwork.Second;

    /// <summary>The first violation; null when all invariants held.</summary>
    public static string? Run(ulong seed, Breakage breakage, Tally tally) => Run(seed, breakage, tally, false).Violation;

    public static (string? Violation, string Story) Tell(ulong seed, Breakage breakage) => Run(seed, breakage, new Tally(), true);

    static (string? Violation, string Story) Run(ulong seed, Breakage breakage, Tally tally, bool tell)
    {
        tally.Seeds++;
        var world = new World(seed, breakage, tally, tell);
        var faults = new Faults(world, seed);
        world.Controller.Start();
        for (var i = 0; i < 6; i++)
        {
            var client = new Client(world, world.Gateways[i % 2]);
            world.Clock.In(world.Chance.Below(100_000), client.Begin);
        }
        try
        {
            Play(world, faults);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            world.Truth.Violated("crash", e.ToString());
        }
        return (world.Truth.Violation is { } violation ? $"seed {seed}: {violation}" : null, world.Story?.ToString() ?? "");
    }

    static void Play(World world, Faults faults)
    {
        var measured = false;
        while (world.Clock.Now < faults.HealsAt)
        {
            world.Clock.RunUntil(world.Clock.Now + 20 * Clockwork.Millisecond);
            world.Truth.Look();
            if (world.Truth.Violation is not null) return;
            if (!measured && faults.PrimaryDiesAloneAt is { } died && world.Clock.Now > died + 100 * Clockwork.Millisecond)
            {
                // I10: a primary dies alone, its replicas are there: writes return within seconds.
                if (world.Truth.LastAcknowledgedAt > died + 50 * Clockwork.Millisecond)
                {
                    measured = true;
                    world.Tally.Outages.Add(world.Truth.LastAcknowledgedAt - died);
                }
                else if (world.Clock.Now - died > 6 * Clockwork.Second)
                {
                    world.Truth.Violated("I10", "the primary died alone, and 6 s later no write has been acknowledged");
                    return;
                }
            }
        }
        faults.Heal();
        var healed = world.Clock.Now;
        string? wrong;
        do
        {
            world.Clock.RunUntil(world.Clock.Now + 250 * Clockwork.Millisecond);
            if (world.Truth.Violation is not null) return;
            wrong = world.Truth.Unhealed(world.Controller.Journal)
                ?? (world.Truth.LastAcknowledgedAt < healed + 100 * Clockwork.Millisecond ? "I10 no write has been acknowledged since" : null);
            if (wrong is not null && world.Clock.Now - healed > Bar)
            {
                world.Truth.Violated(wrong[0] == 'I' && char.IsDigit(wrong[1]) ? wrong[..wrong.IndexOf(' ')] : "I10", $"{Bar / Clockwork.Second} s after the heal: {wrong}");
                return;
            }
        }
        while (wrong is not null);

        // The clients rest, the replicas arrive, and the books are compared.
        world.Truth.ClientsRest = true;
        world.Clock.RunUntil(world.Clock.Now + Clockwork.Second);
        var primary = world.Find(world.Controller.Journal.Primary)!;
        for (var i = 0; i < 160 && world.Databases.Any(server => server.Committed != primary.Written || server.Written != primary.Written); i++)
            world.Clock.RunUntil(world.Clock.Now + 250 * Clockwork.Millisecond);
        world.Truth.AtTheEnd(primary);
    }
}
