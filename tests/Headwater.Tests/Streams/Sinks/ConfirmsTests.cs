using Headwater.Streams.Sinks;
using Xunit;

namespace Headwater.Tests.Streams.Sinks;

public class ConfirmsTests
{
    readonly Confirms _confirms = new();

    [Fact]
    public void A_batch_is_safe_when_each_of_it_is_confirmed_in_whatever_order()
    {
        var all = _confirms.Expect(7, 4);
        Assert.Equal(0, _confirms.Done);
        _confirms.Ack(9, andBefore: false);
        Assert.Equal(0, _confirms.Done);
        _confirms.Ack(8, andBefore: true);
        Assert.False(all.IsCompleted);
        Assert.Equal(3, _confirms.Done);
        _confirms.Ack(10, andBefore: false);
        Assert.True(all.IsCompletedSuccessfully);
        var next = _confirms.Expect(11, 1);
        // What was confirmed before says nothing of the next.
        _confirms.Ack(10, andBefore: true);
        Assert.False(next.IsCompleted);
        _confirms.Ack(11, andBefore: true);
        Assert.True(next.IsCompletedSuccessfully);
    }

    [Fact]
    public void Nothing_is_safe_after_a_refusal()
    {
        var all = _confirms.Expect(1, 2);
        _confirms.Fail("nack");
        _confirms.Ack(2, andBefore: true);
        Assert.True(all.IsFaulted);
        Assert.Equal(0, _confirms.Done);
        Assert.True(_confirms.Expect(3, 1).IsFaulted);
    }

    [Fact]
    public void A_place_is_there_after_it_was_saved_and_what_is_none_is_told()
    {
        var directory = Directory.CreateTempSubdirectory("headwater-place-").FullName;
        try
        {
            var place = new SinkPlace(directory, "orders");
            Assert.Null(place.Read());
            Assert.True(Headwater.Core.Consumers.FeedPlace.TryParse("0-1-41/0-1-42/7", out var saved));
            place.Save(saved);
            Assert.Equal(saved, place.Read());
            File.WriteAllText(place.Path, "nonsense");
            Assert.Contains("nonsense", Assert.Throws<SinkException>(() => place.Read()).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
