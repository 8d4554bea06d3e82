namespace Headwater.WebConsole;

enum ConsoleRole { Viewer, Operator }

/// <summary>Somebody whom the configuration lets in.</summary>
sealed record ConsoleUser(string Name, ConsoleRole Role, PasswordHash Password);

/// <summary>Who asks, as the journal names them.</summary>
sealed record Caller(string Name, ConsoleRole Role);

/// <summary>What of a request decides whether it may.</summary>
/// <param name="IsLocal">It came from this machine, and nobody says to have passed it on.</param>
/// <param name="FromBrowser">It says so itself: browsers send Origin or Sec-Fetch-Site with what a page makes them send, and cannot be made to leave both out.</param>
/// <param name="FromOwnPage">The page that made it is ours: same origin, and with the header that no form and no foreign page can add.</param>
/// <param name="NamesAddress">It was asked of an address or of localhost, not of a name that somebody may have pointed here.</param>
/// <param name="Session">Who has logged in, if anybody.</param>
readonly record struct RequestFacts(bool IsLocal, bool FromBrowser, bool FromOwnPage, bool NamesAddress, Caller? Session);

/// <summary>What is decided of a request: who it counts as, or a status and why not.</summary>
readonly record struct Admission(Caller? Caller, int Status, string Why)
{
    public static Admission As(string name, ConsoleRole role) => new(new Caller(name, role), 200, "");
    public static Admission Refused(int status, string why) => new(null, status, why);
}

/// <summary>
/// Who may see and who may change. Without users in the configuration all who reach the address may see, and this machine may change. With users, a browser has to
/// log in; a program of this machine need not, as whoever runs it could read the configuration too.
/// </summary>
static class Access
{
    public static Admission ToSee(in RequestFacts request, bool hasUsers) =>
        !hasUsers ? Admission.As("nobody in particular", request.IsLocal ? ConsoleRole.Operator : ConsoleRole.Viewer)
        : request.Session is { } caller ? new Admission(caller, 200, "")
        : request is { IsLocal: true, FromBrowser: false } ? Admission.As("a program of this machine", ConsoleRole.Operator)
        : Admission.Refused(401, "Log in first: http.users is set.");

    public static Admission ToChange(in RequestFacts request, bool hasUsers)
    {
        if (request is { FromBrowser: true, FromOwnPage: false }) return Admission.Refused(403, "This may not be asked for by a web page, but by the console's own.");
        if (request is { FromBrowser: true, NamesAddress: false } && !hasUsers) return Admission.Refused(403, "Without http.users, changes are taken by address or as localhost only.");
        if (hasUsers && request.Session is { } caller)
            return caller.Role == ConsoleRole.Operator ? new Admission(caller, 200, "") : Admission.Refused(403, $"{caller.Name} is a viewer; changes are for operators.");
        if (hasUsers && request.FromBrowser) return Admission.Refused(401, "Log in first: http.users is set.");
        return request.IsLocal ? Admission.As(request.FromBrowser ? "somebody at this machine's browser" : "a program of this machine", ConsoleRole.Operator)
            : Admission.Refused(403, hasUsers ? "Log in first, or ask from this machine." : "This may be asked for from this machine only; http.users lets others in.");
    }
}
