using System.Globalization;

namespace Headwater.Configuration;

/// <summary>One thing that is wrong with a file, where it stands, and in a sentence what was found and what is allowed.</summary>
sealed record ConfigProblem(string File, int Line, int Column, string Key, string Sentence)
{
    public override string ToString()
    {
        var place = Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}") : File;
        return Key.Length > 0 ? $"{place}: {Key}: {Sentence}" : $"{place}: {Sentence}";
    }
}
