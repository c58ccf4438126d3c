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
from itertools import combinations
from typing import TYPE_CHECKING

from bitflow.extractors.landmarks.roi import Roi
from bitflow.extractors.tracking.chain import (
    Chain,
    FollowedChunk,
    Follower,
    Rules,
    extend_back,
    extend_on,
    follow_chunk,
    plausible,
)
from bitflow.extractors.tracking.keyframes import Sighting, Thread, key_frames, linked, look_all, search

if TYPE_CHECKING:
    from bitflow.media import Frame

#: A window is looked at again as the landmarks ask for from this part of its side, factor of its size, and angle on.
_SHIFT, _GROWTH, _TURN = 0.08, 1.15, math.radians(10.0)


def follow_windows(
    frames: Sequence[Frame], follower: Follower, rules: Rules, expected: Sequence[int] | None = None
) -> FollowedChunk:
    """The chains of a chunk, as `chain.follow_chunk` finds them, in a few batches of looks.

    `expected` says at which frames it is worth while to search, where something else tells.
    """
    keys = key_frames(frames, rules.look_every)
    found = search(frames, keys, follower, rules, expected)
    threads = linked(frames, keys, found, follower, rules)
    chains = None if threads is None else _looked_at(frames, threads, follower, rules)
    if chains is None or _entangled(chains, len(frames), rules):
        return follow_chunk(frames, follower, rules, expected)
    for chain in sorted(chains, key=lambda chain: chain.start):
        if len(chain):
            extend_on(chain, chains, frames, follower, rules)
            extend_back(chain, chains, frames, follower, rules)
    most = max(keys, key=lambda t: len(found[t]))
    return FollowedChunk(frames, [chain for chain in chains if len(chain)], len(found[most]), frames[most].time)


def _looked_at(frames: Sequence[Frame], threads: Sequence[Thread], follower: Follower, rules: Rules) -> list[Chain]:
    """The chains of linked sightings: all windows between them in one batch, and those to look at again in another."""
    looks = []
    for thread in threads:
        for t in range(thread.first + 1, thread.last):
            if t not in thread.sightings:
                near = [o.window(t) for o in threads if o is not thread and o.first <= t <= o.last]
                looks.append((thread, (t, thread.window(t), near)))
    seen = list(look_all(frames, [look for _, look in looks], follower, rules))
    rois = [roi for _, (_, roi, _) in looks]
    again = [i for i, one in enumerate(seen) if one.presence >= rules.min_presence and _drifted(rois[i], one.roi)]
    for i, one in zip(
        again,
        look_all(frames, [(looks[i][1][0], seen[i].roi, looks[i][1][2]) for i in again], follower, rules),
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
