using System.Globalization;
using Headwater.Core.Topology;

namespace Headwater.Core.Positions;

/// <summary>
/// A position in text form, which a client carries to another connection, service or gateway: <c>hw1:shop:3:0-1-42,1-2-7</c>,
/// that is version, cluster, epoch, position. It holds no secret and proves nothing: a forged one can only make its bearer's reads wait.
/// </summary>
public static class Token
{
    const string Version = "hw1";
    const int Longest = 4096;

    public static string Format(string cluster, Epoch epoch, in Position position) => $"{Version}:{cluster}:{epoch}:{position}";

    public static bool TryParse(string text, out string cluster, out Epoch epoch, out Position position, out string error)
    {
        cluster = "";
        epoch = default;
        position = Position.Empty;
        if (text.Length > Longest)
        {
            error = $"a token of {text.Length} characters is longer than the {Longest} that are allowed";
            return false;
        }
        var parts = text.Trim().Split(':');
        if (parts.Length < 4 || parts[0] != Version)
        {
            error = $"'{Shorten(text)}' is not a token: allowed is {Version}:<cluster>:<epoch>:<position>, as SELECT headwater_token() gives it";
            return false;
        }
        // A cluster's name may hold colons (host:port); the other parts never do.
        var name = string.Join(':', parts[1..^2]);
        if (name.Length == 0)
        {
            error = $"the token '{Shorten(text)}' names no cluster";
            return false;
        }
        if (!long.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            error = $"'{Shorten(parts[^2])}' in the token is not an epoch: allowed is a number from 0";
            return false;
        }
        if (!Position.TryParse(parts[^1], out var parsed))
        {
            error = $"'{Shorten(parts[^1])}' in the token is not a position: allowed is domain-server-sequence, separated by commas";
            return false;
        }
        (cluster, epoch, position, error) = (name, new Epoch(number), parsed, "");
        return true;
    }

    static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
