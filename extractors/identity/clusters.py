"""Tracks joined to persons by what they look like, never two of a kind that were seen at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bitflow.extractors.identity.sightings import LOST_S, Sighting, continues, together

#: Two tracks that share more frames than this, or than this part of the shorter, are two persons; fewer are left of
#: a track lost and found again.
SHARED_FRAMES = 2
SHARED_PART = 0.2

#: Samples that stand for a group; more change its middle no more.
SAMPLES = 64

#: Tracks that belong to one person.
Group = list[Sighting]


#: A track, by what tells it from others: its kind and number.
Key = tuple[str, int]


@dataclass(frozen=True)
class Likeness:
    """How the looks of tracks of one kind are compared.

    `middle` makes one description ``(D,)`` of samples ``(n, D)``; `distances` tells how far one is from others
    ``(m, D)``, NaN where that is not known. Below `same` they show one person, above `different` two. Between them the
    tracks are joined only when one also begins where the other was lost.
    """

    distances: Callable[[np.ndarray, np.ndarray], np.ndarray]
    middle: Callable[[np.ndarray], np.ndarray]
    same: float
    different: float

    @property
    def limit(self) -> float:
        """As likely one person as two."""
        return (self.same + self.different) / 2

    def looks_of(self, group: Iterable[Sighting]) -> np.ndarray | None:
        """The description of a group of tracks; None when their looks are not known."""
        pooled = _pooled(group)
        return self.middle(pooled) if len(pooled) else None

    def doubt(self, distance: np.ndarray) -> np.ndarray:
        """0 where the looks are the same, 1 where they are as likely another's, above 1 where they differ."""
        return np.maximum(0.0, distance - self.same) / (self.limit - self.same)


#: Likeness by kind of track, the most telling kind first.
Looks = Mapping[str, Likeness]


def cluster(groups: Sequence[Group], looks: Looks, excluded: Iterable[tuple[Key, Key]] = ()) -> list[Group]:
    """Groups of tracks that show one person.

    Parameters
    ----------
    groups
        Tracks that are known to belong together; one each to begin with.
    excluded
        Pairs of tracks that are known to be two persons; two tracks of one kind seen at once are so in any case.

    Returns
    -------
    list
        The groups, joined from the most alike on. What is not decisive by looks is joined when one track begins where
        the other was lost.
    """
    pairs = _Pairs(groups, looks, excluded)
    while (pair := pairs.nearest()) is not None:
        pairs.join(*pair)
    return [group for group in pairs.groups if group]


class _Pairs:
    """What is known of every pair of groups. A film with a cut every few seconds has thousands of tracks, so that
    everything is kept by row, and joining two groups costs a row.
    """

    def __init__(self, groups: Sequence[Group], looks: Looks, excluded: Iterable[tuple[Key, Key]]):
        self.groups: list[Group] = [list(group) for group in groups]
        self._looks = looks
        count = len(self.groups)
        home = {(one.kind, one.track): at for at, group in enumerate(self.groups) for one in group}
        sightings = [one for group in self.groups for one in group]
        self._two = np.zeros((count, count), bool)
        self._adjoining = np.zeros((count, count), bool)
        np.fill_diagonal(self._two, True)
        apart = [*excluded, *((_key(a), _key(b)) for a, b in _overlapping(sightings) if _seen_at_once(a, b))]
        met = [(_key(a), _key(b)) for a, b in _following(sightings) if a.kind in looks]
        for found, pairs in ((self._two, apart), (self._adjoining, met)):
            for first, second in pairs:
                a, b = home[first], home[second]
                found[a, b] = found[b, a] = True
        self._middles = {
            kind: _stacked([likeness.looks_of(_of_kind(group, kind)) for group in self.groups])
            for kind, likeness in looks.items()
        }
        self._costs = np.full((count, count), np.inf)
        for at in range(count):
            self._costs[at] = self._doubts(at)
        self._least = self._costs.min(axis=1, initial=np.inf)
        self._at = self._costs.argmin(axis=1) if count else np.empty(0, int)

    def nearest(self) -> tuple[int, int] | None:
        """The pair to be joined next; None when nobody is anybody else."""
        if not len(self._least) or not np.isfinite(self._least.min()):
            return None
        first = int(self._least.argmin())
        second = int(self._costs[first].argmin())
        return min(first, second), max(first, second)

    def join(self, kept: int, gone: int) -> None:
        """Make one group of two."""
        self.groups[kept] = sorted(self.groups[kept] + self.groups[gone], key=lambda sighting: sighting.start)
        self.groups[gone] = []
        for known in (self._two, self._adjoining):
            known[kept] |= known[gone]
            known[:, kept] = known[kept]
        self._two[gone] = self._two[:, gone] = True
        for kind, likeness in self._looks.items():
            looks = likeness.looks_of(_of_kind(self.groups[kept], kind))
            self._middles[kind][kept] = np.nan if looks is None else looks
        self._costs[gone] = self._costs[:, gone] = np.inf
        self._costs[kept] = self._costs[:, kept] = self._doubts(kept)
        self._look_again(kept, gone)

    def _look_again(self, kept: int, gone: int) -> None:
        """Bring each row's least up to date: only a row whose least has grown is searched anew."""
        new = self._costs[:, kept]
        grown = np.isin(self._at, (kept, gone)) & (new > self._least)
        grown[[kept, gone]] = True
        fell = ~grown & ((new < self._least) | (self._at == gone))
        self._least[fell], self._at[fell] = new[fell], kept
        self._least[grown] = self._costs[grown].min(axis=1)
        self._at[grown] = self._costs[grown].argmin(axis=1)

    def _doubts(self, at: int) -> np.ndarray:
        """Doubt ``(groups,)`` that a group and each other are one person; infinite where they should not be joined."""
        adjoining = self._adjoining[at]
        doubts = np.where(adjoining, 1.0, np.inf)
        open_ = ~self._two[at]
        doubts[~open_] = np.inf
        for kind, likeness in self._looks.items():
            middles, others = self._middles[kind], np.flatnonzero(open_)
            if not middles.size or not len(others):
                continue
            distances = likeness.distances(middles[at], middles[others])
            told = np.isfinite(distances)
            where, distances = others[told], distances[told]
            limits = np.where(adjoining[where], likeness.different, likeness.limit)
            doubts[where] = np.where(distances <= limits, likeness.doubt(distances), np.inf)
            open_[where] = False
        return doubts


