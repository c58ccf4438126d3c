"""Things at the key frames of a chunk: what detectors see there, and which sightings are of one thing.

Key frames lie a quarter of a second apart at most. Between two of them a thing moves by a part of its own size, so that
its sightings share much of their crops; where that leaves a choice, nothing is linked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from bitflow.extractors.landmarks.roi import Roi, between
from bitflow.extractors.tracking.chain import Follower, Observation, Rules, is_settled, plausible

if TYPE_CHECKING:
    from bitflow.media import Frame

#: Key frames lie at most this many seconds apart, whatever the rate.
_SPACING_S = 0.25

#: A crop that was looked at, and what was seen in it.
Sighting = tuple[Roi, Observation]


@dataclass(eq=False)
class Thread:
    """One thing at consecutive key frames of a chunk."""

    sightings: dict[int, Sighting]

    @property
    def first(self) -> int:
        """The first key frame in which it is there."""
        return min(self.sightings)

    @property
    def last(self) -> int:
        """The last one."""
        return max(self.sightings)

    def place(self, key: int) -> Roi:
        """The crop that its landmarks ask for at a key frame."""
        return self.sightings[key][1].roi

    def window(self, t: int) -> Roi:
        """The crop to look at in any frame between its first and last."""
        if t in self.sightings:
            return self.place(t)
        before = max(key for key in self.sightings if key < t)
        after = min(key for key in self.sightings if key > t)
        return between(self.place(before), self.place(after), (t - before) / (after - before))


def key_frames(frames: Sequence[Frame], look_every: int) -> list[int]:
    """Numbers of the frames that are searched: the first, the last, and some between."""
    count = len(frames)
    if count == 1:
        return [0]
    spacing = (frames[-1].time - frames[0].time) / (count - 1)
    step = min(max(int(_SPACING_S / max(spacing, 1e-6)), 1), look_every)
    return [*range(0, count - 1, step), count - 1]


def search(
    frames: Sequence[Frame], keys: Sequence[int], follower: Follower, rules: Rules, expected: Sequence[int] | None
) -> dict[int, list[Sighting]]:
    """What detectors see at the key frames, each thing once, looked at until its crop is its own."""
    asked = [t for t in keys if expected is None or expected[t] > 0]
    seeds = follower.detect_all([frames[t] for t in asked])
    starts = [
        (t, seed.roi, [other.roi for other in several if other is not seed])
        for t, several in zip(asked, seeds, strict=True)
        for seed in several
    ]
    found: dict[int, list[Sighting]] = {t: [] for t in keys}
    for (t, roi, _), sighting in zip(starts, _settled(frames, starts, follower, rules), strict=True):
        if sighting is None:
            continue
        places = [seen.roi for _, seen in found[t]]
        twin = any(
            rules.overlap(roi, place) > rules.near or rules.overlap(sighting[1].roi, place) > rules.same
            for place in places
        )
        if not twin:
            found[t].append(sighting)
    return found


def _settled(
    frames: Sequence[Frame], starts: Sequence[tuple[int, Roi, Sequence[Roi]]], follower: Follower, rules: Rules
) -> list[Sighting | None]:
    """As `chain.settle`, of many at once."""
    results: list[Sighting | None] = [None] * len(starts)
    rois = [roi for _, roi, _ in starts]
    open_ = list(range(len(starts)))
    for again in range(rules.settle):
        looks = [(starts[i][0], rois[i], starts[i][2]) for i in open_]
        unsettled = []
        for i, seen in zip(open_, look_all(frames, looks, follower, rules), strict=True):
            if seen.presence < rules.min_presence:
                continue
            if is_settled(rois[i], seen) or again == rules.settle - 1:
                results[i] = (rois[i], seen)
            else:
                rois[i] = seen.roi
                unsettled.append(i)
        open_ = unsettled
    return results


def look_all(
    frames: Sequence[Frame],
    looks: Sequence[tuple[int, Roi, Sequence[Roi]]],
    follower: Follower,
    rules: Rules,
) -> Sequence[Observation]:
    """Observations of crops in frames, others near by hidden where that is the rule."""
    return follower.follow_all([(rules.seen_alone(frames[t], roi, others), roi) for t, roi, others in looks])


def linked(
    frames: Sequence[Frame],
    keys: Sequence[int],
    found: dict[int, list[Sighting]],
    follower: Follower,
    rules: Rules,
) -> list[Thread] | None:
    """Sightings of one thing over the key frames; None where it is not certain which are one thing's."""
    threads = [Thread({keys[0]: sighting}) for sighting in found[keys[0]][: rules.max_tracks]]
    for before, t in pairwise(keys):
        live = [thread for thread in threads if thread.last == before]
        pairs = _pairs(live, before, found[t], rules)
        if pairs is None:
            return None
        taken: set[int] = set()
        for thread, number in pairs:
            sighting = found[t][number]
            if t in thread.sightings or number in taken:
                continue
            if follower.alike(thread.sightings[before][1].values, sighting[1].values):
                thread.sightings[t] = sighting
                taken.add(number)
        _look_on(frames, before, t, live, follower, rules)
        places = [thread.place(t) for thread in live if t in thread.sightings]
        for number, sighting in enumerate(found[t]):
            place = sighting[1].roi
            if number in taken or len(places) >= rules.max_tracks:
                continue
            if all(rules.overlap(place, other) <= rules.near for other in places):
                threads.append(Thread({t: sighting}))
                places.append(place)
    _look_back(frames, keys, threads, follower, rules)
    return threads


