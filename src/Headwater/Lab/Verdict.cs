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
            return Red($"Without the protection the problem was not seen, so nothing was cured. {Upper(anomaly.En)}: {before} without the protection, {after} with it.",
                $"보호 없이도 문제가 보이지 않았으므로 고쳐진 것도 없습니다. {anomaly.Ko}: 보호 없이 {before}, 보호를 켜고 {after}.");
        var allowed = demand.IsGone ? new LabText("none", "0") : new LabText($"at most {Share(demand)} of what it was without", $"보호가 없을 때의 {Share(demand)} 이하");
        if (!(with.Anomaly <= without.Anomaly * demand.MostShare))
            return Red($"The problem was there with the protection too. {Upper(anomaly.En)}: {before} without the protection, {after} with it; allowed: {allowed.En}.",
                $"보호를 켜도 문제가 남아 있습니다. {anomaly.Ko}: 보호 없이 {before}, 보호를 켜고 {after}. 허용: {allowed.Ko}.");
        return new Verdict(true, new LabText($"{Upper(anomaly.En)}: {before} without the protection, {after} with it.", $"{anomaly.Ko}: 보호 없이 {before}, 보호를 켜고 {after}."));
    }

    /// <summary>A number of the anomaly as people read it.</summary>
    public static string Text(double value, Demand demand) => demand.Unit.Length == 0 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("0.0", CultureInfo.InvariantCulture) + " " + demand.Unit;

    static string Share(Demand demand) => demand.MostShare.ToString("P0", CultureInfo.InvariantCulture);

    static string Upper(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    static Verdict Red(string en, string ko) => new(false, new LabText(en, ko));
}
