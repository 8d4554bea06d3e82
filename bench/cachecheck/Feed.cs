using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Tests;
using Headwater.Tests.Consumers;

namespace Headwater.Bench.CacheCheck;

/// <summary>
/// The log on its way into the fold, with all that can happen to it there. Within one connection the log comes in its order: it is one stream of one file, and the store keeps it so. What
/// can happen: it stops, for long too; it comes again from somewhere before, after a connection was lost or this process was begun anew; a part of it is gone for
/// ever, because it was purged meanwhile, and the fold is told so; and what came already is handed on once more.
/// </summary>
sealed class Feed(Database database, Tables tables, Plant plant, Seeded chance)
{
    public readonly LastChanges Changes = new(1 << 8, 1 << 12, 1 << 12);

    /// <summary>The catalogue that statements are understood by: which of the two.</summary>
    int _understood;
    public int Understood => Volatile.Read(ref _understood);
    public long Gaps, Repeats, Reconnects, Stalls, Looks;

    /// <summary>The number with which the fold has last begun anew.</summary>
    long _begunWith;
    public long BegunWith => Volatile.Read(ref _begunWith);

    // A look at the tables that is under way: when it began, when it finds, when it ends.
    (Position From, long FindsAt, long EndsAt, int Found)? _look;
    long _at;

    public void Run(Func<bool> stopped)
    {
        Begin(database.Logged);
        var troubleAt = Database.Ticks;
        while (!stopped())
        {
            if (Database.Ticks > troubleAt)
            {
                Trouble();
                troubleAt = Database.Ticks + 200_000 + chance.Below(4_000_000);
            }
            var end = Math.Min(database.Logged, _at + 1 + chance.Below(64));
            while (_at < end) Take(database[++_at].Transaction);
            Changes.Publish();
            LookAtTables();
            Thread.Sleep(_at < database.Logged ? 0 : 1);
        }
    }

    void Begin(long at)
    {
        _at = at;
        Changes.Begin(Database.At(at));
        Volatile.Write(ref _begunWith, Changes.Extent.Ordinal);
    }

    void Take(Transaction transaction)
    {
        if (plant == Plant.RowSkipped && chance.OneIn(50) && transaction.Changes[0] is LoggedRows) transaction = MadeLog.Transaction(transaction.Gtid);
        if (plant == Plant.DefinitionSkipped && transaction.Changes is [LoggedStatement]) transaction = MadeLog.Transaction(transaction.Gtid);
        Changes.Apply(transaction);
    }

    void Trouble()
    {
        switch (chance.Below(6))
        {
            case 0:
                Gaps++;
                // What it missed it will never have.
                if (plant == Plant.GapUnseen) _at = database.Logged;
                else Begin(database.Logged);
                break;
            case 1:
                Reconnects++;
                Begin(Math.Max(0, _at - chance.Below(2_000)));
                break;
            case 2:
                Repeats++;
                // Nobody should hand them on, and if somebody does, it must not be believed.
                for (var again = Math.Max(1, _at - chance.Below(8)); again <= _at; again++) Changes.Apply(database[again].Transaction);
                Volatile.Write(ref _begunWith, Changes.Extent.Ordinal);
                break;
            case 3 when plant == Plant.Reordered:
                // A batch before the one that it follows: no store can hand it on so.
                var from = _at;
                while (database.Logged < from + 20) Thread.Sleep(1);
                for (var early = from + 11; early <= from + 20; early++) Changes.Apply(database[early].Transaction);
                Changes.Publish();
                Thread.Sleep(50);
                for (var late = from + 1; late <= from + 10; late++) Changes.Apply(database[late].Transaction);
                _at = from + 20;
                break;
            default:
                Stalls++;
                Thread.Sleep(chance.OneIn(6) ? chance.Below(1_000) : chance.Below(40));
                break;
        }
    }

    void LookAtTables()
    {
        var now = Database.Ticks;
        if (_look is not { } look)
        {
            if (Changes.Extent.Dictionary is not null) return;
            _look = (Database.At(database.Logged), now + chance.Below(100_000), now + 100_000 + chance.Below(100_000), -1);
            return;
        }
        if (look.Found < 0 && now >= look.FindsAt) _look = look = look with { Found = database.Definition };
        if (look.Found < 0 || now < look.EndsAt) return;
        Looks++;
        _look = null;
        Volatile.Write(ref _understood, look.Found);
        Changes.Offer(tables.Catalogues[look.Found].Dictionary, look.From, Database.At(database.Logged));
    }
}
