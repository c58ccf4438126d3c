"""Tracks joined to persons by what they look like, never two that were seen at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bitflow.extractors.identity.sightings import Sighting, continues, seen_together

#: Two tracks that share more frames than this, or than this part of the shorter, are two persons; fewer are left of
#: a track lost and found again.
SHARED_FRAMES = 2
SHARED_PART = 0.2

#: Samples that stand for a group; more change its middle no more.
SAMPLES = 64


@dataclass(frozen=True)
class Likeness:
    """How the looks of tracks are compared.

    `distance` takes two sets of samples ``(n, D)``; below `same` they show one person, above `different` two. Between
    them the tracks are joined only when one also begins where the other was lost.
    """

    distance: Callable[[np.ndarray, np.ndarray], float]
    same: float
    different: float

    @property
    def middle(self) -> float:
        """As likely one person as two."""
        return (self.same + self.different) / 2

    def between(self, first: Sequence[Sighting], second: Sequence[Sighting]) -> float:
        """Distance of two groups of tracks; NaN when the looks of one are not known."""
        looks = [_pooled(group) for group in (first, second)]
        return self.distance(*looks) if all(map(len, looks)) else float("nan")

    def confidence(self, distance: float) -> float:
        """1 from `same` down, 0 from `different` up; 0.5 when the looks cannot be compared."""
        if not np.isfinite(distance):
            return 0.5
        return float(np.clip((self.different - distance) / (self.different - self.same), 0.0, 1.0))


def cluster(sightings: Sequence[Sighting], likeness: Likeness) -> list[list[Sighting]]:
    """Groups of tracks that show one person.

    Pairs are joined from the most alike on, and no group holds two tracks seen at once. Tracks whose looks are not
    decisive are joined when one begins where the other was lost.
    """
    groups: list[list[Sighting]] = [[sighting] for sighting in sightings]
    count = len(groups)
    costs = np.full((count, count), np.inf)
    for a in range(count):
        for b in range(a + 1, count):
            costs[a, b] = costs[b, a] = _cost(groups[a], groups[b], likeness)
    while count and np.isfinite(costs.min()):
        kept, gone = sorted(map(int, np.unravel_index(np.argmin(costs), costs.shape)))
        groups[kept] = sorted(groups[kept] + groups[gone], key=lambda sighting: sighting.start)
        groups[gone] = []
        costs[gone] = costs[:, gone] = np.inf
        for other in range(count):
            if other != kept and groups[other]:
                costs[kept, other] = costs[other, kept] = _cost(groups[kept], groups[other], likeness)
    return [group for group in groups if group]


def confidences(group: Sequence[Sighting], likeness: Likeness) -> dict[int, float]:
    """By track: how clearly it looks like the rest of its group; 1 for one that is alone."""
    return {
        sighting.track: 1.0
        if len(group) == 1
        else likeness.confidence(likeness.between([sighting], [other for other in group if other is not sighting]))
        for sighting in group
    }


def _cost(first: Sequence[Sighting], second: Sequence[Sighting], likeness: Likeness) -> float:
    """Distance of two groups; infinite when they cannot or should not be joined."""
    if any(_are_two(a, b) for a in first for b in second):
        return np.inf
    distance = likeness.between(first, second)
    adjoining = any(continues(a, b) or continues(b, a) for a in first for b in second)
    if not np.isfinite(distance):
        return likeness.middle if adjoining else np.inf
    return distance if distance <= (likeness.different if adjoining else likeness.middle) else np.inf


def _are_two(a: Sighting, b: Sighting) -> bool:
    return seen_together(a, b) > min(SHARED_FRAMES, SHARED_PART * min(len(a.frames), len(b.frames)))


def _pooled(group: Sequence[Sighting]) -> np.ndarray:
    looks = [sighting.looks for sighting in group if len(sighting.looks)]
    pooled = np.concatenate(looks) if looks else np.empty((0, 0))
    return pooled[:: -(-len(pooled) // SAMPLES) or 1]
