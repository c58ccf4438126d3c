"""Speech: when somebody speaks, whose turn it is, pauses, overlaps, words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bitflow.events.behaviour import Level, behaviour
from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.events.person import VOICE_RATE_HZ, Person
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.view import View

SPEAKING, SPEAKING_UNTIL = 0.5, 0.35
PAUSE_S = (0.25, 3.0)
"""Shorter silences belong to the articulation (Goldman-Eisler 1968), longer ones end a turn."""

OVERLAP_S = 0.2
INTERRUPTED_WITHIN_S = 1.0
BACKCHANNEL_S = 1.0
UTTERANCE_PAUSE_S = 0.7
SENTENCE_ENDS = frozenset(".?!…")


@dataclass(frozen=True, eq=False)
class VoiceActivity:
    """When anybody speaks, every 10 ms."""

    speech: Mask

    @classmethod
    def of(cls, view: View) -> VoiceActivity:
        """From the speech probability of `voice`."""
        return cls(voice_signal(view, "speech").hysteresis(SPEAKING, SPEAKING_UNTIL))

    def on_clock(self, like: Signal) -> Mask:
        """The same on the clock of another signal."""
        return self.speech.on_clock(like.start, like.rate, len(like))


def voice_signal(view: View, column: str) -> Signal:
    """A column of `voice` on its 10 ms clock."""
    scene = view.scene  # pyright: ignore[reportAttributeAccessIssue]
    if "voice" not in scene.tables:
        raise Undefined("no_audio", "there is no table voice")
    if column not in scene.schema("voice"):
        raise Undefined("missing_column", f"voice.{column}")
    rows = scene.frame("voice", ("time", column))
    if not len(rows):
        raise Undefined("no_audio")
    span = scene.audio
    samples = max(1, round(span.duration * VOICE_RATE_HZ))
    values = np.full(samples, np.nan)
    # The table stands on a fixed 10 ms grid: rows go to their places, nothing is interpolated.
    times = rows["time"].to_numpy("float64")
    at = np.floor((times - span.start) * VOICE_RATE_HZ + 1e-6).astype(int)
    inside = (at >= 0) & (at < samples)
    values[at[inside]] = rows[column].to_numpy("float64")[inside]
    start = span.start + 0.5 / VOICE_RATE_HZ
    return Signal(values, start - 0.5 / VOICE_RATE_HZ, VOICE_RATE_HZ, scene.schema("voice")[column].unit)


def floor_transfers(mine: Events, others: Events) -> list[tuple[float, float]]:
    """For each of somebody's turns that follows another's: the other's end and the own beginning, s.

    The own begins before the other's end where the two overlap: then the first number is the greater (Heldner & Edlund
    2010). The turn before is the last one of anybody that began earlier; what lies wholly inside another's turn, such
    as a listener's signal, takes no floor, so that no overlap is longer than the other's turn.
    """
    turns = [(turn.start, turn.end, True) for turn in mine] + [(turn.start, turn.end, False) for turn in others]
    found: list[tuple[float, float]] = []
    held: tuple[float, float, bool] | None = None
    for turn in sorted(turns):
        if held is not None and turn[1] <= held[1]:
            continue
        if held is not None and turn[2] and not held[2]:
            found.append((held[1], turn[0]))
        held = turn
    return found


@dataclass(frozen=True, eq=False)
class Turns:
    """Who spoke when.

    Parameters
    ----------
    mine
        Turns of the person, or of everybody where the view is a recording.
    others
        Turns of everybody else.
    speech
        When anybody speaks.
    speakers
        Number of speakers known.
    """

    mine: Events
    others: Events
    speech: Mask
    speakers: int

    @classmethod
    def of(cls, view: View) -> Turns:
        """From `speakers`, by person where turns are linked to one; else all speech is the only person's."""
        scene = view.scene  # pyright: ignore[reportAttributeAccessIssue]
        speech = view.get(VoiceActivity).speech
        seen = Mask(speech.known, speech.known, speech.start, speech.rate)
        whole = speech.events(shortest=0.05, merge=PAUSE_S[1])
        rows = scene.frame("speakers") if "speakers" in scene.tables else None
        who = view.who if isinstance(view, Person) else None
        nobody = Events.at(np.empty(0), np.empty(0), seen, "turn")
        if rows is None or not len(rows):
            if who is not None and len(scene.people) > 1:
                raise Undefined("no_speech", "nobody says whose voice it is")
            if not len(whole):
                raise Undefined("no_speech")
            return cls(Events.at(whole.starts, whole.ends, seen, "turn"), nobody, speech, 1)
        labels = _labels(rows)
        starts, ends = rows["start"].to_numpy("float64"), rows["end"].to_numpy("float64")
        speakers = len(set(labels))
        if who is None:
            return cls(Events.at(starts, ends, seen, "turn"), nobody, speech, speakers)
        linked = rows["person"].to_numpy() if "person" in rows else np.full(len(rows), -1)
        if scene.by_voice and "track" in rows:
            linked = rows["track"].to_numpy()
        if not (linked >= 0).any():
            if len(scene.people) == 1 and speakers == 1:
                return cls(_joined(Events.at(starts, ends, seen, "turn"), nobody), nobody, speech, 1)
            raise Undefined("no_speech", "no voice is linked to a person")
        mine = linked == who
        if not mine.any():
            raise Undefined("no_speech")
        own = Events.at(starts[mine], ends[mine], seen, "turn")
        others = Events.at(starts[~mine], ends[~mine], seen, "turn")
        return cls(_joined(own, others), _joined(others, own), speech, speakers)

    @property
    def own_speech(self) -> Mask:
        """Speech during the person's turns."""
        return self.speech & self.mine.mask(self.speech)