def confidence(sighting: Sighting, group: Group, looks: Looks) -> float:
    """How clearly a track looks like the rest of its group.

    1 when it does or is alone of its kind, 0.5 when it is as likely another's or cannot be compared, towards 0 beyond.
    """
    others = [other for other in group if other is not sighting and other.kind == sighting.kind]
    if not others:
        return 1.0
    likeness = looks[sighting.kind]
    mine, theirs = likeness.looks_of([sighting]), likeness.looks_of(others)
    if mine is None or theirs is None:
        return 0.5
    distance = likeness.distances(mine, theirs[None])
    return float(np.clip(1.0 - likeness.doubt(distance) / 2, 0.0, 1.0)[0]) if np.isfinite(distance[0]) else 0.5


def _stacked(looks: Sequence[np.ndarray | None]) -> np.ndarray:
    """Descriptions as rows ``(n, D)``, NaN where there is none: as far from everything as is not known."""
    length = next((len(one) for one in looks if one is not None), 0)
    rows = np.full((len(looks), length), np.nan)
    for at, one in enumerate(looks):
        if one is not None:
            rows[at] = one
    return rows


def _key(sighting: Sighting) -> Key:
    return sighting.kind, sighting.track


def _of_kind(group: Group, kind: str) -> Group:
    return [one for one in group if one.kind == kind]


def _overlapping(sightings: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    """Pairs of one kind of which each begins before the other ends."""
    under_way: list[Sighting] = []
    for one in sorted(sightings, key=lambda sighting: sighting.frames[0]):
        under_way = [other for other in under_way if other.frames[-1] >= one.frames[0]]
        yield from ((other, one) for other in under_way if other.kind == one.kind)
        under_way.append(one)


def _following(sightings: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    """Pairs of one kind of which the second begins where the first was lost."""
    in_order = sorted(sightings, key=lambda sighting: sighting.start)
    starts = np.array([one.start for one in in_order])
    for one in in_order:
        for at in range(int(np.searchsorted(starts, one.end)), len(in_order)):
            other = in_order[at]
            if other.start - one.end > LOST_S:
                break
            if other.kind == one.kind and other is not one and continues(one, other):
                yield one, other


def _seen_at_once(a: Sighting, b: Sighting) -> bool:
    shared = len(together(a, b)[0])
    return shared > min(SHARED_FRAMES, SHARED_PART * min(len(a.frames), len(b.frames)))


def _pooled(group: Iterable[Sighting]) -> np.ndarray:
    looks = [sighting.looks for sighting in group if len(sighting.looks)]
    pooled = np.concatenate(looks) if looks else np.empty((0, 0))
    return pooled[:: -(-len(pooled) // SAMPLES) or 1]
