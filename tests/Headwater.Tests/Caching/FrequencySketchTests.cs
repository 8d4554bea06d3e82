using Headwater.Core.Caching;

namespace Headwater.Tests.Caching;

public class FrequencySketchTests
{
    static ulong Hash(int key) => new Seeded((ulong)key).Next();

    [Fact]
    public void It_never_tells_less_than_was_counted_and_seldom_more()
    {
        var sketch = new FrequencySketch(1_024);
        for (var key = 0; key < 1_024; key++)
        {
            for (var n = 0; n < key % 8; n++) sketch.Count(Hash(key));
        }
        Assert.All(Enumerable.Range(0, 1_024), key => Assert.True(sketch.Estimate(Hash(key)) >= key % 8));
        Assert.True(Enumerable.Range(0, 1_024).Count(key => sketch.Estimate(Hash(key)) > key % 8) < 150);
    }

    [Fact]
    public void It_counts_to_fifteen()
    {
        var sketch = new FrequencySketch(64);
        for (var n = 0; n < 100; n++) sketch.Count(Hash(1));
        Assert.Equal(15, sketch.Estimate(Hash(1)));
        Assert.Equal(15, sketch.Counted);
    }

    [Fact]
    public void Halving_halves_each_and_growing_changes_none()
    {
        var sketch = new FrequencySketch(256);
        for (var key = 0; key < 300; key++)
        {
            for (var n = 0; n < key % 10; n++) sketch.Count(Hash(key));
        }
        var before = Enumerable.Range(0, 300).Select(key => sketch.Estimate(Hash(key))).ToArray();
        sketch.Grow();
        Assert.Equal(512, sketch.Keys);
        Assert.Equal(before, Enumerable.Range(0, 300).Select(key => sketch.Estimate(Hash(key))));
        sketch.Halve();
        Assert.Equal(before.Select(count => count / 2), Enumerable.Range(0, 300).Select(key => sketch.Estimate(Hash(key))));
    }
}
