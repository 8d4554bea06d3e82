namespace Headwater.Lab.Show;

/// <summary>What is being done, for whoever waits: one line that changes on a terminal, else a line each.</summary>
sealed class LabProgress(TextWriter output, LabLanguage language, bool isLive)
{
    public void Show(LabStep step)
    {
        var line = step.Number == 0 ? step.Doing.In(language) : $"[{step.Number}/{step.Of}] {step.Scenario.Name}: {step.Doing.In(language)}";
        if (isLive) output.Write('\r' + LabWidth.Fit(line + " …", 79));
        else output.WriteLine(line);
    }

    public void Clear()
    {
        if (isLive) output.Write('\r' + new string(' ', 79) + '\r');
    }
}