def _joined(turns: Events, others: Events) -> Events:
    """Turns with less than 3 s between them, into which nobody else speaks, are one."""
    starts: list[float] = []
    ends: list[float] = []
    for turn in turns:
        between = bool(starts) and bool(((others.starts < turn.start) & (others.ends > ends[-1])).any())
        if starts and turn.start - ends[-1] < PAUSE_S[1] and not between:
            ends[-1] = max(ends[-1], turn.end)
        else:
            starts.append(turn.start)
            ends.append(turn.end)
    return Events.at(np.array(starts), np.array(ends), turns.seen, turns.name)


def _labels(rows) -> list[str]:
    for column in ("speaker", "track", "name"):
        if column in rows and rows[column].notna().any():
            return [str(label) for label in rows[column]]
    return ["0"] * len(rows)


@dataclass(frozen=True, eq=False)
class PairTurns:
    """Turns of the two of a pair."""

    first: Turns
    second: Turns

    @classmethod
    def of(cls, pair) -> PairTurns:
        """From the turns of both."""
        return cls(pair.first.get(Turns), pair.second.get(Turns))


@dataclass(frozen=True, eq=False)
class Words:
    """Words with their times, sorted.

    Parameters
    ----------
    said
        Intervals; values are confidences.
    text
        The words, lower case without punctuation.
    marks
        The words as written, with their punctuation.
    """

    said: Events
    text: tuple[str, ...]
    marks: tuple[str, ...] = ()

    @classmethod
    def of(cls, view: View) -> Words:
        """From `words`, the person's own where words have speakers that are linked to persons."""
        scene = view.scene  # pyright: ignore[reportAttributeAccessIssue]
        if "words" not in scene.tables:
            raise Undefined("missing_table", "words")
        rows = scene.frame("words")
        if isinstance(view, Person) and len(rows):
            rows = rows[_own_words(view, rows)]
        if not len(rows):
            raise Undefined("no_speech")
        rows = rows.sort_values("start", kind="stable")
        speech = view.get(VoiceActivity).speech
        seen = Mask(speech.known, speech.known, speech.start, speech.rate)
        said = Events.at(rows["start"].to_numpy("float64"), rows["end"].to_numpy("float64"), seen, "word")
        column = "word" if "word" in rows else "name"
        confidence = (
            rows["confidence"].to_numpy("float64", na_value=np.nan)
            if "confidence" in rows
            else np.full(len(rows), np.nan)
        )
        marks = tuple(str(word).strip() for word in rows[column])
        return cls(said.valued(confidence), tuple(map(plain, marks)), marks)

    def crop(self, interval) -> Words:
        """Words that begin in an interval."""
        inside = (self.said.starts >= interval.start - 1e-9) & (self.said.starts < interval.end - 1e-9)
        kept = np.flatnonzero(inside)
        text, marks = (tuple(each[k] for k in kept) if each else () for each in (self.text, self.marks))
        return replace(self, said=self.said.crop(interval), text=text, marks=marks)


def plain(word: str) -> str:
    """Lower case, without punctuation around it.

    Examples
    --------
    >>> plain("Don't,")
    "don't"
    """
    return word.lower().strip(" \t\n.,;:!?…\"'“”‘’()[]-–—")


def _own_words(person: Person, rows):
    if "person" in rows and (rows["person"].to_numpy() >= 0).any():
        return rows["person"].to_numpy() == person.who
    turns = person.get(Turns)
    middle = (rows["start"].to_numpy("float64") + rows["end"].to_numpy("float64")) / 2
    at = np.searchsorted(turns.mine.starts, middle, "right") - 1
    inside = (at >= 0) & (middle < np.append(turns.mine.ends, 0.0)[at])
    return inside


