namespace Headwater.Lab;

enum LabLanguage { En, Ko }

/// <summary>A text in the languages of the lab, side by side: what is added in one is missed in the other at once.</summary>
sealed record LabText(string En, string Ko)
{
    public static readonly LabText None = new("", "");

    /// <summary>A name or a number, which is the same in every language.</summary>
    public static LabText Same(string text) => new(text, text);

    public string In(LabLanguage language) => language == LabLanguage.Ko ? Ko : En;

    public override string ToString() => En;
}
