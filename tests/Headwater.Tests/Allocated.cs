namespace Headwater.Tests;

/// <summary>What some code allocates on its thread.</summary>
static class Allocated
{
    /// <summary>Bytes, the least of some tries: a collection meanwhile, of another test's garbage, counts what was left of this thread's buffer as allocated.</summary>
    public static long By(Action what)
    {
        var least = long.MaxValue;
        for (var tries = 0; tries < 5; tries++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            what();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
