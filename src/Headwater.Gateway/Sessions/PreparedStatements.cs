using Headwater.Core.Statements;

namespace Headwater.Gateway.Sessions;

/// <summary>A statement's text as all sessions and backends share it; equal texts under equal settings are one object.</summary>
internal sealed class SharedStatement(byte[] text, StatementFacts facts, SessionSettings settings)
{
    /// <summary>The whole COM_STMT_PREPARE packet.</summary>
    public byte[] Packet => text;
    public StatementFacts Facts => facts;

    /// <summary>Schema, sql_mode and the like decide what a text means, so they are part of what a statement is.</summary>
    public SessionSettings Settings => settings;
    /// <summary>The same facts for an execution that must run on the primary whatever it reads.</summary>
    public StatementFacts FactsOnPrimary => field ??= facts with { Needs = facts.Needs | Needs.Primary };
    public ushort Parameters { get; set; }
    public int Users { get; set; }
}

/// <summary>The shared statements of one reactor. A statement that no session uses any more is forgotten; backends close their copies by their own budget.</summary>
internal sealed class SharedStatements
{
    readonly Dictionary<(string Text, SessionSettings Settings), SharedStatement> _known = [];

    public int Count => _known.Count;

    public SharedStatement Get(ReadOnlySpan<byte> packet, StatementFacts facts, SessionSettings settings)
    {
        var key = (System.Text.Encoding.Latin1.GetString(packet), settings);
        if (!_known.TryGetValue(key, out var shared)) shared = _known[key] = new SharedStatement(packet.ToArray(), facts, settings);
        shared.Users++;
        return shared;
    }

    public void Release(SharedStatement shared)
    {
        if (--shared.Users > 0) return;
        _known.Remove((System.Text.Encoding.Latin1.GetString(shared.Packet), shared.Settings));
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
