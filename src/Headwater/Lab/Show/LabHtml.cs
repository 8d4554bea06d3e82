using System.Globalization;
using System.Text;

namespace Headwater.Lab.Show;

/// <summary>A report as one page that needs nothing beside itself: no script, no other file, no address.</summary>
static class LabHtml
{
    // Colours that people who do not tell red from green can tell apart (Okabe and Ito), a little lighter in the dark.
    const string Style = """
        :root{color-scheme:light dark;--ground:#fff;--ink:#1c2330;--soft:#5b6573;--line:#d9dee5;--card:#f6f8fa;--bad:#c2273a;--good:#1a7f4b;--s0:#0072b2;--s1:#e69f00;--s2:#009e73;--s3:#9467bd;--s4:#56b4e9}
        @media (prefers-color-scheme:dark){:root{--ground:#12161c;--ink:#e4e9f0;--soft:#98a3b3;--line:#2c3440;--card:#1a2029;--bad:#ff6b7a;--good:#4cc38a;--s0:#58aee0;--s1:#f0b83c;--s2:#3fc69d;--s3:#b795dd;--s4:#8fd0f5}}
        body{background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,"Noto Sans KR",sans-serif;max-width:1320px;margin:0 auto;padding:24px 20px 60px;overflow-wrap:break-word;word-break:keep-all}
        h1{font-size:1.7em;margin:.2em 0}h2{font-size:1.35em;margin:0}h3{font-size:1em;margin:0 0 .3em;font-weight:600}.word{border:1px solid var(--line);border-radius:4px;padding:1px 7px;margin-right:6px;color:var(--soft);font-weight:400}
        p{margin:.4em 0 .8em}.soft,code{color:var(--soft)}code{font-size:.8em;font-weight:400}
        table{border-collapse:collapse}td,th{padding:3px 16px 3px 0;text-align:left;vertical-align:top;font-weight:400}.all td:first-child{white-space:nowrap}.all td:nth-child(2){min-width:9em}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        a{color:inherit}section{border-top:1px solid var(--line);margin-top:36px;padding-top:28px}
        .sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:18px}
        .side{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
        svg{display:block;width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--soft)}
        .tick.value{text-anchor:end}.tick.time{text-anchor:middle}svg .mark{text-anchor:middle;font-weight:700;fill:var(--ink)}
        .grid{stroke:var(--line)}.event{stroke:var(--soft);stroke-dasharray:3 3}path{fill:none;stroke-width:2}.bad{stroke:var(--bad);stroke-width:2.4}
        path.s0{stroke:var(--s0)}path.s1{stroke:var(--s1)}path.s2{stroke:var(--s2)}path.s3{stroke:var(--s3)}path.s4{stroke:var(--s4)}
        circle.s0{fill:var(--s0)}circle.s1{fill:var(--s1)}circle.s2{fill:var(--s2)}circle.s3{fill:var(--s3)}circle.s4{fill:var(--s4)}
        .keys{display:flex;flex-wrap:wrap;gap:2px 18px;margin:4px 0 8px;padding:0;list-style:none;font-size:.85em}.keys i{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle}.keys i.dot{width:8px;height:8px;border-radius:50%}
        i.s0{background:var(--s0)}i.s1{background:var(--s1)}i.s2{background:var(--s2)}i.s3{background:var(--s3)}i.s4{background:var(--s4)}.keys b{color:var(--bad);margin-right:6px}
        ol{margin:.3em 0;padding-left:1.5em;font-size:.9em}.side table{font-size:.9em}.pass,.fail{font-weight:700}.pass{color:var(--good)}.fail{color:var(--bad)}
        .told{max-width:76ch}.verdict{margin-top:1em}
        """;

    static readonly LabText Heading = new("What goes wrong with copies, and the cure", "복제본에서 생기는 문제와 그 해결");
    static readonly LabText Lead = new("Played on real servers. Lines show where each copy stood, dots what somebody saw or did, red crosses what must not be.",
        "실제 서버에서 실행한 결과입니다. 선은 각 서버가 어디까지 와 있었는지, 점은 누군가가 보거나 한 일, 빨간 가위표는 있어서는 안 되는 일입니다.");
    static readonly LabText Off = new("Without", "보호 없음"), On = new("With", "보호 켬"), Wrong = new("must not be", "있어서는 안 되는 일");

