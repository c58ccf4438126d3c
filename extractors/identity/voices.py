"""Whose voice it is: the person whose mouth moves while the voice speaks, and rests while it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

#: Mouth movement is averaged over this many seconds: a syllable or two.
SYLLABLES_S = 0.4

#: A person must be seen for this part of a voice's time, and a second of it, before anything is said.
SEEN_PART = 0.3
SEEN_S = 1.0

#: How much more often the mouth must move faster in the voice's turns than out of them (area under the ROC curve),
#: and by how much the best person must lead the next.
CLEAR = 0.65
LEAD = 0.08

#: Where a voice leaves no time to compare with, or one person is all there is to see: the speed of the mouth's opening
#: while talking, in inter-ocular distances a second.
TALKING = 0.15


@dataclass(frozen=True)
class Voice:
    """One speaker: ``(n, 2)`` turns as start and end in s, in time order."""

    track: int
    turns: np.ndarray

    @property
    def seconds(self) -> float:
        """How long it was heard."""
        return float((self.turns[:, 1] - self.turns[:, 0]).sum())

    def speaks_at(self, times: np.ndarray) -> np.ndarray:
        """Whether each of the ``(m,)`` instants lies in a turn."""
        after = np.searchsorted(self.turns[:, 0], times, side="right") - 1
        inside = times < np.maximum.accumulate(self.turns[:, 1])[np.maximum(after, 0)]
        return (after >= 0) & inside


@dataclass(frozen=True)
class Mouth:
    """One person's mouth: ``(n,)`` instants in s, and how fast it moves, in inter-ocular distances a second."""

    times: np.ndarray
    speed: np.ndarray


def mouth_of(times: np.ndarray, opening: np.ndarray, tracks: np.ndarray) -> Mouth:
    """Mouth movement of one person.

    Parameters
    ----------
    times
        ``(n,)`` s.
    opening
        ``(n,)`` distance of the lips over the inter-ocular distance.
    tracks
        ``(n,)`` face tracks; no speed is taken from one to the next.
    """
    order = np.argsort(times, kind="stable")
    times, opening, tracks = times[order], opening[order], tracks[order]
    steps = np.diff(times)
    speed = np.abs(np.diff(opening)) / np.where(steps > 0, steps, np.nan)
    speed[(np.diff(tracks) != 0) | (steps > SYLLABLES_S)] = np.nan
    middle = (times[1:] + times[:-1]) / 2
    known = np.isfinite(speed)
    return Mouth(middle[known], _smoothed(middle[known], speed[known]))


def give_voices(voices: Sequence[Voice], mouths: Mapping[int, Mouth]) -> dict[int, tuple[int, float]]:
    """Person and confidence for each voice by its track; person −1 and confidence 0 where it cannot be told.

    Voices choose in the order of their confidence, and each person has one voice.
    """
    offers: list[tuple[float, int, int]] = []
    for voice in voices:
        scores = {person: _agreement(voice, mouth) for person, mouth in mouths.items()}
        told = sorted(((score, person) for person, score in scores.items() if np.isfinite(score)), reverse=True)
        if not told:
            continue
        next_best = told[1][0] if len(told) > 1 else 0.5
        best, person = told[0]
        if best >= CLEAR and best - next_best >= LEAD:
            offers.append((float(np.clip(2 * best - 1, 0, 1)), person, voice.track))
    given = {voice.track: (-1, 0.0) for voice in voices}
    taken: set[int] = set()
    for sure, person, track in sorted(offers, reverse=True):
        if person not in taken:
            given[track] = (person, sure)
            taken.add(person)
    return given


def _agreement(voice: Voice, mouth: Mouth) -> float:
    """Probability that the mouth is faster at an instant in the voice's turns than at one out of them.

    NaN when the person is hardly seen. Without time to compare with, how far the speed is that of talking.
    """
    speaking = voice.speaks_at(mouth.times)
    spacing = float(np.median(np.diff(mouth.times))) if len(mouth.times) > 1 else 0.0
    seen = spacing * int(speaking.sum())
    if seen < max(SEEN_S, SEEN_PART * voice.seconds):
        return float("nan")
    inside, outside = mouth.speed[speaking], mouth.speed[~speaking]
    if spacing * len(outside) < SEEN_S:
        return float(np.median(inside) / (np.median(inside) + TALKING))
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside)))


def _smoothed(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean over a window of `SYLLABLES_S` about each instant, whatever the spacing."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(times, times - SYLLABLES_S / 2, side="left")
    last = np.searchsorted(times, times + SYLLABLES_S / 2, side="right")
    return (total[last] - total[first]) / np.maximum(last - first, 1)
