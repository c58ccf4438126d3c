"""Who speaks when: bits of speech gathered by how alike their voices sound.

Bits of 1.6 s say who there is: their vectors are gathered into speakers. Bits of 0.8 s, less sure and more
precise, say who it is at each moment; the quietest instant nearby is where one gives way to the other. Two people who
talk at once sound like one bit of speech here: overlap is kept only where a transcript or another engine tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.extractors.speech.speaker_embedding import SAMPLE_RATE_HZ, Encoder
from bitflow.extractors.speech.windows import Window
from bitflow.extractors.voice_activity import Stretch

WIDE_S, WIDE_HOP_S = 1.6, 0.8
NARROW_S, NARROW_HOP_S = 0.8, 0.2
SHORTEST_S = 0.3

SAME_VOICE = 0.58
"""Mean cosine between bits of speech of two groups above which they are one speaker (Resemblyzer's encoder on
read English: within a speaker .74 in the median, between speakers .43, 99th percentile .62)."""

TWO_VOICES = 0.33
"""Silhouette of a group's halves above which they are two speakers although they are alike: halves of one real or
synthetic speaker reach .26, of two speakers .35 or more."""

CLEARLY_TWO = 0.37
"""The same for statistics of the spectrum: parts of one speaker reach .36, two speakers .38 to .69."""

MIXED = 0.55
"""Cosine between the bits before and after, below which a bit holds two voices."""

LEAST_SPEECH_S = 2.0
"""A speaker heard for less is more often a cough or a cross-talk than a person."""

CLUSTERED = 1500
"""Bits of speech that are compared with each other; of a longer recording an even selection is."""

TURN_PAUSE_S = 1.0
"""One speaker's speech with a shorter pause, in which nobody else speaks, is one turn."""

SWITCH_COST = 0.1
SWITCH_COST_AT_PAUSE = 0.05
"""How much more alike another voice must be before the speaker is taken to change."""

QUIET_REACH_S = 0.3
"""The quietest instant this near to a change of speaker is where they change."""

_ENVELOPE_HZ = 100
_ENVELOPE_S = 0.08


@dataclass(frozen=True)
class VoicePrint:
    """How a bit of speech [start, end) sounds; `stretch` is the stretch of speech it lies in."""

    start: float
    end: float
    stretch: Stretch
    vector: NDArray[np.float32]

    @property
    def middle(self) -> float:
        """s."""
        return 0.5 * (self.start + self.end)


@dataclass(frozen=True)
class Prints:
    """What is kept of a window's speech to tell speakers apart.

    Attributes
    ----------
    wide, narrow : tuple of VoicePrint
        Of 1.6 s and of 0.8 s, in time order.
    loudness : tuple of (Stretch, np.ndarray)
        Power of each stretch of speech, 100 values a second, smoothed over 80 ms.
    """

    wide: tuple[VoicePrint, ...]
    narrow: tuple[VoicePrint, ...]
    loudness: tuple[tuple[Stretch, NDArray[np.float32]], ...]

    def __add__(self, later: Prints) -> Prints:
        return Prints(self.wide + later.wide, self.narrow + later.narrow, self.loudness + later.loudness)


@dataclass(frozen=True)
class Turn:
    """Speech of one speaker [start, end), s; `confidence` 0 to 1, `coverage` the part of it with speech."""

    start: float
    end: float
    speaker: int
    confidence: float
    coverage: float = 1.0


def voice_prints(window: Window, encoder: Encoder) -> Prints:
    """What the voices in a window sound like. A stretch of speech shorter than 0.3 s has no voice print."""
    sounds = [(stretch, window.sound_of(stretch)) for stretch in window.stretches]
    clear = [(stretch, sound) for stretch, sound in sounds if stretch.duration >= SHORTEST_S]
    wide = _prints(clear, encoder, WIDE_S, WIDE_HOP_S)
    narrow = _prints(clear, encoder, NARROW_S, NARROW_HOP_S)
    return Prints(wide, narrow, tuple((stretch, _envelope(sound)) for stretch, sound in sounds))


