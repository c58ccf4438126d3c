"""Chains whose crops are known beforehand: found at key frames, and looked at in between all at once.

Following from frame to frame is one look after another, each at the crop that the one before asked for. A GPU wants
many at a time. Here a chunk is searched at key frames a quarter of a second apart, sightings of one thing are linked,
and the crop windows between two of them are interpolated, so that all looks at a chunk are a few batches, over frames
and people alike. A second look is taken where the landmarks ask for another crop than the window.

Where two come so close that it is not certain whose landmarks are whose, the chunk is followed frame by frame as on a
CPU; where a thing comes or goes between key frames, its first and last frames are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from bitflow.extractors.landmarks.roi import Roi
from bitflow.extractors.tracking.chain import (
    Chain,
    FollowedChunk,
    Follower,
    Observation,
    Rules,
    extend_back,
    extend_on,
    follow_chunk,
    is_settled,
    plausible,
)

if TYPE_CHECKING:
    from bitflow.media import Frame

#: Key frames lie at most this many seconds apart, whatever the rate: faces move by a fraction of their size in it.
_SPACING_S = 0.25
#: A window is looked at again as the landmarks ask for from this part of its side, factor of its size, and angle on.
_SHIFT, _GROWTH, _TURN = 0.08, 1.15, math.radians(10.0)

#: A crop that was looked at, and what was seen in it.
Sighting = tuple[Roi, Observation]


@dataclass(eq=False)
class _Thread:
    """One thing at consecutive key frames of a chunk."""

    sightings: dict[int, Sighting]

    @property
    def first(self) -> int:
        return min(self.sightings)

    @property
    def last(self) -> int:
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


def follow_windows(
    frames: Sequence[Frame], follower: Follower, rules: Rules, expected: Sequence[int] | None = None
) -> FollowedChunk:
    """The chains of a chunk, as `chain.follow_chunk` finds them, in a few batches of looks.

    `expected` says at which frames it is worth while to search, where something else tells.
    """
    keys = key_frames(frames, rules.look_every)
    found = _search(frames, keys, follower, rules, expected)
    threads = _linked(frames, keys, found, follower, rules)
    chains = None if threads is None else _looked_at(frames, threads, follower, rules)
    if chains is None or _entangled(chains, len(frames), rules):
        return follow_chunk(frames, follower, rules, expected)
    for chain in sorted(chains, key=lambda chain: chain.start):
        if len(chain):
            extend_on(chain, chains, frames, follower, rules)
            extend_back(chain, chains, frames, follower, rules)
    most = max(keys, key=lambda t: len(found[t]))
    return FollowedChunk(frames, [chain for chain in chains if len(chain)], len(found[most]), frames[most].time)


def key_frames(frames: Sequence[Frame], look_every: int) -> list[int]:
    """Numbers of the frames that are searched: the first, the last, and some between."""
    count = len(frames)
    if count == 1:
        return [0]
    spacing = (frames[-1].time - frames[0].time) / (count - 1)
    step = min(max(int(_SPACING_S / max(spacing, 1e-6)), 1), look_every)
    return [*range(0, count - 1, step), count - 1]


def between(a: Roi, b: Roi, share: float) -> Roi:
    """A crop on the way from one to the other: centre, logarithm of the size and angle go evenly."""
    turn = (b[3] - a[3] + math.pi) % (2.0 * math.pi) - math.pi
    side = a[2] * (b[2] / a[2]) ** share if min(a[2], b[2]) > 0 else b[2]
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), side, a[3] + share * turn)


def _search(
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
        for i, seen in zip(open_, _look_all(frames, looks, follower, rules), strict=True):
            if seen.presence < rules.min_presence:
                continue
            if is_settled(rois[i], seen) or again == rules.settle - 1:
                results[i] = (rois[i], seen)
            else:
                rois[i] = seen.roi
                unsettled.append(i)
        open_ = unsettled
    return results


def _look_all(
    frames: Sequence[Frame],
    looks: Sequence[tuple[int, Roi, Sequence[Roi]]],
    follower: Follower,
    rules: Rules,
) -> Sequence[Observation]:
    """Observations of crops in frames, others near by hidden where that is the rule."""
    return follower.follow_all([(rules.seen_alone(frames[t], roi, others), roi) for t, roi, others in looks])


def _linked(
    frames: Sequence[Frame],
    keys: Sequence[int],
    found: dict[int, list[Sighting]],
    follower: Follower,
    rules: Rules,
) -> list[_Thread] | None:
    """Sightings of one thing over the key frames; None where it is not certain which are one thing's."""
    threads = [_Thread({keys[0]: sighting}) for sighting in found[keys[0]][: rules.max_tracks]]
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
                threads.append(_Thread({t: sighting}))
                places.append(place)
    _look_back(frames, keys, threads, follower, rules)
    return threads


