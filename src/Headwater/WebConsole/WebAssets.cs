using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Headwater.WebConsole;

/// <summary>One file of the console as it goes over the wire.</summary>
sealed record WebAsset(string Type, byte[] Body, byte[] Compressed, string Tag);

/// <summary>
/// The console's files, which are resources of the executable. Their addresses carry a hash of all of them, so that a browser keeps them for ever and has new ones
/// as soon as there are any; only the page itself is asked for each time.
/// </summary>
sealed class WebAssets
{
    const string Prefix = "web/", VersionMark = "@version@";
    readonly FrozenDictionary<string, WebAsset> _files;

    public WebAssets()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var bodies = assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ToDictionary(static name => name[Prefix.Length..].Replace('\\', '/'), name => Read(assembly, name));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var body in bodies.Values) hash.AppendData(body);
        Version = Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
        _files = bodies.Where(static file => !file.Key.EndsWith(".html", StringComparison.Ordinal)).ToFrozenDictionary(static file => file.Key, static file => Asset(file.Key, file.Value));
        Page = Asset("index.html", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bodies["index.html"]).Replace(VersionMark, Version, StringComparison.Ordinal)));
    }

    public string Version { get; }

    /// <summary>The one page; everything else is asked for by it.</summary>
    public WebAsset Page { get; }
    public IEnumerable<string> Names => _files.Keys;

    public WebAsset? Find(string name) => _files.GetValueOrDefault(name);

    static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static WebAsset Asset(string name, byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.Fastest)) brotli.Write(body);
        return new WebAsset(TypeOf(name), body, compressed.ToArray(), $"\"{Convert.ToHexStringLower(SHA256.HashData(body))[..16]}\"");
    }

    static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}