def _prints(
    sounds: Sequence[tuple[Stretch, NDArray[np.float32]]], encoder: Encoder, segment: float, hop: float
) -> tuple[VoicePrint, ...]:
    spans = [
        (stretch, sound, first, last)
        for stretch, sound in sounds
        for first, last in _segments(len(sound) / SAMPLE_RATE_HZ, segment, hop)
    ]
    vectors = encoder.embed([sound[round(a * SAMPLE_RATE_HZ) : round(b * SAMPLE_RATE_HZ)] for _, sound, a, b in spans])
    return tuple(
        VoicePrint(stretch.start + a, stretch.start + b, stretch, vector)
        for (stretch, _, a, b), vector in zip(spans, vectors, strict=True)
    )


def _segments(duration: float, segment: float, hop: float) -> list[tuple[float, float]]:
    if duration <= segment:
        # A tenth of a second more or less makes no other voice, but lengths that agree can be run together.
        return [(0.0, max(SHORTEST_S, float(np.floor(duration * 10) / 10)))]
    count = int(np.ceil((duration - segment) / hop)) + 1
    return [(start, start + segment) for start in np.linspace(0, duration - segment, count).tolist()]


def _envelope(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.ndimage import uniform_filter1d

    power = uniform_filter1d(np.square(sound, dtype=np.float64), round(_ENVELOPE_S * SAMPLE_RATE_HZ), mode="nearest")
    return power[:: SAMPLE_RATE_HZ // _ENVELOPE_HZ].astype(np.float32)


def find_turns(prints: Prints, *, count: int | None = None, whiten: bool = False) -> list[Turn]:
    """Turns of speakers, numbered in the order in which they are first heard.

    Parameters
    ----------
    prints
        Of the whole recording, in time order.
    count
        Number of speakers; None to find it.
    whiten
        Whether the vectors are plain statistics rather than unit vectors of an encoder.

    Returns
    -------
    list of Turn
    """
    stretches = [stretch for stretch, _ in prints.loudness]
    if not prints.narrow:
        return _turns([(s.start, s.end, 0, 0.0) for s in stretches])
    wide = np.stack([p.vector for p in prints.wide])
    narrow = np.stack([p.vector for p in prints.narrow])
    if whiten:
        wide, narrow = np.split(whitened(np.concatenate([wide, narrow])), [len(wide)])
    centres = _speakers(prints.wide, wide, count, whiten)
    likeness = narrow @ centres.T
    label = _sequence(prints.narrow, likeness)
    spoken = _spans(prints.narrow, dict(prints.loudness), label, likeness)
    order = list(dict.fromkeys(speaker for _, _, speaker, _ in spoken))
    return _turns([(a, b, order.index(speaker), sure) for a, b, speaker, sure in spoken])


def whitened(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Statistics brought to one scale over the recording, then to unit length; what is missing counts as average."""
    middle = np.nanmedian(vectors, axis=0)
    spread = np.nanstd(vectors, axis=0)
    scaled = np.nan_to_num((vectors - middle) / np.where(spread > 0, spread, 1))
    return (scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _speakers(
    prints: Sequence[VoicePrint], vectors: NDArray[np.float32], count: int | None, whiten: bool
) -> NDArray[np.float32]:
    """Unit vector of each speaker, (k, d)."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    # Short bits are poor witnesses of who there is; they are only told apart afterwards.
    duration = np.array([p.end - p.start for p in prints])
    clear = np.flatnonzero((duration >= min(1.0, float(np.median(duration)))) & (whiten | _pure(prints, vectors)))
    if len(clear) > CLUSTERED:
        clear = clear[np.linspace(0, len(clear) - 1, CLUSTERED).astype(int)]
    if len(clear) < 2 or count == 1:
        return _centres(vectors, np.zeros(len(vectors), int))
    if count is not None:
        # A tree cut to a given number spends it on a laugh or a cough; means share out all of the speech.
        return _centres(vectors[clear], _means(vectors[clear], min(count, len(clear))))
    tree = linkage(pdist(vectors[clear].astype(np.float64), "cosine"), "average")
    groups = _best_split(vectors[clear]) if whiten else fcluster(tree, 1 - SAME_VOICE, "distance") - 1
    groups = _without_rare(groups, vectors[clear], duration[clear])
    if not whiten and not groups.any():
        groups = _halved(vectors[clear], duration[clear])
    return _centres(vectors[clear], groups)


def _pure(prints: Sequence[VoicePrint], vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which bits lie between two of the same stretch that sound alike."""
    pure = np.ones(len(prints), bool)
    for i in range(1, len(prints) - 1):
        if prints[i - 1].stretch == prints[i + 1].stretch:
            pure[i] = float(vectors[i - 1] @ vectors[i + 1]) >= MIXED
    return pure


def _means(vectors: NDArray[np.float32], count: int) -> NDArray[np.integer]:
    """Groups around `count` means; the same ones at every run."""
    from sklearn.cluster import KMeans

    found: Any = KMeans(count, n_init=4, random_state=0)  # pyright: ignore[reportArgumentType]
    return found.fit_predict(vectors)


def _best_split(vectors: NDArray[np.float32]) -> NDArray[np.integer]:
    """Grouping of statistics into the 1 to 4 speakers that stand apart best; one unless two clearly differ."""
    from sklearn.metrics import silhouette_score

    best, score = np.zeros(len(vectors), np.int64), CLEARLY_TWO
    for k in range(2, min(5, len(vectors) - 1)):
        groups = _means(vectors, k)
        found = float(silhouette_score(vectors, groups, metric="cosine"))
        if found > score:
            best, score = groups, found
    return best


def _halved(vectors: NDArray[np.float32], duration: NDArray[np.float64]) -> NDArray[np.integer]:
    """One group split after all where its halves clearly differ: relatives, and voices out of one synthesiser."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist
    from sklearn.metrics import silhouette_score

    one = np.zeros(len(vectors), np.int64)
    if len(vectors) < 6:
        return one
    half = fcluster(linkage(pdist(vectors.astype(np.float64), "cosine"), "average"), 2, "maxclust") - 1
    if min(_seconds(duration[half == 0]), _seconds(duration[half == 1])) < 2 * LEAST_SPEECH_S:
        return one
    return half if silhouette_score(vectors, half, metric="cosine") >= TWO_VOICES else one


def _seconds(duration: NDArray[np.float64]) -> float:
    """Speech that bits stand for: they overlap, so each is worth a hop; a whole stretch when it is alone."""
    return float(np.where(duration >= WIDE_S - 1e-6, WIDE_HOP_S, duration).sum())


def _without_rare(
    groups: NDArray[np.integer], vectors: NDArray[np.float32], duration: NDArray[np.float64]
) -> NDArray[np.integer]:
    names, group = np.unique(groups, return_inverse=True)
    seconds = np.array([_seconds(duration[group == g]) for g in range(len(names))])
    kept = np.flatnonzero(seconds >= min(LEAST_SPEECH_S, seconds.max()))
    if len(kept) == len(names):
        return group
    centres = _centres(vectors, group)
    moved = kept[(centres @ centres[kept].T).argmax(axis=1)]
    return moved[group]


def _centres(vectors: NDArray[np.float32], groups: NDArray[np.integer]) -> NDArray[np.float32]:
    means = np.stack([vectors[groups == g].mean(axis=0) for g in np.unique(groups)])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)


def _sequence(prints: Sequence[VoicePrint], likeness: NDArray[np.float32]) -> NDArray[np.integer]:
    """Most plausible speaker of each print: like their voice, and not changing at every breath."""
    n, k = likeness.shape
    score = likeness[0].astype(np.float64)
    back = np.zeros((n, k), np.int64)
    for i in range(1, n):
        same = prints[i].stretch == prints[i - 1].stretch
        step = score[None, :] - (SWITCH_COST if same else SWITCH_COST_AT_PAUSE) * (1 - np.eye(k))
        back[i] = step.argmax(axis=1)
        score = step.max(axis=1) + likeness[i]
    label = np.zeros(n, np.int64)
    label[-1] = score.argmax()
    for i in range(n - 1, 0, -1):
        label[i - 1] = back[i, label[i]]
    return label


Span = tuple[float, float, int, float]


def _spans(
    prints: Sequence[VoicePrint],
    loudness: dict[Stretch, NDArray[np.float32]],
    label: NDArray[np.integer],
    likeness: NDArray[np.float32],
) -> list[Span]:
    """(start, end, speaker, confidence) of all speech, in time order."""
    inside: dict[Stretch, list[int]] = {}
    for i, p in enumerate(prints):
        inside.setdefault(p.stretch, []).append(i)
    spans: list[Span] = []
    orphans: list[Stretch] = []
    for stretch, power in loudness.items():
        members = inside.get(stretch)
        if not members:
            orphans.append(stretch)
            continue
        start, first = stretch.start, 0
        for k, a in enumerate(members):
            b = members[k + 1] if k + 1 < len(members) else None
            if b is not None and label[a] == label[b]:
                continue
            end = stretch.end
            if b is not None:
                rough = _change(prints, likeness, a, b, int(label[a]), int(label[b]))
                end = max(_quietest(power, rough - stretch.start) + stretch.start, start)
            group = members[first : k + 1]
            spans.append((start, end, int(label[a]), _confidence(likeness[group], int(label[a]))))
            start, first = end, k + 1
    return sorted([*spans, *_adopted(orphans, spans)])


def _quietest(power: NDArray[np.float32], time: float) -> float:
    """Time of the quietest instant near a change of speaker, s from the stretch's start."""
    first = max(int((time - QUIET_REACH_S) * _ENVELOPE_HZ), 0)
    near = power[first : int((time + QUIET_REACH_S) * _ENVELOPE_HZ) + 1]
    return (first + int(near.argmin())) / _ENVELOPE_HZ if len(near) else time


def _change(
    prints: Sequence[VoicePrint], likeness: NDArray[np.float32], a: int, b: int, before: int, after: int
) -> float:
    """About when one speaker gives way to another between two prints: where the likeness to both is equal."""
    lead_a = float(likeness[a, before] - likeness[a, after])
    lead_b = float(likeness[b, after] - likeness[b, before])
    total = lead_a + lead_b
    share = float(np.clip(lead_a / total, 0.0, 1.0)) if total > 0 else 0.5
    return prints[a].middle + share * (prints[b].middle - prints[a].middle)


def _confidence(likeness: NDArray[np.float32], speaker: int) -> float:
    """Lead over the next speaker, brought to 0…1 (1: no other voice is near)."""
    mean = likeness.mean(axis=0)
    others = np.delete(mean, speaker)
    if not len(others):
        return 1.0
    return float(np.clip(0.5 + 2.0 * (mean[speaker] - others.max()), 0.0, 1.0))


def _adopted(orphans: Sequence[Stretch], spans: Sequence[Span]) -> list[Span]:
    """Stretches too short for a print go to whoever speaks nearest."""
    if not spans:
        return []
    adopted: list[Span] = []
    for stretch in orphans:
        nearest = min(spans, key=lambda span: max(span[0] - stretch.end, stretch.start - span[1]))
        adopted.append((stretch.start, stretch.end, nearest[2], 0.0))
    return adopted


def _turns(spans: Sequence[Span]) -> list[Turn]:
    turns: list[Turn] = []
    spoken: list[float] = []
    sure: list[float] = []
    for start, end, speaker, confidence in spans:
        last = turns[-1] if turns else None
        if last and last.speaker == speaker and start - last.end < TURN_PAUSE_S:
            turns[-1] = replace(last, end=end)
            spoken[-1] += end - start
            sure[-1] += confidence * (end - start)
        else:
            turns.append(Turn(start, end, speaker, 0.0))
            spoken.append(end - start)
            sure.append(confidence * (end - start))
    return [
        replace(t, confidence=c / max(s, 1e-9), coverage=min(1.0, s / max(t.end - t.start, 1e-9)))
        for t, s, c in zip(turns, spoken, sure, strict=True)
    ]


def speaker_at(turns: Sequence[Turn], start: float, end: float) -> int:
    """Speaker of the turn that overlaps [start, end) most; -1 when none does."""
    best, most = -1, 0.0
    for turn in turns:
        overlap = min(end, turn.end) - max(start, turn.start)
        if overlap > most:
            best, most = turn.speaker, overlap
    return best
