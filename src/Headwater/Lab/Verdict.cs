using System.Globalization;

namespace Headwater.Lab;

/// <summary>Whether a scenario showed what it says, and the sentence that says so or why not.</summary>
sealed record Verdict(bool Passed, LabText Sentence)
{
    public static Verdict Of(Scenario scenario, Evidence without, Evidence with)
    {
        var (demand, anomaly) = (scenario.Demand, scenario.Anomaly);
        foreach (var (side, en, ko) in ((Evidence, string, string)[])[(without, "without", "없이"), (with, "with", "켜고")])
            if (side.Tries < demand.LeastTries)
                return Red($"The run {en} the protection made {side.Tries} tries; fewer than {demand.LeastTries} show nothing.",
                    $"보호를 {ko} 돌린 실행이 {side.Tries}번만 시도했습니다. {demand.LeastTries}번보다 적으면 아무것도 보여 주지 못합니다.");
        var (before, after) = (Text(without.Anomaly, demand), Text(with.Anomaly, demand));
        if (!(without.Anomaly > 0))
            return Red($"Without the protection the problem was not seen ({before} {anomaly.En}), so nothing was cured.",
                $"보호 없이도 문제가 보이지 않았으므로({anomaly.Ko} {before}) 고쳐진 것도 없습니다.");
        if (!(with.Anomaly <= without.Anomaly * demand.MostShare))
            return demand.IsGone
                ? Red($"With the protection there are still {after} {anomaly.En} ({before} without); allowed: none.",
                    $"보호를 켜도 {anomaly.Ko} {after}(보호 없이 {before})이 남아 있습니다. 하나도 없어야 합니다.")
                : Red($"With the protection it is {after} {anomaly.En} ({before} without); allowed: at most {Share(demand)} of that.",
                    $"보호를 켜도 {anomaly.Ko} {after}(보호 없이 {before})입니다. 그 {Share(demand)} 이하여야 합니다.");
        return new Verdict(true, new LabText($"{before} {anomaly.En} without, {after} with.", $"{anomaly.Ko}: 보호 없이 {before}, 보호를 켜고 {after}."));
    }

    /// <summary>A number of the anomaly as people read it.</summary>
    public static string Text(double value, Demand demand) => demand.IsGone ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("0.0", CultureInfo.InvariantCulture) + " " + demand.Unit;

    static string Share(Demand demand) => demand.MostShare.ToString("P0", CultureInfo.InvariantCulture);

    static Verdict Red(string en, string ko) => new(false, new LabText(en, ko));
}
