using Headwater.Core.Statements;
using Headwater.Gateway.Transport;

namespace Headwater.Gateway.Sessions;

/// <summary>A statement's text as all sessions and backends share it; equal texts under equal settings are one object.</summary>
internal sealed class SharedStatement(byte[] text, StatementFacts facts, SessionSettings settings, SqlSyntax syntax, Catalogue catalogue)
{
    Catalogue _catalogue = catalogue;

    /// <summary>The whole COM_STMT_PREPARE packet.</summary>
    public byte[] Packet => text;
    public StatementFacts Facts { get; private set; } = facts;

    /// <summary>Schema, sql_mode and the like decide what a text means, so they are part of what a statement is.</summary>
    public SessionSettings Settings => settings;
    public SqlSyntax Syntax => syntax;

    /// <summary>The same facts for an execution that must run on the primary whatever it reads.</summary>
    public StatementFacts FactsOnPrimary
    {
        get => field ??= Facts with { Needs = Facts.Needs | Needs.Primary };
        private set;
    }

    /// <summary>Before each execution: what was a plain read when it was prepared need not be one once a view or a function has been made anew.</summary>
    public void Follow(Catalogue catalogue, FactsCache cache)
    {
        if (ReferenceEquals(catalogue, _catalogue)) return;
        _catalogue = catalogue;
        Facts = cache.Get(new RawMessage(text, 0, text.Length).WholePayload[1..], syntax, catalogue);
        FactsOnPrimary = null!;
    }

    public ushort Parameters { get; set; }
    public int Users { get; set; }
}

/// <summary>The shared statements of one reactor. A statement that no session uses any more is forgotten; backends close their copies by their own budget.</summary>
internal sealed class SharedStatements
{
    readonly Dictionary<(string Text, SessionSettings Settings, SqlSyntax Syntax), SharedStatement> _known = [];

    public int Count => _known.Count;

    public SharedStatement Get(ReadOnlySpan<byte> packet, StatementFacts facts, SessionSettings settings, SqlSyntax syntax, Catalogue catalogue)
    {
        var key = (System.Text.Encoding.Latin1.GetString(packet), settings, syntax);
        if (!_known.TryGetValue(key, out var shared)) shared = _known[key] = new SharedStatement(packet.ToArray(), facts, settings, syntax, catalogue);
        shared.Users++;
        return shared;
    }

    public void Release(SharedStatement shared)
    {
        if (--shared.Users > 0) return;
        _known.Remove((System.Text.Encoding.Latin1.GetString(shared.Packet), shared.Settings, shared.Syntax));
    }
}

/// <summary>A prepared statement as one client knows it.</summary>
internal sealed class ClientStatement(uint id, SharedStatement shared)
{
    public uint Id => id;
    public SharedStatement Shared => shared;

    /// <summary>The parameter types the client bound last (two bytes each), for backends that have not seen them.</summary>
    public byte[]? Types { get; set; }
    public bool HasCursor { get; set; }
    public bool HasLongData { get; set; }

    /// <summary>Parameter data was sent that no backend has: executing would bind something else.</summary>
    public bool LongDataLost { get; set; }
}