def _pairs(
    live: Sequence[Thread], before: int, sightings: Sequence[Sighting], rules: Rules
) -> list[tuple[Thread, int]] | None:
    """Threads and the sightings that may continue them, the surest first; None where two would do as well."""
    pairs = []
    for i, thread in enumerate(live):
        for j, (_, seen) in enumerate(sightings):
            shared = rules.overlap(thread.place(before), seen.roi)
            if shared > rules.link:
                pairs.append((shared, i, j))
    for shared, i, j in pairs:
        rivals = [other for other, k, m in pairs if (k == i) != (m == j)]
        if rivals and max(rivals) > max(0.8 * shared, rules.near):
            return None
    return [(live[i], j) for _, i, j in sorted(pairs, key=lambda pair: -pair[0])]


def _look_on(
    frames: Sequence[Frame], before: int, t: int, live: Sequence[Thread], follower: Follower, rules: Rules
) -> None:
    """Look at a key frame for those that no detector saw there, at the place where they were."""
    missing = [thread for thread in live if t not in thread.sightings]
    for thread, roi, seen in _looks(frames, before, t, missing, live, follower, rules):
        places = [other.place(t) for other in live if t in other.sightings]
        if all(rules.overlap(seen.roi, place) <= rules.same for place in places):
            thread.sightings[t] = (roi, seen)


def _look_back(
    frames: Sequence[Frame], keys: Sequence[int], threads: list[Thread], follower: Follower, rules: Rules
) -> None:
    """Look at earlier key frames for those that were found late; join them to a lost one that they meet."""
    for t, after in reversed(list(pairwise(keys))):
        there = [thread for thread in threads if t in thread.sightings]
        late = [thread for thread in threads if thread.first == after]
        for thread, roi, seen in _looks(frames, after, t, late, there, follower, rules):
            met = [other for other in there if rules.overlap(seen.roi, other.place(t)) > rules.same]
            if not met and len(there) < rules.max_tracks:
                thread.sightings[t] = (roi, seen)
                there.append(thread)
            elif len(met) == 1 and met[0].last == t:
                met[0].sightings.update(thread.sightings)
                threads.remove(thread)


def _looks(
    frames: Sequence[Frame],
    key: int,
    t: int,
    missing: Sequence[Thread],
    others: Sequence[Thread],
    follower: Follower,
    rules: Rules,
) -> list[tuple[Thread, Roi, Observation]]:
    """What is seen in frame `t` of things at the places that they have at a neighbouring key frame."""
    looks = []
    for thread in missing:
        near = [other.place(t if t in other.sightings else key) for other in others if other is not thread]
        looks.append((t, thread.place(key), near))
    kept = []
    for thread, (_, roi, _), seen in zip(missing, looks, look_all(frames, looks, follower, rules), strict=True):
        there = seen.presence >= rules.min_presence and plausible(roi, seen.roi, rules)
        if there and follower.alike(thread.sightings[key][1].values, seen.values):
            kept.append((thread, roi, seen))
    return kept
