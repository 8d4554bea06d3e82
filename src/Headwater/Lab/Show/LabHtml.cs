namespace Headwater.Lab.Show;

static class LabHtml
{
    public static string Of(LabReport report, LabLanguage language) => report.ToString() + language;
}