    public static string Of(LabReport report, LabLanguage language)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!DOCTYPE html>\n<html lang=\"{(language == LabLanguage.Ko ? "ko" : "en")}\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        page.Append(CultureInfo.InvariantCulture, $"<title>Headwater: {T(Heading)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<h1>{T(Heading)}</h1>\n<p>{T(Lead)}</p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"soft\">Headwater {LabSvg.Text(report.Version)}, MariaDB {LabSvg.Text(report.Server)}, {report.Started:yyyy-MM-dd HH:mm} UTC, {report.Seconds:0} s</p>\n<table class=\"all\">\n");
        foreach (var result in report.Results)
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Word(result)}</td><td><a href=\"#{result.Scenario.Name}\">{T(result.Scenario.Title)}</a></td><td class=\"soft\">{T(result.Sentence)}</td></tr>\n");
        page.Append("</table>\n");
        foreach (var result in report.Results) Add(page, result);
        return page.Append("</body>\n</html>\n").ToString();

        void Add(StringBuilder into, ScenarioResult result)
        {
            var (scenario, scale) = (result.Scenario, Scale.Of(result.Without, result.With));
            into.Append(CultureInfo.InvariantCulture, $"<section id=\"{scenario.Name}\">\n<h2>{T(scenario.Title)} <code>{scenario.Name}</code></h2>\n<p>{T(scenario.Question)}</p>\n<div class=\"sides\">\n");
            if (result.Without is { } without) AddSide(into, Off.In(language), scenario.Without.In(language), without, scale);
            if (result.With is { } with) AddSide(into, On.In(language), scenario.With.In(language), with, scale);
            into.Append(CultureInfo.InvariantCulture, $"</div>\n<p class=\"verdict\">{Word(result)} {T(result.Sentence)}</p>\n<p class=\"told\">{string.Join(' ', scenario.Explanation.Select(T))}</p>\n</section>\n");
        }

        void AddSide(StringBuilder into, string word, string title, Evidence side, Scale scale)
        {
            into.Append(CultureInfo.InvariantCulture, $"<div class=\"side\">\n<h3><span class=\"word\">{LabSvg.Text(word)}</span> {LabSvg.Text(title)}</h3>\n<ul class=\"keys\">");
            for (var i = 0; i < side.Series.Length; i++)
                into.Append(CultureInfo.InvariantCulture, $"<li><i class=\"s{i}{(side.Series[i].Kind == SeriesKind.Dots ? " dot" : "")}\"></i>{T(side.Series[i].Name)}</li>");
            if (side.Series.Any(static series => series.Points.Any(static point => point.IsBad))) into.Append(CultureInfo.InvariantCulture, $"<li><b>✕</b>{T(Wrong)}</li>");
            into.Append(CultureInfo.InvariantCulture, $"</ul>\n{LabSvg.Of(side, scale, language, $"{word}, {title}")}\n");
            if (!side.Events.IsEmpty)
            {
                into.Append("<ol>");
                foreach (var one in side.Events) into.Append(CultureInfo.InvariantCulture, $"<li><span class=\"soft\">{one.Seconds:0.0} s</span> {T(one.Text)}</li>");
                into.Append("</ol>\n");
            }
            into.Append("<table>");
            foreach (var figure in side.Figures) into.Append(CultureInfo.InvariantCulture, $"<tr><td>{T(figure.Name)}</td><td class=\"n\">{LabSvg.Text(figure.Value)}</td></tr>");
            into.Append("</table>\n</div>\n");
        }

        string T(LabText text) => LabSvg.Text(text.In(language));
    }

    static string Word(ScenarioResult result) => result.Passed ? "<span class=\"pass\">PASS</span>" : "<span class=\"fail\">FAIL</span>";
}
