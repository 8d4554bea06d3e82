using System.Buffers;
using System.Text;
using System.Text.Json;
using Headwater.Core.Consumers;

namespace Headwater.Http;

/// <summary>Changes as bytes of one response. A write ends when the reader's side has room again.</summary>
sealed class FeedWriter(HttpResponse response, FeedRequest asked)
{
    readonly ArrayBufferWriter<byte> _unsent = new(4096);
    FeedPlace? _told;
    long _count;

    public int Unsent => _unsent.WrittenCount;

    /// <summary>As many were written as were asked for.</summary>
    public bool IsFull => _count >= asked.Count;

    public void Add(ChangeRecord change)
    {
        _count++;
        ReadOnlySpan<byte> text = asked.Format.Write(change);
        if (!asked.AsEvents)
        {
            _unsent.Write(text);
            _unsent.Write("\n"u8);
            return;
        }
        // A copy cannot be gone on with in the midst of it.
        if (change.Kind != ChangeKind.Snapshot) Id(change.Place);
        foreach (var line in text.Split((byte)'\n'))
        {
            _unsent.Write("data: "u8);
            _unsent.Write(text[line]);
            _unsent.Write("\n"u8);
        }
        _unsent.Write("\n"u8);
    }

    /// <summary>How far the copy has come; those who read lines of JSON are told nothing but changes.</summary>
    public void Show(CopiedJson copied)
    {
        if (!asked.AsEvents) return;
        _unsent.Write("event: progress\ndata: "u8);
        _unsent.Write(JsonSerializer.SerializeToUtf8Bytes(copied, FeedAnswersJson.Default.CopiedJson));
        _unsent.Write("\n\n"u8);
    }

    public async ValueTask SendAsync(CancellationToken ct)
    {
        if (_unsent.WrittenCount == 0) return;
        await response.Body.WriteAsync(_unsent.WrittenMemory, ct);
        await response.Body.FlushAsync(ct);
        _unsent.ResetWrittenCount();
    }

    /// <summary>Says that it lives, and how far it has come where nothing was wanted.</summary>
    public async ValueTask BeatAsync(FeedPlace? place, CancellationToken ct)
    {
        if (!asked.AsEvents)
        {
            // Readers of JSON lines pass over empty ones.
            _unsent.Write("\n"u8);
        }
        else if (place is { } at && at != _told)
        {
            Id(at);
            _unsent.Write("event: place\ndata:\n\n"u8);
        }
        else _unsent.Write(": alive\n\n"u8);
        await SendAsync(ct);
    }

    void Id(FeedPlace place)
    {
        _told = place;
        _unsent.Write("id: "u8);
        _unsent.Write(Encoding.ASCII.GetBytes(place.ToString()));
        _unsent.Write("\n"u8);
    }
}
