using System.Buffers.Binary;
using System.Diagnostics;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Caching;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>What to do next with a command.</summary>
internal enum Next : byte
{
    /// <summary>Run it on a backend.</summary>
    Run,

    /// <summary>Answered (or needs no answer).</summary>
    Done,

    /// <summary>Needs more than the byte path: see <see cref="Commands"/>.</summary>
    Slow,
    Retry,
    Quit,
}

/// <summary>
/// One client's connection, from login to end: a loop that takes a command, asks what it is (Statements), where it goes (Routing), takes a
/// backend (BackendLease), and relays the answer (Exchange). The loop's awaits resume inline on the reactor and allocate nothing;
/// what is rare lives in the classes around it.
/// </summary>
internal sealed class ClientSession
{
    const Needs MayRunOnCopy = Needs.ReadsUserVariables | Needs.CalculatesFoundRows | Needs.ChangesSession | Needs.AssignsUserVariables | Needs.OpensReadOnlyTransaction | Needs.SetsForStatement;
    const int MostAttempts = 4;
    const int MostUnread = 256 * 1024;

    readonly Pause _pause;
    SessionPosition _position;
    byte[]? _requestBuffer;
    long _startedAt;
    long _sentAt; // 0: not measured, because a backend had to be got or made ready first
    int _attempts;
    bool _stopping;

    public GatewayThread On { get; }
    public uint Id { get; }
    public string ClientHost { get; private set; }
    public ListenerOptions Listener { get; }
    public Endpoint Client { get; private set; }
    public PacketInput Input { get; private set; }
    public Exchange Exchange { get; private set; } = null!;
    public SessionTracking Tracking { get; private set; } = null!;
    public BackendLease Lease { get; }
    public Holds Holds { get; } = new();
    public TextStatements TextStatements { get; } = new();
    public Commands Commands { get; }
    public Identity Identity { get; private set; } = new("", [], null);
    public BackendProfile Profile { get; private set; } = null!;
    public Capabilities Capabilities { get; private set; }
    public Level Level { get; set; }
    public RoutingPolicy Policy { get; private set; } = RoutingPolicy.Default;
    public Dictionary<uint, ClientStatement> Statements { get; } = [];
    public uint LastStatementId { get; set; }
    public ServerStatus Status { get; set; } = ServerStatus.Autocommit;
    public Instant ConnectedAt { get; } = EventLoop.Now;
    public bool Killed { get; private set; }

    // The command in hand.
    public RawMessage Request { get; private set; }
    public StatementFacts Facts { get; set; } = CommandFacts.Opaque;
    public ResponseShape Shape { get; set; }
    public ClientStatement? Statement { get; set; }
    public SharedStatement? Preparing { get; set; }
    public Instant ArrivedAt { get; private set; }
    public Backend? Running { get; set; }
    public Route LastRoute { get; private set; }
    public bool IsLoggedIn { get; private set; }

    public ref SessionPosition Position => ref _position;
    public SessionSettings Settings => Tracking.Settings;
    public Backend? LastBackend => Lease.Last;

    public ClientSession(GatewayThread on, ListenerOptions listener, Endpoint client, string clientHost, uint id)
    {
        On = on;
        Id = id;
        Listener = listener;
        Client = client;
        ClientHost = clientHost;
        Input = new PacketInput(client) { Limit = 64 * 1024 };
        Lease = new BackendLease(on, this);
        Commands = new Commands(this);
        _pause = new Pause(on.Loop);
    }

    public async Task RunAsync()
    {
        On.Sessions.Add(this);
        try
        {
            if (!await LoginAsync()) return;
            IsLoggedIn = true;
            while (!_stopping || Lease.Held is not null)
            {
                // A client that asks on and on and takes no answer gets no more of them.
                if (Client.PendingOutput > MostUnread && !await Drained.Of(Client)) break;
                await _pause;
                var message = await Input.NextAsync();
                if (message.IsEnd)
                {
                    ExplainEnd();
                    break;
                }
                var next = Begin(message);
                if (next == Next.Slow) next = await Commands.HandleAsync();
                if (next == Next.Run && Cached is { } kept && (kept.TryAnswer(out var maybe) || maybe && await kept.AnswerAsync())) next = Next.Done;
                if (next == Next.Run)
                {
                    while (true)
                    {
                        var backend = TakeHot();
                        _sentAt = backend is null ? 0 : _startedAt;
                        backend ??= await AcquireAsync();
                        if (backend is null)
                        {
                            next = Next.Done;
                            break;
                        }
                        Cached?.Begin(backend);
                        On.Auditor.Begin(this, backend);
                        if (!TrySend(backend) && await Commands.PrepareAndSendAsync(backend) is { Id: null } unprepared)
                        {
                            if (unprepared.Refusal is not null)
                            {
                                // What was prepared elsewhere no longer can be: its table was dropped, say. The client has the server's word.
                                if (Lease.Held != backend) Lease.Release(backend);
                                next = Next.Done;
                                break;
                            }
                            next = await AfterLossAsync(backend, new Outcome(ExchangeEnd.BackendLost, Forwarded.Nothing, 0, 0, 0, 0, 0, 0, 0, 0, 1), sent: false);
                            if (next == Next.Retry) continue;
                            break;
                        }
                        Tracking.BeforeStatement(Facts);
                        backend.RanItsOwn = false;
                        Running = backend;
                        StartClock();
                        var outcome = await Exchange.Relay(backend.Endpoint, Shape, (Capabilities & Capabilities.DeprecateEof) != 0, holdErrors: true, Preparing is null ? 0 : LastStatementId + 1);
                        Running = null;
                        _clock?.Met();
                        if (outcome.End == ExchangeEnd.Complete && outcome.ErrorCode == 0 && !Tracking.ChangedConnectionCharset && !Tracking.IgnoredVariables && !Tracking.ChangedSubscription && (Facts.Needs & Needs.ClosesConnection) == 0)
                        {
                            Finish(backend, outcome);
                            next = Next.Done;
                            break;
                        }
                        next = await AfterAsync(backend, outcome);
                        if (next != Next.Retry) break;
                    }
                }
                EndRequest();
                if (next == Next.Quit) break;
            }
        }
        catch (MalformedPacketException malformed)
        {
            On.DestroyLentTo(this);
            Commands.SendError(1835, "HY000", $"Malformed communication packet: {malformed.Message}", NextSequence);
        }
        catch (Exception fault)
        {
            On.Server.Fault(this, fault);
            On.DestroyLentTo(this);
            if (!Client.IsClosed) Commands.SendError(1105, "HY000", "The gateway met a fault of its own in this session and ends it; see its log");
        }
        finally
        {
            Cleanup();
        }
    }

