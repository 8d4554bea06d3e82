using Headwater.Control.Failover;

namespace Headwater.WebConsole;

/// <param name="Seconds">How long it took; null while it is under way.</param>
sealed record StoryStep(string Step, DateTimeOffset At, double? Seconds, string Reason);

sealed record StoryEffect(DateTimeOffset At, string What, string? Server, string Sentence, bool Failed);

/// <summary>One change of primary from its first sign to its end, out of the journal.</summary>
/// <param name="Outcome">done, undone or running.</param>
/// <param name="Seconds">From the first sign to the end: of a failover, what writers waited at most.</param>
sealed record ChangeStory(string Kind, string From, string? To, long Epoch, string Outcome, DateTimeOffset Began, DateTimeOffset? Ended, double? Seconds, string Sentence,
    IReadOnlyList<StoryStep> Steps, IReadOnlyList<StoryEffect> Effects)
{
    static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5), SilenceBefore = TimeSpan.FromMinutes(10);

    /// <summary>The newest first. Entries are in the order in which they were written.</summary>
    public static IReadOnlyList<ChangeStory> Of(IReadOnlyList<JournalEntry> entries)
    {
        var stories = new List<ChangeStory>();
        Draft? draft = null;
        JournalEntry? silent = null;
        foreach (var entry in entries)
        {
            if (entry is { Kind: "finding", Rule: "primary-silent" }) silent = silent?.Server == entry.Server && entry.At - silent!.At < SilenceBefore && draft is null ? silent : entry;
            if (entry.Record is { } record)
            {
                if (record.Change is { } kind)
                {
                    if (draft is { IsOver: true } || draft is not null && (draft.From != record.From || draft.Kind != kind)) Close();
                    draft ??= new Draft(kind, record.From!, silent?.Server == record.From && kind == "Failover" && entry.At - silent!.At < SilenceBefore ? silent : null);
                    draft.Step(entry.At, record);
                }
                else if (draft is { IsOver: false }) draft.End(entry, record);
                silent = null;
            }
            else if (draft is not null && entry.Kind is "effect" or "failed" && (!draft!.IsOver || entry.At - draft.EndedAt < Aftermath))
                draft.Effects.Add(new StoryEffect(entry.At, entry.Rule, entry.Server, entry.Sentence, entry.Kind == "failed"));
            else if (draft is not null && entry is { Kind: "finding", Rule: "undone" }) draft.Undone = entry.Sentence;
        }
        Close();
        stories.Reverse();
        return stories;

        void Close()
        {
            if (draft is not null) stories.Add(draft.ToStory());
            draft = null;
        }
    }

    sealed class Draft
    {
        readonly List<(string Step, DateTimeOffset At, string Reason)> _steps = [];
        string? _to;
        long _epoch;
        bool _isDone;
        string _sentence = "";

        public Draft(string kind, string from, JournalEntry? silent)
        {
            (Kind, From) = (kind, from);
            if (silent is not null) _steps.Add(("silent", silent.At, silent.Sentence));
        }

        public string Kind { get; }
        public string From { get; }
        public List<StoryEffect> Effects { get; } = [];
        public string? Undone { get; set; }
        public bool IsOver { get; private set; }
        public DateTimeOffset EndedAt { get; private set; }

        public void Step(DateTimeOffset at, RecordLine record)
        {
            (_to, _epoch) = (record.To ?? _to, record.Epoch);
            var step = record.Step!.ToLowerInvariant();
            if (_steps.Count == 0 || _steps[^1].Step != step) _steps.Add((step, at, record.Proof is { Count: > 0 } proof ? proof[^1] : ""));
        }

        public void End(JournalEntry entry, RecordLine record)
        {
            (IsOver, EndedAt, _epoch) = (true, entry.At, record.Epoch);
            _isDone = record.Primary != From;
            _sentence = _isDone ? entry.Sentence : Undone ?? entry.Sentence;
        }

        public ChangeStory ToStory()
        {
            var steps = new List<StoryStep>();
            for (var i = 0; i < _steps.Count; i++)
            {
                DateTimeOffset? end = i + 1 < _steps.Count ? _steps[i + 1].At : IsOver ? EndedAt : null;
                steps.Add(new StoryStep(_steps[i].Step, _steps[i].At, (end - _steps[i].At)?.TotalSeconds, _steps[i].Reason));
            }
            return new ChangeStory(Kind.ToLowerInvariant(), From, _to, _epoch, !IsOver ? "running" : _isDone ? "done" : "undone", _steps[0].At, IsOver ? EndedAt : null,
                IsOver ? (EndedAt - _steps[0].At).TotalSeconds : null, _sentence, steps, Effects);
        }
    }
}
