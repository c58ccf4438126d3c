"""Tracks joined to persons by what they look like, never two of a kind that were seen at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bitflow.extractors.identity.sightings import Sighting, continues, together

#: Two tracks that share more frames than this, or than this part of the shorter, are two persons; fewer are left of
#: a track lost and found again.
SHARED_FRAMES = 2
SHARED_PART = 0.2

#: Samples that stand for a group; more change its middle no more.
SAMPLES = 64

#: Tracks that belong to one person.
Group = list[Sighting]


@dataclass(frozen=True)
class Likeness:
    """How the looks of tracks of one kind are compared.

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

    def doubt(self, distance: float) -> float:
        """0 where the looks are the same, 1 where they are as likely another's, above 1 where they differ."""
        return max(0.0, distance - self.same) / (self.middle - self.same)


#: Likeness by kind of track, the most telling kind first.
Looks = Mapping[str, Likeness]


def cluster(
    groups: Sequence[Group], looks: Looks, excluded: Callable[[Group, Group], bool] = lambda first, second: False
) -> list[Group]:
    """Groups of tracks that show one person.

    Parameters
    ----------
    groups
        Tracks that are known to belong together; one each to begin with.
    excluded
        Whether two groups are known to be two persons; two tracks of one kind seen at once are so in any case.

    Returns
    -------
    list
        The groups, joined from the most alike on. What is not decisive by looks is joined when one track begins where
        the other was lost.
    """
    joined: list[Group] = [list(group) for group in groups]
    count = len(joined)
    costs = np.full((count, count), np.inf)

    def cost(first: int, second: int) -> float:
        a, b = joined[first], joined[second]
        return np.inf if _are_two(a, b) or excluded(a, b) else _doubt(a, b, looks)

    for a in range(count):
        for b in range(a + 1, count):
            costs[a, b] = costs[b, a] = cost(a, b)
    while count and np.isfinite(costs.min()):
        kept, gone = sorted(map(int, np.unravel_index(np.argmin(costs), costs.shape)))
        joined[kept] = sorted(joined[kept] + joined[gone], key=lambda sighting: sighting.start)
        joined[gone] = []
        costs[gone] = costs[:, gone] = np.inf
        for other in range(count):
            if other != kept and joined[other]:
                costs[kept, other] = costs[other, kept] = cost(kept, other)
    return [group for group in joined if group]


def confidence(sighting: Sighting, group: Group, looks: Looks) -> float:
    """How clearly a track looks like the rest of its group.

    1 when it does or is alone of its kind, 0.5 when it is as likely another's or cannot be compared, towards 0 beyond.
    """
    others = [other for other in group if other is not sighting and other.kind == sighting.kind]
    if not others:
        return 1.0
    distance = looks[sighting.kind].between([sighting], others)
    return float(np.clip(1.0 - looks[sighting.kind].doubt(distance) / 2, 0.0, 1.0)) if np.isfinite(distance) else 0.5


def _doubt(first: Group, second: Group, looks: Looks) -> float:
    """Doubt that two groups are one person; infinite when they should not be joined."""
    adjoining = any(
        continues(a, b) or continues(b, a) for a in first for b in second if a.kind == b.kind and a.kind in looks
    )
    for kind, likeness in looks.items():
        mine, theirs = ([one for one in group if one.kind == kind] for group in (first, second))
        distance = likeness.between(mine, theirs)
        if np.isfinite(distance):
            limit = likeness.different if adjoining else likeness.middle
            return likeness.doubt(distance) if distance <= limit else np.inf
    return 1.0 if adjoining else np.inf


def _are_two(first: Group, second: Group) -> bool:
    return any(_seen_at_once(a, b) for a in first for b in second if a.kind == b.kind)


def _seen_at_once(a: Sighting, b: Sighting) -> bool:
    shared = len(together(a, b)[0])
    return shared > min(SHARED_FRAMES, SHARED_PART * min(len(a.frames), len(b.frames)))


def _pooled(group: Sequence[Sighting]) -> np.ndarray:
    looks = [sighting.looks for sighting in group if len(sighting.looks)]
    pooled = np.concatenate(looks) if looks else np.empty((0, 0))
    return pooled[:: -(-len(pooled) // SAMPLES) or 1]