def _pairs(
    live: Sequence[_Thread], before: int, sightings: Sequence[Sighting], rules: Rules
) -> list[tuple[_Thread, int]] | None:
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
    frames: Sequence[Frame], before: int, t: int, live: Sequence[_Thread], follower: Follower, rules: Rules
) -> None:
    """Look at a key frame for those that no detector saw there, at the place where they were."""
    missing = [thread for thread in live if t not in thread.sightings]
    for thread, roi, seen in _looks(frames, before, t, missing, live, follower, rules):
        places = [other.place(t) for other in live if t in other.sightings]
        if all(rules.overlap(seen.roi, place) <= rules.same for place in places):
            thread.sightings[t] = (roi, seen)


def _look_back(
    frames: Sequence[Frame], keys: Sequence[int], threads: list[_Thread], follower: Follower, rules: Rules
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
    missing: Sequence[_Thread],
    others: Sequence[_Thread],
    follower: Follower,
    rules: Rules,
) -> list[tuple[_Thread, Roi, Observation]]:
    """What is seen in frame `t` of things at the places that they have at a neighbouring key frame."""
    looks = []
    for thread in missing:
        near = [other.place(t if t in other.sightings else key) for other in others if other is not thread]
        looks.append((t, thread.place(key), near))
    kept = []
    for thread, (_, roi, _), seen in zip(missing, looks, _look_all(frames, looks, follower, rules), strict=True):
        there = seen.presence >= rules.min_presence and plausible(roi, seen.roi, rules)
        if there and follower.alike(thread.sightings[key][1].values, seen.values):
            kept.append((thread, roi, seen))
    return kept


def _looked_at(frames: Sequence[Frame], threads: Sequence[_Thread], follower: Follower, rules: Rules) -> list[Chain]:
    """The chains of linked sightings: all windows between them in one batch, and those to look at again in another."""
    looks = []
    for thread in threads:
        for t in range(thread.first + 1, thread.last):
            if t not in thread.sightings:
                near = [o.window(t) for o in threads if o is not thread and o.first <= t <= o.last]
                looks.append((thread, (t, thread.window(t), near)))
    seen = list(_look_all(frames, [look for _, look in looks], follower, rules))
    rois = [roi for _, (_, roi, _) in looks]
    again = [i for i, one in enumerate(seen) if one.presence >= rules.min_presence and _drifted(rois[i], one.roi)]
    for i, one in zip(
        again,
        _look_all(frames, [(looks[i][1][0], seen[i].roi, looks[i][1][2]) for i in again], follower, rules),
        strict=True,
    ):
        if one.presence >= rules.min_presence:
            rois[i], seen[i] = seen[i].roi, one
    looked = {thread: dict(thread.sightings) for thread in threads}
    for (thread, (t, _, _)), roi, one in zip(looks, rois, seen, strict=True):
        looked[thread][t] = (roi, one)
    return [chain for thread in threads for chain in _pieces(looked[thread], follower, rules)]


def _drifted(window: Roi, place: Roi) -> bool:
    """Whether landmarks ask for a crop that is not the window that they were seen in."""
    shift = math.hypot(place[0] - window[0], place[1] - window[1])
    growth = max(place[2], window[2]) / max(min(place[2], window[2]), 1e-6)
    turn = abs((place[3] - window[3] + math.pi) % (2.0 * math.pi) - math.pi)
    return shift > _SHIFT * window[2] or growth > _GROWTH or turn > _TURN


def _pieces(sightings: dict[int, Sighting], follower: Follower, rules: Rules) -> list[Chain]:
    """Chains of consecutive frames in which one thing is there; a cut or a gap begins a new one."""
    pieces: list[Chain] = []
    for t in sorted(sightings):
        roi, seen = sightings[t]
        if seen.presence < rules.min_presence or not plausible(roi, seen.roi, rules):
            continue
        last = pieces[-1] if pieces else None
        goes_on = (
            last is not None
            and last.stop == t
            and plausible(last.places[-1], seen.roi, rules)
            and follower.alike(last.values[-1], seen.values)
        )
        if last is None or not goes_on:
            last = Chain(t)
            pieces.append(last)
        last.append(roi, seen)
    return pieces


def _entangled(chains: Sequence[Chain], count: int, rules: Rules) -> bool:
    """Whether two chains come so close in some frame that their landmarks may be the other's."""
    for t in range(count):
        places = [chain.place(t) for chain in chains if chain.covers(t)]
        if any(rules.overlap(a, b) > rules.near for a, b in combinations(places, 2)):
            return True
    return False
