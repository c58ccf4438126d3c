"""Times for the words of a transcript: from what a recogniser heard, else from where there is speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from bitflow.extractors.speech.transcripts import Cue, Transcript
from bitflow.extractors.speech.words import SHORTEST_WORD_S, Word
from bitflow.extractors.voice_activity import Stretch

_LOOSE_S = 1.0
"""A cue's times are trusted to this."""

_PLAIN = re.compile(r"[^\w']+", re.UNICODE)


def plain(word: str) -> str:
    """A word as it is compared: lower case, no punctuation."""
    return _PLAIN.sub("", word.lower()).strip("'")


def transcript_words(transcript: Transcript) -> list[Word]:
    """All words of a transcript; times are those of their cue (NaN in plain text)."""
    found: list[Word] = []
    for cue in transcript.cues:
        found += cue.words or [Word(cue.start, cue.end, w, speaker=cue.speaker) for w in cue.text.split() if plain(w)]
    return found


def align_words(transcript: Transcript, heard: Sequence[Word], stretches: Sequence[Stretch]) -> list[Word]:
    """The transcript's words with times.

    A word with times of its own keeps them. The others take the times of the recogniser's words that read the same;
    runs that it misheard share the time of what it heard instead, in proportion to their letters; without a
    recogniser a cue's words share the speech inside the cue.

    Parameters
    ----------
    transcript
        Timed, or plain text.
    heard
        What the recogniser heard, in time order; may be empty.
    stretches
        Where there is speech.

    Returns
    -------
    list of Word
        In order; confidence is the recogniser's for a word it heard too, NaN for others. Empty for plain text when
        nothing was heard.
    """
    if transcript.timed:
        found: list[Word] = []
        for cue in transcript.cues:
            if cue.words:
                found += cue.words
                continue
            near = [w for w in heard if w.end > cue.start - _LOOSE_S and w.start < cue.end + _LOOSE_S]
            inside = _speech_inside(cue, stretches)
            found += _matched(_untimed(cue), near, inside)
        return sorted(found, key=lambda w: w.start)
    words = [w for cue in transcript.cues for w in _untimed(cue)]
    return _matched(words, heard, [(s.start, s.end) for s in stretches]) if heard else []


def agreement(transcript: Transcript, heard: Sequence[Word]) -> float:
    """Part of the transcript's words that the recogniser heard too, in order, 0 to 1; NaN when one is empty."""
    a = [plain(w.text) for w in transcript_words(transcript)]
    b = [plain(w.text) for w in heard]
    if not a or not b:
        return float("nan")
    return sum(m.size for m in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()) / len(a)


def speech_overlap(transcript: Transcript, stretches: Sequence[Stretch]) -> tuple[float, float]:
    """Part of the transcript's time with speech, and part of the speech within the transcript's time."""
    cues = _union((c.start, c.end) for c in transcript.cues if c.timed)
    speech = _union((s.start, s.end) for s in stretches)
    shared = sum(max(0.0, min(b, d) - max(a, c)) for a, b in cues for c, d in speech if c < b and d > a)
    said, spoken = (sum(b - a for a, b in spans) for spans in (cues, speech))
    return shared / said if said else float("nan"), shared / spoken if spoken else float("nan")


def _untimed(cue: Cue) -> list[Word]:
    return [Word(np.nan, np.nan, w, speaker=cue.speaker) for w in cue.text.split() if plain(w)]


def _speech_inside(cue: Cue, stretches: Sequence[Stretch]) -> list[tuple[float, float]]:
    inside = [
        (max(s.start, cue.start), min(s.end, cue.end)) for s in stretches if s.end > cue.start and s.start < cue.end
    ]
    return inside or [(cue.start, cue.end)]


def _matched(words: list[Word], heard: Sequence[Word], speech: Sequence[tuple[float, float]]) -> list[Word]:
    """Words with the times of equal heard words; runs between them spread over the time that is left."""
    found = list(words)
    if heard:
        matcher = SequenceMatcher(None, [plain(w.text) for w in words], [plain(w.text) for w in heard], autojunk=False)
        for tag, i, j, k, m in matcher.get_opcodes():
            if tag == "equal" or (tag == "replace" and j - i == m - k):
                for a, b in zip(range(i, j), heard[k:m], strict=True):
                    found[a] = replace(
                        found[a], start=b.start, end=b.end, confidence=b.confidence if tag == "equal" else np.nan
                    )
            elif tag == "replace":
                found[i:j] = _spread(found[i:j], [(w.start, w.end) for w in heard[k:m]])
    return _filled(found, speech)


def _filled(words: list[Word], speech: Sequence[tuple[float, float]]) -> list[Word]:
    """Spread runs of words that have no time over the speech between their neighbours."""
    found: list[Word] = []
    i = 0
    while i < len(words):
        if not np.isnan(words[i].start):
            found.append(words[i])
            i += 1
            continue
        j = i
        while j < len(words) and np.isnan(words[j].start):
            j += 1
        low = found[-1].end if found else -np.inf
        high = words[j].start if j < len(words) else np.inf
        free = [(max(a, low), min(b, high)) for a, b in speech if b > low and a < high]
        free = [(a, b) for a, b in free if b - a > SHORTEST_WORD_S]
        if not free:
            at = low if np.isfinite(low) else high if np.isfinite(high) else 0.0
            free = [(at, at + SHORTEST_WORD_S * (j - i))]
        found += _spread(words[i:j], free)
        i = j
    return found


def _spread(words: Sequence[Word], spans: Sequence[tuple[float, float]]) -> list[Word]:
    """Words one after another through spans of time, each as long as its letters."""
    weight = np.cumsum([0.0, *(max(len(plain(w.text)), 1) for w in words)])
    length = np.cumsum([0.0, *(b - a for a, b in spans)])
    edges = weight / weight[-1] * length[-1]
    starts = np.array([a for a, _ in spans])
    # An edge that falls between two spans begins the later one, and ends the earlier one.
    first = np.clip(np.searchsorted(length, edges[:-1], side="right") - 1, 0, len(spans) - 1)
    last = np.clip(np.searchsorted(length, edges[1:], side="left") - 1, 0, len(spans) - 1)
    begin = starts[first] + edges[:-1] - length[first]
    end = starts[last] + edges[1:] - length[last]
    return [replace(w, start=float(a), end=float(max(b, a))) for w, a, b in zip(words, begin, end, strict=True)]


def _union(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for a, b in sorted(spans):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged
