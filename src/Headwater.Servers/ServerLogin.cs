namespace Headwater.Servers;

/// <summary>How a connection to a server is protected. A Unix socket needs no protection and gets none unless it is asked for by name.</summary>
public enum TlsMode : byte
{
    Off,

    /// <summary>TLS where the server offers it; its certificate is not checked.</summary>
    Preferred,

    /// <summary>TLS or no connection; the certificate is not checked.</summary>
    Required,

    /// <summary>TLS with a certificate that the system trusts for the server's name.</summary>
    Verified,
}

/// <summary>Who logs in. The password never reaches a text.</summary>
public sealed record ServerLogin(string User, string Password, string? Schema = null, TlsMode Tls = TlsMode.Preferred)
{
    /// <summary>LOAD DATA LOCAL may be used: <see cref="ServerConnection.LoadAsync"/>. No other statement is ever answered with data, whatever the server asks for.</summary>
    public bool Loads { get; init; }

    public override string ToString() => $"{User} (TLS {Tls})";
}