@behaviour("speech", needs=("voice",), title="speaking")
def find_speech(turns: Turns) -> Events:
    """The voice activity is at least 0.5 until it falls below 0.35, in the person's own turns; short silences stay
    in."""
    return turns.own_speech.events(shortest=0.05, merge=PAUSE_S[0]).named("speech")


@behaviour("turn", needs=("voice",), title="speaking turn")
def find_turns_at_talk(turns: Turns) -> Events:
    """The person has the floor: turns of `speakers`; of a lone speaker, speech whose pauses are shorter than 3 s."""
    return turns.mine.named("turn")


@behaviour("pause", needs=("voice",), title="pause")
def find_pauses(turns: Turns, level: Level = Level.STRICT) -> Events:
    """Silence of 0.25 to 3 s between two stretches of speech inside one of the person's turns (lenient: from 0.2 s).

    Silence comes from the voice activity, never from missing words (De Jong & Bosker 2013).
    """
    shortest = PAUSE_S[0] if level is Level.STRICT else 0.2
    inside = turns.mine.mask(turns.speech)
    silence = (inside & ~turns.speech).events(shortest=shortest, longest=PAUSE_S[1])
    # A silence at the edge of a turn is no pause of it.
    spoken = turns.own_speech
    first = np.round((silence.starts - spoken.start) * spoken.rate).astype(int) - 1
    last = np.round((silence.ends - spoken.start) * spoken.rate).astype(int)
    before = (first >= 0) & spoken.yes[np.maximum(first, 0)]
    after = (last < len(spoken)) & spoken.yes[np.minimum(last, len(spoken) - 1)]
    return silence.chosen(before & after).named("pause")


@behaviour("overlap", needs=("voice", "speakers"), title="talking at once")
def find_overlaps(turns: Turns) -> Events:
    """Two turns at the same time for at least 0.2 s."""
    if turns.speakers < 2:
        raise Undefined("single_speaker")
    return (turns.mine & turns.others).lasting(OVERLAP_S).named("overlap")


@behaviour("interruption", needs=("voice", "speakers"), title="interrupts")
def find_interruptions(turns: Turns) -> Events:
    """The person begins while another speaks, both speak for at least 0.2 s, and the other stops within 1 s."""
    if turns.speakers < 2:
        raise Undefined("single_speaker")
    chosen = [
        any(
            theirs.start < mine.start < theirs.end
            and min(mine.end, theirs.end) - mine.start >= OVERLAP_S - 1e-9
            and theirs.end - mine.start <= INTERRUPTED_WITHIN_S + 1e-9
            and mine.end > theirs.end
            for theirs in turns.others
        )
        for mine in turns.mine
    ]
    return turns.mine.chosen(np.array(chosen, bool)).named("interruption")


@behaviour("backchannel", needs=("voice", "speakers"), title="listener's signal")
def find_backchannels(turns: Turns) -> Events:
    """An utterance of at most 1 s wholly inside another's turn."""
    if turns.speakers < 2:
        raise Undefined("single_speaker")
    return turns.mine.lasting(0.0, BACKCHANNEL_S).within(turns.others).named("backchannel")


@behaviour("silence", needs=("voice",), title="nobody speaks", scope="recording")
def find_silences(voice: VoiceActivity) -> Events:
    """Nobody speaks for at least 0.25 s: the voice activity is below 0.35 and has not reached 0.5 since."""
    return (~voice.speech).events(shortest=PAUSE_S[0]).named("silence")


@behaviour("question", needs=("voice", "words"), title="asks")
def find_questions(words: Words) -> Events:
    """Words of the person up to one written with a question mark, from the last sentence's end or pause of 0.7 s on.

    The transcript says what is a question: one without any punctuation says nothing.
    """
    if not any(mark[-1:] in SENTENCE_ENDS for mark in words.marks):
        raise Undefined("no_punctuation")
    starts: list[float] = []
    ends: list[float] = []
    first = 0
    for k, mark in enumerate(words.marks):
        if k and words.said.starts[k] - words.said.ends[k - 1] >= UTTERANCE_PAUSE_S:
            first = k
        if mark[-1:] in SENTENCE_ENDS:
            if mark[-1:] == "?":
                starts.append(float(words.said.starts[first]))
                ends.append(float(words.said.ends[k]))
            first = k + 1
    return Events.at(np.array(starts), np.array(ends), words.said.seen, "question")
