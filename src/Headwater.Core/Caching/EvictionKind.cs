namespace Headwater.Core.Caching;

public enum EvictionKind
{
    Fifo,
    Lru,
    Lfu,
    Sieve,
    S3Fifo,
    WTinyLfu,
}
