"""Words and utterances in time, and how word times are brought onto what the VAD heard.

A recogniser's word times are loose across pauses: the last word before a pause stretches into it, the first one
after it begins too early. Clipped to the stretch of speech that it overlaps most, a word is right to about 20 ms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from bitflow.extractors.voice_activity import Stretch

SHORTEST_WORD_S = 0.02
STRAY_S = 0.5
"""A word that lies in a pause belongs to a stretch of speech that is no farther away than this."""

LATE_START_S = 0.35
"""The first word of a stretch begins with the stretch when the recogniser puts it no later than this after."""

UTTERANCE_PAUSE_S = 0.7
SENTENCE_PAUSE_S = 0.25

_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")


@dataclass(frozen=True)
class Word:
    """One word.

    Attributes
    ----------
    start, end : float
        s.
    text : str
        As written, punctuation attached, no space around it.
    confidence : float
        0 to 1; NaN where nobody said.
    speaker : str
        Name or label; empty when not known.
    """

    start: float
    end: float
    text: str
    confidence: float = float("nan")
    speaker: str = ""


@dataclass(frozen=True)
class Utterance:
    """Consecutive words of one speaker without a long pause."""

    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        """Start of the first word, s."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """End of the last word, s."""
        return max(word.end for word in self.words)

    @property
    def text(self) -> str:
        """The words, with spaces between."""
        return " ".join(word.text for word in self.words)

    @property
    def speaker(self) -> str:
        """Who speaks."""
        return self.words[0].speaker

    @property
    def confidence(self) -> float:
        """Mean confidence of the words that have one."""
        known = [word.confidence for word in self.words if not np.isnan(word.confidence)]
        return float(np.mean(known)) if known else float("nan")


def clip_to_speech(words: Iterable[Word], stretches: Sequence[Stretch]) -> list[Word]:
    """Words with their times clipped to the stretch of speech that each overlaps most.

    Parameters
    ----------
    words
        In the order in which they are spoken.
    stretches
        In time order, not overlapping.

    Returns
    -------
    list of Word
        In time order. A word more than half a second from any speech is dropped: nobody said it.
    """
    if not stretches:
        return []
    starts = [stretch.start for stretch in stretches]
    clipped: list[Word] = []
    taken = -1
    for word in words:
        index = _home(word, stretches, starts)
        if index is None:
            continue
        index = max(index, taken)
        unfinished = bool(clipped) and not _ends_sentence(clipped[-1]) and index == taken + 1
        if unfinished and _ends_sentence(word) and word.start < stretches[taken].end + STRAY_S:
            # The full stop before a pause is what a recogniser most often puts behind it.
            index = taken
        home = stretches[index]
        start = min(max(word.start, home.start), home.end - SHORTEST_WORD_S)
        if index != taken and start - home.start < LATE_START_S:
            start = home.start
        if clipped and index == taken:
            start = max(start, clipped[-1].start)
        end = min(max(word.end, start + SHORTEST_WORD_S), home.end)
        taken = index
        clipped.append(replace(word, start=start, end=max(end, start + SHORTEST_WORD_S)))
    return _without_overlap(clipped)


def _ends_sentence(word: Word) -> bool:
    return word.text.endswith(_SENTENCE_ENDS)


def _home(word: Word, stretches: Sequence[Stretch], starts: list[float]) -> int | None:
    first = max(bisect_left(starts, word.start) - 1, 0)
    best, most = None, 0.0
    nearest, distance = None, STRAY_S
    for index in range(first, len(stretches)):
        stretch = stretches[index]
        if stretch.start > word.end + STRAY_S:
            break
        overlap = min(word.end, stretch.end) - max(word.start, stretch.start)
        if overlap > most:
            best, most = index, overlap
        if -overlap <= distance:
            nearest, distance = index, -overlap
    return best if best is not None else nearest


def _without_overlap(words: list[Word]) -> list[Word]:
    """Cut a word where the next one of the same stretch begins."""
    return [
        replace(word, end=max(min(word.end, after.start), word.start + SHORTEST_WORD_S / 2)) if after else word
        for word, after in zip_longest(words, words[1:])
    ]


def utterances(words: Iterable[Word]) -> list[Utterance]:
    """Words gathered into utterances.

    A new one begins with another speaker, after a pause of 0.7 s, and after 0.25 s where a sentence ended.
    """
    gathered: list[list[Word]] = []
    for word in words:
        before = gathered[-1][-1] if gathered else None
        pause = word.start - before.end if before else 0.0
        if (
            before is None
            or word.speaker != before.speaker
            or pause >= UTTERANCE_PAUSE_S
            or (pause >= SENTENCE_PAUSE_S and _ends_sentence(before))
        ):
            gathered.append([])
        gathered[-1].append(word)
    return [Utterance(tuple(group)) for group in gathered]