    async ValueTask<bool> LoginAsync()
    {
        var tookTooLong = false;
        var limit = On.Loop.After(On.Options.LoginTimeout, () =>
        {
            tookTooLong = true;
            Input.Abort();
        });
        if (Listener.ExpectsProxyHeader(ClientHost))
        {
            var preface = new ProxyPreface(Client);
            if (!await preface.ReadAsync(On.Options.LoginTimeout)) return false;
            if (preface.ClientHost is { } behind) ClientHost = behind;
        }
        var login = new ClientLogin(On, Listener, ClientHost, Id)
        {
            Secured = (endpoint, input) =>
            {
                Client = endpoint;
                Input = input;
            },
        };
        if (On.Server.SessionCount > On.Options.MaxSessions)
        {
            login.Refuse(Client, 0, 1040, "08004", $"Too many connections: limits.sessions allows {On.Options.MaxSessions}");
            return false;
        }
        var result = await login.RunAsync(Client, Input);
        limit.Cancel();
        if (result is null)
        {
            if (tookTooLong) Commands.SendError(1159, "08S01", $"Got timeout reading communication packets: the login took longer than limits.login_timeout ({On.Options.LoginTimeout.TotalSeconds:0.###} s)", NextSequence);
            else ExplainEnd();
            return false;
        }
        Establish(result.Identity, result.Capabilities, result.Collation, result.Schema);
        foreach (var (name, value) in result.Request.Attributes)
            if (name == "traceparent" && ActivityContext.TryParse(value, null, isRemote: true, out var named)) _trace = named;
        Exchange = new Exchange(Client, Tracking, IsLost);
        if (On.Options.RuleOf(Identity.User) is { MaxSessions: > 0 and var most } && On.Server.SessionsOf(Identity.User) > most)
        {
            login.Refuse(Client, result.NextSequence, 1203, "42000", $"User {Identity.User} already has more than 'max_user_connections' active connections: users.{Identity.User}.max_sessions allows {most}");
            return false;
        }
        if (!await Commands.EnterSchemaAsync(result.NextSequence)) return false;
        login.Send(Client, w => OkPacket.Write(w, result.NextSequence, Capabilities, Status));
        Input.Limit = On.Options.MaxPacketBytes;
        if ((Capabilities & Capabilities.Compress) != 0)
        {
            Input.Release();
            Client = new CompressedEndpoint(Client);
            Input = new PacketInput(Client) { Limit = On.Options.MaxPacketBytes, ExpectedSequence = 0 };
            Exchange = new Exchange(Client, Tracking, IsLost);
        }
        On.Statistics.SessionsOpened++;
        return true;
    }

    /// <summary>The session is as a fresh login makes it (also after COM_CHANGE_USER).</summary>
    public void Establish(Identity identity, Capabilities capabilities, byte collation, string? schema)
    {
        Identity = identity;
        Capabilities = capabilities;
        var rule = On.Options.RuleOf(identity.User);
        Level = rule?.Level ?? Listener.Level ?? On.Options.DefaultLevel;
        Cached = On.Server.Cache is { } cache && On.Server.Changes is not null ? new CachedReads(this, cache) : null;
        Policy = On.Options.Routing with { Wanted = rule is { Tag: not 0 } ? rule.Tag : Listener.Tag };
        Array.Clear(_policyByTag);
        Profile = new BackendProfile(identity, capabilities & BackendProfile.FromClient, collation, schema is not null);
        Tracking ??= new SessionTracking(On.Interner, (capabilities & Capabilities.SessionTrack) != 0);
        Tracking.Reset(schema);
        Tracking.SetLoginCharset(Collations.MayHideAscii(Collations.CharsetOf(collation)));
        Status = ServerStatus.Autocommit;
    }

    /// <summary>Backends with a schema and without are kept apart: none can be made to leave its schema but by dropping it.</summary>
    void FollowProfile()
    {
        var hasSchema = Settings.Schema is not null;
        if (Profile.HasSchema != hasSchema) Profile = Profile with { HasSchema = hasSchema };
    }

    public void SetMultiStatements(bool on) =>
        Profile = Profile with { Capabilities = on ? Profile.Capabilities | Capabilities.MultiStatements : Profile.Capabilities & ~Capabilities.MultiStatements };

    /// <summary>Takes the command in hand: what is it? Cheap and synchronous for what comes often.</summary>
    Next Begin(RawMessage message)
    {
        _startedAt = Stopwatch.GetTimestamp();
        ArrivedAt = new Instant(_startedAt / (Stopwatch.Frequency / 10_000_000));
        _attempts = 0;
        Statement = null;
        Preparing = null;
        Request = Keep(message);
        var payload = Request.Payload;
        if (payload.IsEmpty) return Next.Slow;
        switch ((Command)payload[0])
        {
            case Command.Query:
                Facts = On.Facts.Get(Request.IsSplit ? Request.WholePayload[1..] : payload[1..], Tracking.Syntax, On.Catalogue);
                Shape = ResponseShape.Result;
                if ((Facts.Needs & Needs.ExecutesText) != 0) Facts = TextStatements.Executing(Facts);
                if ((Facts.Needs & Needs.ConnectionId) != 0 && Facts.Digest.StartsWith("select connection_id()", StringComparison.Ordinal)) return Next.Slow;
                return (Facts.Needs & Needs.Gateway) != 0 ? Next.Slow : Next.Run;
            case Command.StmtExecute:
            case Command.StmtBulkExecute:
                if (payload.Length < 7 || !Statements.TryGetValue(BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]), out var statement) || statement.LongDataLost) return Next.Slow;
                Statement = statement;
                statement.Shared.Follow(On.Catalogue, On.Facts);
                // A cursor holds its backend, and what is held must be able to take a write.
                Facts = payload.Length > 5 && payload[5] != 0 && (Command)payload[0] == Command.StmtExecute ? statement.Shared.FactsOnPrimary : statement.Shared.Facts;
                Shape = ResponseShape.Result;
                return (Facts.Needs & Needs.Gateway) != 0 ? Next.Slow : Next.Run;
            case Command.Quit:
                return Next.Quit;
            default:
                return Next.Slow;
        }
    }

    /// <summary>What lies in the loop's scratch is copied, so that the command can be sent a second time.</summary>
    RawMessage Keep(RawMessage message)
    {
        if (!message.IsIn(On.Loop.Scratch)) return message;
        _requestBuffer = On.Loop.Buffers.Rent(message.Length);
        message.Bytes.CopyTo(_requestBuffer);
        return new RawMessage(_requestBuffer, 0, message.Length);
    }

    void EndRequest()
    {
        Cached?.End();
        On.Auditor.End(this);
        Request = default;
        Statement = null;
        if (Preparing is { } notPrepared) On.Statements.Release(notPrepared);
        Preparing = null;
        if (_requestBuffer is null) return;
        On.Loop.Buffers.Return(_requestBuffer);
        _requestBuffer = null;
    }

    ActivityContext _trace;

    /// <summary>The trace that a statement belongs to: the one it names, or the session's own.</summary>
    public ActivityContext TraceOf(ReadOnlySpan<byte> text)
    {
        if (StatementTrace.TryFind(text, out var named)) return named;
        if (_trace == default) _trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None);
        return _trace;
    }

    /// <summary>The kept results; null where none are.</summary>
    public CachedReads? Cached { get; private set; }

    /// <summary>Bookkeeping after a statement that a kept result has answered.</summary>
    public void AfterCached(in Outcome outcome)
    {
        Lease.NoteCached(in outcome);
        var ticks = Stopwatch.GetTimestamp() - _startedAt;
        var statistics = On.Statistics;
        statistics.Statements++;
        statistics.Reads++;
        statistics.CacheHits++;
        statistics.ByReason[(int)RouteReason.KeptResult]++;
        statistics.ByLevel[(int)LevelInForce.Kind]++;
        statistics.ReadLatency.Add(ticks);
        if (Facts.Digest.Length == 0 || statistics.DigestOf(Facts) is not { } digest) return;
        digest.Count++;
        digest.FromCache++;
        digest.TotalTicks += ticks;
        if (ticks > digest.MaxTicks) digest.MaxTicks = ticks;
        digest.Rows += outcome.Rows;
    }

    public bool MayRunOnCopyNow => (Facts.Needs & ~MayRunOnCopy) == 0 && Tracking.AutoCommit && !Tracking.Serializable && !Settings.InSystemSchema;

    bool WithVariables => (Facts.Needs & (Needs.ReadsUserVariables | Needs.AssignsUserVariables | Needs.OpensReadOnlyTransaction)) != 0 || (Facts.Needs & ~MayRunOnCopy) != 0;

    /// <summary>What a comment asks for this statement; null where hints are not trusted, and when it is not understood.</summary>
    public RouteHint? HintInForce(StatementFacts facts) => facts.Asks is { Error.Length: 0 } hint && On.Options.TrustHints ? hint : null;

    public Level LevelInForce => HintInForce(Facts)?.Level ?? Level;

    readonly RoutingPolicy?[] _policyByTag = new RoutingPolicy?[8];

    /// <summary>The session's policy, or the one for the tag that a hint asks for; made once for each tag.</summary>
    public RoutingPolicy PolicyFor(ServerTags tag) => tag == ServerTags.None || tag == Policy.Wanted ? Policy : _policyByTag[(int)tag] ??= Policy with { Wanted = tag };

    ReadScope Scope => Statement is { } prepared
        ? ScopeOf(Facts, prepared.Shared.Settings.Schema, default)
        : ScopeOf(Facts, Settings.Schema, !Request.IsSplit && Request.Length > Packet.HeaderSize ? Request.Payload[1..] : default);

    /// <summary>What a statement reads, where the log may prove that it has not changed.</summary>
    public ReadScope ScopeOf(StatementFacts facts, string? schema, ReadOnlySpan<byte> sql) =>
        On.Server.Changes is { } changes && facts.IsPlainRead ? new ReadScope(changes, facts, schema ?? "", sql, Tracking.Syntax) : ReadScope.None;

    public Route Choose(Instant now)
    {
        var view = On.View;
        var hint = HintInForce(Facts);
        var (level, policy) = hint is null ? (Level, Policy) : (hint.Level ?? Level, PolicyFor(hint.Tag));
        if (MayRunOnCopyNow && hint is not { Primary: true })
        {
            LastRoute = Router.ForRead(view, ref _position, level, policy, On.Loads, On.Chance(), now, ArrivedAt, Scope);
            // Nobody has asked for a while, so samples are rare: this read goes to the primary, the next ones need not.
            if (LastRoute.Reason == RouteReason.NoSampleInBound) On.DemandSamples();
            return LastRoute;
        }
        LastRoute = Router.ForPrimary(view, ref _position, level, policy, now, ArrivedAt);
        if (hint is { Primary: true } && LastRoute.Reason == RouteReason.NeedsPrimary && MayRunOnCopyNow) LastRoute = LastRoute with { Reason = RouteReason.AskedForPrimary };
        return LastRoute;
    }

    /// <summary>The backend to use, when that takes no waiting: held, or idle and standing as needed.</summary>
    Backend? TakeHot()
    {
        if (Lease.Held is { } held) return held.Endpoint.IsClosed || IsOfAnOldEpoch(held) || NeedsLaying(held) ? null : held;
        if ((Facts.Needs & (Needs.LastInsertId | Needs.LastOutcome | Needs.ExecutesText | Needs.DeallocatesText)) != 0 || Lease.IsBeingSaved) return null;
        var route = Choose(ArrivedAt);
        if (route.Kind != RouteKind.Server) return null;
        if (WithVariables && (!Lease.Variables.IsEmpty || Lease.VariablesOn is not null)) return null;
        return Lease.TakeReady(On.PoolAt(route.ServerIndex));
    }

    /// <summary>The held backend lacks what the session did elsewhere before it held this one.</summary>
    bool NeedsLaying(Backend held) =>
        (Facts.Needs & (Needs.ExecutesText | Needs.DeallocatesText)) != 0
        || ((Facts.Needs & Needs.LastOutcome) != 0 && !Lease.HasOutcomeOn(held))
        || ((Facts.Needs & Needs.LastInsertId) != 0 && Lease.InsertedOn != held && (Lease.InsertedOn is not null || Lease.SavedInsertId is not null || held.InsertIdOf is not null));

    /// <summary>The outcome last: whatever else is laid would overwrite it. Null: done.</summary>
    async ValueTask<LeaseFailure?> LayWhatIsAskedForAsync(Backend backend)
    {
        if ((Facts.Needs & Needs.LastInsertId) != 0 && !await Lease.LayInsertIdAsync(backend)) return LeaseFailure.Lost(backend);
        if ((Facts.Needs & (Needs.ExecutesText | Needs.DeallocatesText)) != 0 && !await TextStatements.LayAsync(backend, Facts.Names)) return LeaseFailure.Lost(backend);
        return await Lease.LayOutcomeAsync(backend, Facts.Needs);
    }

    /// <summary>A write goes to no server of another epoch than the one it was routed in.</summary>
    bool IsOfAnOldEpoch(Backend held) => held.Epoch != On.View.Epoch && !ReferenceEquals(On.View.Primary?.State, held.Server) && (Status & ServerStatus.InTransactionReadOnly) == 0;

    /// <summary>Said to be committed by a server that is the primary no more, and not in the history of the one that is.</summary>
    bool IsLost(Gtid commit) => Running is { } running && IsOfAnOldEpoch(running) && !Lineage.Has(On.View, commit);

    /// <summary>Everything that may take time to get a backend. Null: the client has its error.</summary>
    async ValueTask<Backend?> AcquireAsync()
    {
        if (Lease.Held is { } held)
        {
            var unlaid = held.Endpoint.IsClosed || IsOfAnOldEpoch(held) ? LeaseFailure.Lost(held) : await LayWhatIsAskedForAsync(held);
            if (unlaid is null) return held;
            if (!unlaid.TryElsewhere)
            {
                Commands.SendError(unlaid.Code, unlaid.SqlState, unlaid.Message);
                return null;
            }
            var reasons = Holds.Describe();
            Lose(held);
            Commands.SendError(ServerErrors.ConnectionLost, "08S01", $"Lost connection to {held.Server.Id} while the session held it for {reasons}: the transaction is gone");
            return null;
        }
        if (Lease.IsBeingSaved) await Lease.SavedAsync();
        if ((Facts.Needs & Needs.LastOutcome) != 0 && Lease.TakeLast() is { } last) return last;
        if ((Facts.Needs & Needs.LastInsertId) != 0 && Lease.TakeInserted() is { } inserted) return inserted;
        while (true)
        {
            var now = EventLoop.Now;
            var route = Choose(now);
            if (route.Kind == RouteKind.Server)
            {
                var pool = On.PoolAt(route.ServerIndex);
                var (backend, failure) = await Lease.AcquireAsync(pool, WithVariables);
                if (backend is not null && !StillHolds(route, backend, now))
                {
                    Lease.Release(backend);
                    continue;
                }
                if (backend is not null)
                {
                    if (await LayWhatIsAskedForAsync(backend) is not { } unlaid) return backend;
                    if (unlaid.TryElsewhere) Lease.Destroy(backend);
                    else Lease.Release(backend);
                    failure = unlaid;
                }
                if (failure!.TryElsewhere && await TryElsewhereAsync(route)) continue;
                Commands.SendError(failure.Code, failure.SqlState, failure.Message);
                return null;
            }
            if (route.Kind == RouteKind.Refuse || now >= route.Until || _stopping)
            {
                On.Statistics.Refused++;
                Commands.SendError(1290, "HY000", route.Kind == RouteKind.Refuse ? RouteReasons.Sentence(route) : $"No server can run this now: {On.View.Reason}");
                // Told once that what it had seen is lost, the session goes on in the present history.
                if (route.Reason == RouteReason.LostBranch) _position.Forget(Lineage.HeadOf(On.View));
                return null;
            }
            if (route.Kind == RouteKind.Hold)
            {
                On.Statistics.WriteHolds++;
                var signal = On.WaitForView(route.Until - now);
                await signal;
                On.StopWaiting(signal);
            }
            else if (route.Reason == RouteReason.WaitsForLog)
            {
                On.Statistics.LogWaits++;
                var signal = On.WaitForLog(route.Needed, route.Until - now);
                await signal;
                On.StopWaitingForLog(signal);
            }
            else
            {
                On.Statistics.PositionWaits++;
                var signal = On.WaitForPosition(route.Server!.State, route.Needed, Shorter(route.Until - now, TimeSpan.FromMilliseconds(50)));
                await signal;
                On.StopWaitingForPosition(signal);
            }
            if (Client.IsHungUp || Killed) return null;
        }
    }

    /// <summary>Getting a backend may have taken time: whether what the route was chosen by is still so.</summary>
    bool StillHolds(in Route route, Backend backend, Instant chosenAt) =>
        ReferenceEquals(backend.Server, route.Server!.State)
        && (route.Server.Role != ServerRole.Primary || ReferenceEquals(On.View.Primary?.State, backend.Server))
        && (LevelInForce is var level && (level.Kind != LevelKind.Bounded || EventLoop.Now - chosenAt <= level.Bound / 4));

    static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>A server could not be reached: wait a moment for the view to say so, within the statement's patience.</summary>
    async ValueTask<bool> TryElsewhereAsync(Route route)
    {
        if (EventLoop.Now >= ArrivedAt + Policy.WriteHold || _stopping || Client.IsHungUp) return false;
        On.Server.ServerSuspected(route.Server!.Id);
        var signal = On.WaitForView(TimeSpan.FromMilliseconds(20));
        await signal;
        On.StopWaiting(signal);
        return true;
    }

    /// <summary>Sends the command to the backend. False when a prepared statement has to be made known there first.</summary>
    bool TrySend(Backend backend)
    {
        if (Statement is null)
        {
            backend.Endpoint.Send(Request.Bytes);
            return true;
        }
        if (!backend.Statements.TryGetValue(Statement.Shared, out var known))
        {
            _sentAt = 0;
            return false;
        }
        known.LastUsed = _startedAt;
        return Commands.TrySendExecute(backend, known);
    }

    public RouteReason ReasonOf(Backend backend) => Lease.Held == backend ? RouteReason.NeedsPrimary : LastRoute.Reason;

    /// <summary>Bookkeeping after a statement that succeeded.</summary>
    public void Finish(Backend backend, in Outcome outcome, bool failed = false)
    {
        var onPrimary = ReferenceEquals(On.View.Primary?.State, backend.Server);
        var now = Stopwatch.GetTimestamp();
        if (Tracking.Commit is { } gtid)
        {
            // Also of a server that is no primary any more: should it come back with this commit and without a heir that has it, its client was told.
            backend.Server.Told.Add(gtid);
            _position.AfterWrite(gtid, onPrimary ? backend.Server : null, On.View.RingWriters.IsEmpty);
        }
        // A statement that failed may have committed or shown something before (a CALL, an implicit commit); its ERR tells no position.
        // One that committed may have read after its commit.
        if (Tracking.Commit is null ? !failed || outcome.Rows > 0 || !Facts.IsPlainRead : (Facts.Needs & (Needs.Multiple | Needs.Opaque)) != 0)
            _position.AfterRead(backend.Server, onPrimary, new Instant(now / (Stopwatch.Frequency / 10_000_000)));
        backend.Server.Heard(new Instant(now / (Stopwatch.Frequency / 10_000_000)));
        _timedOut = false;
        // What is prepared has not run: it holds nothing yet, and its answer need not tell the session's status (with DEPRECATE_EOF no packet of it does).
        var ran = Shape != ResponseShape.Prepare;
        if (!failed && ran) Status = outcome.Status;
        if ((Facts.Needs & (Needs.PreparesText | Needs.DeallocatesText)) != 0 && !failed) TextStatements.Follow(backend, Facts, Request.Payload[1..]);
        if (ran) Holds.After(Facts, Status, failed ? outcome.ErrorCode : (ushort)0);
        if (Shape == ResponseShape.Prepare) Commands.AfterPrepare(backend, outcome, failed);
        else if (Statement is not null) FollowExecute(outcome);
        var residue = Residue.None;
        if (outcome.LastInsertId != 0 || (Facts.Needs & Needs.SetsLastInsertId) != 0) residue |= Residue.LastInsertId;
        if (outcome.Warnings != 0 || failed || (outcome.AffectedRows != 0 && !Facts.IsPlainRead)) residue |= Residue.Warnings;
        if ((Facts.Needs & Needs.CalculatesFoundRows) != 0) residue |= Residue.FoundRows;
        if ((Facts.Needs & (Needs.AssignsUserVariables | Needs.Opaque)) != 0) residue |= Residue.UserVariables;
        if (Shape == ResponseShape.Result || failed) Lease.NoteOutcome(backend, residue, outcome.LastInsertId, in outcome, failed);
        // The trackers report SET timestamp = 1 and = DEFAULT alike; what a statement does unseen is taken for the former.
        if (Tracking.SetTimestamp) Holds.Set(Hold.Timestamp, (Facts.Needs & (Needs.StopsClock | Needs.StartsClock)) != Needs.StartsClock);
        if ((Facts.Needs & Needs.SetsRole) != 0 && !failed && ran)
        {
            // No tracker tells of a role, and nothing but a reset takes it off again.
            backend.NeedsReset = true;
            Holds.Set(Hold.Role);
        }
        if (!failed && ran && Cached is { } kept) kept.Finish(outcome, new Instant(now / (Stopwatch.Frequency / 10_000_000)), Stopwatch.GetElapsedTime(_startedAt, now));
        if (!failed && ran) On.Auditor.Finish(this, outcome, Stopwatch.GetElapsedTime(_startedAt, now));
        FollowProfile();
        backend.Settings = Tracking.Settings;
        // It stands where the session stands, with or without a schema, and is found there by the next one.
        if (backend.Profile.HasSchema != Profile.HasSchema || backend.Profile.Capabilities != Profile.Capabilities) backend.MoveTo(Profile);
        Count(backend, outcome, onPrimary, now - _startedAt, failed);
        if (Exchange.Desynchronized) backend.Endpoint.Close();
        if (Holds.Reasons == Hold.None) Lease.Release(backend);
        else Lease.Hold(backend);
    }

    void FollowExecute(in Outcome outcome)
    {
        if (Statement!.HasLongData) Commands.AfterExecute(Statement);
        if ((outcome.Status & ServerStatus.CursorExists) == 0) return;
        Statement.HasCursor = true;
        Holds.Set(Hold.Cursor);
    }

    void Count(Backend backend, in Outcome outcome, bool onPrimary, long ticks, bool failed)
    {
        var statistics = On.Statistics;
        statistics.Statements++;
        backend.Pool.Statements++;
        statistics.ByReason[(int)ReasonOf(backend)]++;
        if (failed) statistics.Errors++;
        if (Facts.IsPlainRead)
        {
            statistics.Reads++;
            backend.Pool.Reads++;
            var level = (int)LevelInForce.Kind;
            statistics.ByLevel[level]++;
            if (!onPrimary)
            {
                statistics.ReadsOnReplicas++;
                statistics.ReplicaReadsByLevel[level]++;
            }
            statistics.ReadLatency.Add(ticks);
            if (_sentAt != 0 && _attempts == 0 && !failed && backend.Pool.Index >= 0)
                On.Loads[backend.Pool.Index].Answered(((Exchange.BeganAt != 0 ? Exchange.BeganAt : _sentAt + ticks) - _sentAt) * (1e6 / Stopwatch.Frequency));
        }
        else
        {
            statistics.Writes++;
            if (Facts.Kind == StatementKind.Definition) On.Server.SomethingDefined();
            statistics.WriteLatency.Add(ticks);
        }
        if (StatementTrace.Source.HasListeners()) StatementTrace.Record(this, backend, ticks, failed);
        if (On.Options.SlowStatement.Ticks > 0 && ticks > On.Options.SlowStatement.Ticks * (Stopwatch.Frequency / 10_000_000))
        {
            statistics.Slow++;
            On.Server.Slow(this, backend, ticks);
        }
        if (Facts.Digest.Length == 0 || statistics.DigestOf(Facts) is not { } digest) return;
        digest.Count++;
        digest.TotalTicks += ticks;
        if (ticks > digest.MaxTicks) digest.MaxTicks = ticks;
        digest.Rows += outcome.Rows;
        if (failed) digest.Errors++;
        if (!onPrimary) digest.OnReplicas++;
    }

    /// <summary>Everything but the plain success.</summary>
    async ValueTask<Next> AfterAsync(Backend backend, Outcome outcome)
    {
        while (outcome.End == ExchangeEnd.WantsFile)
        {
            if (await Commands.SendFileAsync(backend) is not { } sequence)
            {
                Lease.Destroy(backend);
                return Next.Quit;
            }
            Running = backend;
            outcome = await Exchange.Resume(sequence);
            Running = null;
        }
        switch (outcome.End)
        {
            case ExchangeEnd.FirstError:
                if (outcome.ErrorCode == ReadOnlyServer && Lease.Held is null && Tracking.AutoCommit && (Facts.Needs & Needs.Primary) != 0 && EventLoop.Now < ArrivedAt + Policy.WriteHold
                    && Exchange.HeldError.Span.IndexOf("read-only"u8) >= 0)
                {
                    // The primary is handing over, and the news is on its way here: nothing was done, so it waits like any other write.
                    Lease.Release(backend);
                    On.Server.ServerSuspected(backend.Server.Id);
                    var news = On.WaitForView(TimeSpan.FromMilliseconds(20));
                    await news;
                    On.StopWaiting(news);
                    return Next.Retry;
                }
                if (IsRefusalByReplica(outcome.ErrorCode) && Lease.Held is null && !ReferenceEquals(On.View.Primary?.State, backend.Server) && _attempts++ < MostAttempts)
                {
                    // Not a plain read after all: the primary takes it, and the count says that the classifier was wrong.
                    On.Statistics.RefusedByReplica++;
                    Lease.Release(backend);
                    Facts = Facts with { Needs = Facts.Needs | Needs.Primary };
                    return Next.Retry;
                }
                if (outcome.ErrorCode is 1053 or 1927 && Lease.Held is null) return await AfterLossAsync(backend, outcome, sent: !Facts.IsPlainRead);
                if (_timedOut && outcome.ErrorCode == 1317) SendTimeout();
                else Client.Send(Exchange.HeldError.Span);
                _timedOut = false;
                return await AfterErrorAsync(backend, outcome);
            case ExchangeEnd.Complete when outcome.ErrorCode != 0:
                return await AfterErrorAsync(backend, outcome);
            case ExchangeEnd.Complete:
                if (Tracking.ChangedConnectionCharset) await Commands.LearnCollationAsync(backend);
                // What the client tracks is the gateway's to filter; the backend goes on tracking all.
                if (Tracking.ChangedSubscription && await backend.RunAsync(BackendLogin.TrackEverything) is not { Failed: false }) backend.Endpoint.Close();
                // The restoration is reported with the next answer; better to a ping of ours than to somebody's statement.
                if (Tracking.IgnoredVariables && await backend.RunCommandAsync(Command.Ping) is null) backend.NeedsReset = true;
                if ((Facts.Needs & Needs.ClosesConnection) != 0)
                {
                    Lease.Destroy(backend);
                    return Next.Quit;
                }
                Finish(backend, outcome);
                return Next.Done;
            case ExchangeEnd.ClientLost:
                Commands.KillQueryOn(backend, gone: true);
                Lease.Destroy(backend);
                return Next.Quit;
            default:
                return await AfterLossAsync(backend, outcome, sent: true);
        }
    }

    const ushort ReadOnlyServer = 1290; // ER_OPTION_PREVENTS_STATEMENT, which names the option

    static bool IsRefusalByReplica(ushort code) => code is 1290 or 1792 or 1836;

    async ValueTask<Next> AfterErrorAsync(Backend backend, Outcome outcome)
    {
        var uncertain = Lease.Held is not null || !Tracking.AutoCommit || (Facts.Needs & (Needs.OpensTransaction | Needs.EndsTransaction | Needs.Multiple | Needs.Opaque | Needs.OpensReadOnlyTransaction)) != 0;
        if (uncertain)
        {
            // An ERR carries no status: a deadlock may have ended the transaction, or not. The server knows.
            if (await backend.RunCommandAsync(Command.Ping) is not { } pong)
            {
                Lose(backend);
                Status = ServerStatus.Autocommit;
                return Next.Done;
            }
            Status = pong.Status;
        }
        Finish(backend, outcome, failed: true);
        return Next.Done;
    }

    /// <summary>
    /// The backend is gone. A read that had shown nothing is repeated elsewhere; a statement that was never sent too.
    /// Anything else has an outcome that nobody here knows, and the client is told so.
    /// </summary>
    public async ValueTask<Next> AfterLossAsync(Backend backend, Outcome outcome, bool sent)
    {
        var name = backend.Server.Id;
        var held = Lease.Held == backend;
        var holding = held ? Holds.Describe() : "";
        if (held) Lose(backend);
        else Lease.Destroy(backend);
        On.Server.ServerSuspected(name);
        if (Client.IsHungUp) return Next.Quit;
        if (Killed) return Next.Quit;
        var repeatable = !held && outcome.Forwarded == Forwarded.Nothing && (!sent || Facts.IsPlainRead || Shape == ResponseShape.Prepare);
        if (repeatable)
        {
            Status = ServerStatus.Autocommit;
            if (_attempts++ < MostAttempts || EventLoop.Now < ArrivedAt + Policy.WriteHold)
            {
                On.Statistics.Retries++;
                if (_attempts > 1)
                {
                    var signal = On.WaitForView(TimeSpan.FromMilliseconds(20));
                    await signal;
                    On.StopWaiting(signal);
                }
                return Next.Retry;
            }
        }
        On.Statistics.Errors++;
        if (outcome.Forwarded == Forwarded.PartOfPacket) return Next.Quit;
        // Held for a transaction, only what would have committed it leaves a doubt.
        var doubt = sent && (held && (Status & ServerStatus.InTransaction) != 0
            ? (Facts.Needs & (Needs.EndsTransaction | Needs.Opaque | Needs.Multiple)) != 0
            : !Facts.IsPlainRead);
        Status = ServerStatus.Autocommit;
        var cause = $"Lost connection to {name}"
            + (held ? $" while the session held it for {holding}" : outcome.Forwarded != Forwarded.Nothing ? " in the middle of the result" : sent ? " after the statement was sent" : "");
        if (doubt) Commands.SendError(ServerErrors.OutcomeUnknown, "08007", cause + ": its outcome is unknown", outcome.Forwarded == Forwarded.Nothing ? (byte)1 : outcome.NextSequence);
        else Commands.SendError(ServerErrors.ConnectionLost, "08S01", held ? cause + ": the transaction is gone, nothing of it was committed" : cause, outcome.Forwarded == Forwarded.Nothing ? (byte)1 : outcome.NextSequence);
        return Next.Done;
    }

    /// <summary>A held backend is gone, and all that it was held for.</summary>
    void Lose(Backend backend)
    {
        Lease.Destroy(backend);
        Holds.Forget();
        foreach (var statement in Statements.Values)
        {
            statement.LongDataLost |= statement.HasLongData && statement != Statement;
            statement.HasCursor = statement.HasLongData = false;
        }
    }

    bool _timedOut;
    Deadline? _clock;

    /// <summary>Where statements may not run for ever, the server is told to end one that does; its answer ends the exchange.</summary>
    void StartClock()
    {
        _timedOut = false;
        SetClock();
    }

    void SetClock()
    {
        if (On.Options.StatementTimeout > TimeSpan.Zero) (_clock ??= new Deadline(On.Loop, TakesTooLong)).Set(On.Options.StatementTimeout);
    }

    void TakesTooLong()
    {
        if (Running is not { } running) return;
        _timedOut = true;
        Commands.KillQueryOn(running);
        SetClock(); // it may have been committing, in the midst of more
    }

    void SendTimeout() => Commands.SendError(1969, "70100", $"Query execution was interrupted: it ran longer than limits.statement_timeout ({On.Options.StatementTimeout.TotalSeconds:0.###} s)");

    /// <summary>Whether what runs on the backend can be done again elsewhere without anybody noticing.</summary>
    public bool MayRepeat(Backend backend) =>
        Lease.Held != backend && (Running != backend || !Exchange.AnythingSent && (Facts.IsPlainRead || Shape == ResponseShape.Prepare));

    /// <summary>A server was declared dead, or a pool failed: what runs there will not end by itself.</summary>
    public void OnBackendFailed(Backend backend)
    {
        if (Running == backend) Exchange.Abandon();
        else
        {
            backend.Input.Abort();
            // Held between two statements: the next one must not be sent there to wait for ever.
            backend.Endpoint.Close();
        }
    }

    /// <summary>The number of an answer to what the client should have sent.</summary>
    byte NextSequence => (byte)((Input.ExpectedSequence ?? 0) + 1);

    void ExplainEnd()
    {
        if (Input.TooLong) Commands.SendError(1153, "08S01", $"Got a packet bigger than limits.packet allows ({Input.Limit} bytes)", NextSequence);
        else if (Input.OutOfOrder) Commands.SendError(1156, "08S01", "Got packets out of order", NextSequence);
    }

    /// <summary>Ends the session: at once when it is idle, after its transaction or statement otherwise.</summary>
    public void Stop()
    {
        _stopping = true;
        if (Lease.Held is null && Input.IsWaiting) Input.Abort();
    }

    /// <summary>Where the session stands, for a finding: read from another thread, so not to be acted on.</summary>
    internal string WhatItDoes =>
        $"session {Id}: {(Input.IsWaiting ? "waits for its client" : Running is { } on ? $"runs on {on} (hung up {on.Endpoint.IsHungUp}, closed {on.Endpoint.IsClosed}, readable {on.Endpoint.MaybeReadable})" : "waits for something of its own")}, attempts {_attempts}, held {Lease.Held}, {LastRoute.Kind} {LastRoute.Reason}, killed {Killed}";

    /// <summary>KILL CONNECTION of this session.</summary>
    public void Kill()
    {
        Killed = true;
        if (Running is not null) Exchange.Abandon();
        if (Client.Owner is Drained unread) unread.GiveUp();
        Input.Abort();
    }

    void Cleanup()
    {
        On.Sessions.Remove(this);
        On.Server.SessionEnded(this);
        EndRequest();
        Input.Release();
        foreach (var statement in Statements.Values) On.Statements.Release(statement.Shared);
        Statements.Clear();
        if (Lease.Held is { } held)
        {
            // Rolls back, unlocks and drops whatever the session left: https://mariadb.com/kb/en/com_reset_connection/ .
            held.NeedsReset = true;
            if (held.Endpoint.IsClosed || (Holds.Reasons & (Hold.Transaction | Hold.TableLock | Hold.AdvisoryLock | Hold.Unseen)) != 0) Lease.Destroy(held);
            else Lease.Release(held);
        }
        Lease.Forget();
        _clock?.End();
        Client.CloseAfterFlush();
    }
}

/// <summary>Facts of commands that carry no statement text.</summary>
internal static class CommandFacts
{
    public static readonly StatementFacts Opaque = new() { Needs = Needs.Primary, Reason = "not a statement that is known here", Digest = "" };
    public static readonly StatementFacts InitDb = new() { Kind = StatementKind.Set, Needs = Needs.ChangesSession, Reason = "changes the schema of the session only", Digest = "" };
    public static readonly StatementFacts FieldList = new() { Kind = StatementKind.Show, Reason = "reads column definitions", Digest = "" };
}
