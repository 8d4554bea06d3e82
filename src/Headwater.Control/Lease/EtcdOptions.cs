using System.Security.Cryptography.X509Certificates;

namespace Headwater.Control.Lease;

/// <summary>Where the lease and the record are kept that several controllers share.</summary>
public sealed record EtcdOptions
{
    /// <summary>The client URLs of etcd's members; any of them will do, and the next is asked when one does not answer.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>All keys of this cluster begin with it; ends with a slash.</summary>
    public required string Prefix { get; init; }

    /// <summary>After this time without a renewal another process may act. etcd counts whole seconds, and at its default election timeout (1 s) none below 2.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>This process, for people, and where operators reach it; empty when they do not.</summary>
    public required string Name { get; init; }
    public string Http { get; init; } = "";

    /// <summary>Null: etcd asks for no user.</summary>
    public string? User { get; init; }
    public string Password { get; init; } = "";

    /// <summary>Who may have signed etcd's certificates; null: whom this machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Our own certificate with its key, where etcd asks for one.</summary>
    public X509Certificate2? Certificate { get; init; }
}
