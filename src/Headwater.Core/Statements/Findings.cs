using System.Collections.Immutable;

namespace Headwater.Core.Statements;

/// <summary>What one classification has found so far.</summary>
internal sealed class Findings(Catalogue catalogue, bool literals)
{
    public const string PlainRead = "plain read: nothing in it writes, locks or depends on the session";

    readonly Names _tables = new(), _created = new(), _dropped = new(), _renamed = new(), _assigned = new(), _read = new(), _names = new(), _commonTables = new();
    List<(string? Schema, string Name)>? _tableNames;
    string? _reason, _note;

    public Catalogue Catalogue => catalogue;

    /// <summary>The text being read has its literals.</summary>
    public bool HasLiterals => literals;

    /// <summary>A literal's value matters: to be classified again with literals kept, and not kept by digest.</summary>
    public bool WantsLiterals { get; set; }
    public StatementKind Kind { get; set; }
    public Needs Needs { get; private set; }
    public GatewayStatement Gateway { get; private set; }
    public string GatewayArgument { get; private set; } = "";

    /// <summary>The literal text of PREPARE or EXECUTE IMMEDIATE.</summary>
    public string? InnerText { get; set; }

    /// <summary>It is executed at once.</summary>
    public bool InnerIsExecuted { get; set; }

    /// <summary>The first reason stands: it is what decided.</summary>
    public void Need(Needs needs, string reason)
    {
        Needs |= needs;
        _reason ??= reason;
    }

    /// <summary>A need that does not decide: its reason gives way to any other.</summary>
    public void Note(Needs needs, string reason)
    {
        Needs |= needs;
        _note ??= reason;
    }

    public void ForGateway(GatewayStatement statement, string argument, string reason)
    {
        Gateway = statement;
        GatewayArgument = argument;
        WantsLiterals = true;
        Need(Needs.Gateway, reason);
    }

    /// <summary>In a packet with several statements nothing is the gateway's own: the server shall refuse it.</summary>
    public void NotForGateway()
    {
        if (Gateway == GatewayStatement.None)
            return;
        Gateway = GatewayStatement.None;
        GatewayArgument = "";
        Needs = (Needs & ~Needs.Gateway) | Needs.Primary;
    }

    public void Table(string name) => _tables.Add(name);

    public void Table(string? schema, string name)
    {
        _tables.Add(schema is null ? name : schema + "." + name);
        _tableNames ??= [];
        if (_tableNames.Count < Names.Most && !_tableNames.Contains((schema, name))) _tableNames.Add((schema, name));
    }

    /// <summary>What stands where a query names its tables, in parts; common table expressions among them.</summary>
    public IReadOnlyList<(string? Schema, string Name)> TableNames => _tableNames ?? [];
    public bool TooManyTables => TableNames.Count >= Names.Most;
    public void CommonTable(string name) => _commonTables.Add(name);
    public bool IsCommonTable(string name) => _commonTables.Contains(name);
    public void CreatedTemporary(string name) => _created.Add(name);
    public void Dropped(string name) => _dropped.Add(name);
    public void Renamed(string from, string to)
    {
        _renamed.AddAlways(from);
        _renamed.AddAlways(to);
    }
    public void AssignedVariable(string name) => _assigned.Add(name);
    public void ReadVariable(string name) => _read.Add(name);
    public void Name(string name) => _names.Add(name);

    public StatementFacts Facts(string digest, string? hint)
    {
        if (Kind is StatementKind.Insert or StatementKind.Update or StatementKind.Delete or StatementKind.Replace or StatementKind.Load
            && _tables.Any(name => catalogue.OpaqueTables.Contains(name[(name.LastIndexOf('.') + 1)..])))
            Needs |= Needs.Opaque;
        if (catalogue.LeavingTables.Count > 0 && Kind is StatementKind.Insert or StatementKind.Update or StatementKind.Delete or StatementKind.Replace or StatementKind.Load
            && _tables.Any(name => catalogue.LeavingTables.Contains(name[(name.LastIndexOf('.') + 1)..])))
            Needs |= Needs.LeavesUnseen;
        return Make(digest, hint);
    }

    StatementFacts Make(string digest, string? hint) => new()
    {
        Kind = Kind,
        Needs = Needs,
        Reason = _reason ?? _note ?? PlainRead,
        Digest = digest,
        Gateway = Gateway,
        GatewayArgument = GatewayArgument,
        Tables = _tables.Without(_commonTables),
        CreatedTemporaryTables = _created.ToImmutable(),
        DroppedTables = _dropped.ToImmutable(),
        RenamedTables = _renamed.ToImmutable(),
        AssignedUserVariables = _assigned.ToImmutable(),
        ReadUserVariables = _read.ToImmutable(),
        Names = _names.ToImmutable(),
        Hint = hint,
        Asks = hint is null ? null : RouteHint.Parse(hint),
        Cacheable = !WantsLiterals,
    };

    // A set that keeps its order and is allocated when it is needed; bounded, for a statement may be one long list of names.
    sealed class Names
    {
        public const int Most = 256;
        List<string>? _list;
        HashSet<string>? _set;

        public void Add(string name)
        {
            _set ??= new HashSet<string>(StringComparer.Ordinal);
            if (_set.Count < Most && _set.Add(name))
                AddAlways(name);
        }

        public bool Contains(string name) => _set is not null && _set.Contains(name);
        public bool Any(Predicate<string> what) => _list is not null && _list.Exists(what);
        public void AddAlways(string name) => (_list ??= []).Add(name);
        public ImmutableArray<string> ToImmutable() => _list is null ? [] : [.. _list];
        public ImmutableArray<string> Without(Names others) =>
            _list is null ? [] : others._set is null ? [.. _list] : [.. _list.Where(name => !others._set.Contains(name))];
    }
}
