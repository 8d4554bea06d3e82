namespace Headwater.Core.Caching;

/// <summary>Residents in an order, linked through themselves.</summary>
sealed class ResidentQueue(Place place)
{
    public CacheResident? Newest { get; private set; }
    public CacheResident? Oldest { get; private set; }
    public long Bytes { get; private set; }
    public int Count { get; private set; }

    public void Add(CacheResident resident)
    {
        resident.Place = place;
        resident.Older = Newest;
        if (Newest is null) Oldest = resident;
        else Newest.Newer = resident;
        Newest = resident;
        Bytes += resident.Bytes;
        Count++;
    }

    public void AddOldest(CacheResident resident)
    {
        resident.Place = place;
        resident.Newer = Oldest;
        if (Oldest is null) Newest = resident;
        else Oldest.Older = resident;
        Oldest = resident;
        Bytes += resident.Bytes;
        Count++;
    }

    public void Remove(CacheResident resident)
    {
        if (resident.Newer is { } newer) newer.Older = resident.Older;
        else Newest = resident.Older;
        if (resident.Older is { } older) older.Newer = resident.Newer;
        else Oldest = resident.Newer;
        resident.Newer = resident.Older = null;
        resident.Place = Place.Nowhere;
        Bytes -= resident.Bytes;
        Count--;
    }

    public void Renew(CacheResident resident)
    {
        if (resident.Newer is null) return;
        Remove(resident);
        Add(resident);
    }
}
