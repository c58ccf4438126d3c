"""Chains: one face, body or hand followed from frame to frame inside a chunk.

A chunk is known whole, so nothing here depends on what came before it: every chunk starts from its own
detection, what is found late is followed backward as well, and chunks can be worked on in any order by any
number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from bitflow.extractors.landmarks.roi import Roi, overlap

if TYPE_CHECKING:
    from bitflow.media import Frame

#: A crop counts as its landmarks' own when both agree to this fraction of its side, and to this angle.
_SETTLED = 0.01
#: Younger than this, a chain that meets another is a second detection of the same thing.
_YOUNG = 3


class Seed(NamedTuple):
    """Where a detector saw something: the crop to look at, and how sure it is."""

    roi: Roi
    score: float


class Observation(NamedTuple):
    """What a landmark model saw in one crop."""

    #: The model's points in px of the crop, and whatever the extractor wants to keep.
    values: Any
    #: Probability that the crop holds the thing.
    presence: float
    #: The crop that these landmarks ask for: where the thing is now.
    roi: Roi


class Follower(Protocol):
    """A detector and a landmark model, as the tracker sees them; owned by one thread."""

    def detect(self, frame: Frame) -> Sequence[Seed]:
        """All that is in the picture, the one to prefer first."""
        ...

    def detect_all(self, frames: Sequence[Frame]) -> Sequence[Sequence[Seed]]:
        """The same of several pictures at once."""
        ...

    def follow(self, frame: Frame, roi: Roi) -> Observation:
        """Look at one crop; `values` must be the caller's own."""
        ...

    def follow_all(self, views: Sequence[tuple[Frame, Roi]]) -> Sequence[Observation]:
        """Look at several crops at once."""
        ...

    def alike(self, before: Any, after: Any) -> bool:
        """Whether two sets of `values` a moment apart can show the same one; False at a cut or a swap."""
        ...


@dataclass(frozen=True)
class Rules:
    """When to look, what to believe, when to let go.

    Parameters
    ----------
    max_tracks
        How many are followed at once.
    min_presence
        Below this probability a chain ends.
    look_every
        Frames between detections while fewer are followed than were expected.
    settle
        Most looks at a chain's first frame until its crop no longer depends on the detector's.
    same
        Overlap of crops above which two chains follow the same thing.
    near
        Overlap of crops above which it is not certain whose landmarks are whose.
    max_shift, max_growth
        Fraction of the crop's side by which it may move, and factor by which it may grow or shrink, from one
        frame to the next. More is another thing.
    link
        Overlap of crops from which a chain may be the continuation of a track of the chunk before.
    max_gap
        Seconds for which a lost track waits for its continuation in the same place.
    min_seconds
        Shorter tracks are taken for a detector's error and left out.
    extent
        Fraction of the crop's side that the thing itself takes up: overlaps are those of crops so reduced. A
        body's crop holds its neighbours too.
    veil
        Hides others from who is looked at: picture, crop and the others' crops in, the picture to look at out.
        For models that are misled by company.
    """

    max_tracks: int = 4
    min_presence: float = 0.5
    look_every: int = 6
    settle: int = 3
    same: float = 0.6
    near: float = 0.35
    max_shift: float = 0.5
    max_growth: float = 1.6
    link: float = 0.3
    max_gap: float = 1.0
    min_seconds: float = 0.1
    extent: float = 1.0
    veil: Callable[[Frame, Roi, Sequence[Roi]], Frame] | None = None

    def overlap(self, a: Roi, b: Roi) -> float:
        """Intersection over union of what two crops are about."""
        return overlap(a, b, self.extent)

    def seen_alone(self, frame: Frame, roi: Roi, others: Sequence[Roi]) -> Frame:
        """The picture as it is to be looked at in `roi`, with `others` near by."""
        return frame if self.veil is None or not others else self.veil(frame, roi, others)


@dataclass(eq=False)
class Chain:
    """One thing over consecutive frames of a chunk; entry i of its lists belongs to frame ``start + i``.

    `rois` are the crops that were looked at, `places` those that the landmarks ask for. `ambiguous` marks a
    chain born where two could not be told apart: it is not linked to what came before by its place alone.
    `result` is the extractor's own.
    """

    start: int
    rois: list[Roi] = field(default_factory=list)
    places: list[Roi] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    presence: list[float] = field(default_factory=list)
    ambiguous: bool = False
    result: Any = None

    def __len__(self) -> int:
        return len(self.places)

    @property
    def stop(self) -> int:
        """The frame after the last."""
        return self.start + len(self.places)

    def covers(self, t: int) -> bool:
        """Whether frame `t` of the chunk is part of the chain."""
        return self.start <= t < self.start + len(self.places)

    def place(self, t: int) -> Roi:
        """Where the thing is in frame `t`."""
        return self.places[t - self.start]

    def append(self, roi: Roi, seen: Observation) -> None:
        """One more frame at the end."""
        self.rois.append(roi)
        self.places.append(seen.roi)
        self.values.append(seen.values)
        self.presence.append(seen.presence)

    def prepend(self, roi: Roi, seen: Observation) -> None:
        """One more frame at the beginning."""
        self.start -= 1
        self.rois.insert(0, roi)
        self.places.insert(0, seen.roi)
        self.values.insert(0, seen.values)
        self.presence.insert(0, seen.presence)

    def cut(self, t: int) -> Chain:
        """Split before frame `t`: this chain keeps what is earlier, the rest is returned."""
        at = min(max(t - self.start, 0), len(self))
        rest = Chain(self.start + at, self.rois[at:], self.places[at:], self.values[at:], self.presence[at:])
        for series in (self.rois, self.places, self.values, self.presence):
            del series[at:]
        return rest

    def extend(self, later: Chain) -> None:
        """Take over the frames of a chain that begins where this one stops."""
        self.rois += later.rois
        self.places += later.places
        self.values += later.values
        self.presence += later.presence


@dataclass
class FollowedChunk:
    """What was followed through one chunk; `seen` is the most that was found in one picture, at `seen_at` s.

    The frames stay at hand until the neighbours are stitched.
    """

    frames: Sequence[Frame]
    chains: list[Chain]
    seen: int = 0
    seen_at: float = 0.0

    @property
    def spacing(self) -> float:
        """Seconds between its pictures."""
        if len(self.frames) < 2:
            return self.frames[0].duration
        return (self.frames[-1].time - self.frames[0].time) / (len(self.frames) - 1)


def follow_chunk(
    frames: Sequence[Frame], follower: Follower, rules: Rules, expected: Sequence[int] | None = None
) -> FollowedChunk:
    """Detect, follow forward, look again where fewer are followed than expected, follow late finds
    backward.

    `expected` holds how many there should be in each frame, where something else tells; without it, as many
    as there were so far, and one at least.
    """
    chains: list[Chain] = []
    live: list[Chain] = []
    most, looked = 1, -rules.look_every
    seen, seen_at = 0, 0.0
    for t, frame in enumerate(frames):
        before = len(live)
        places = [chain.places[-1] for chain in live]
        company = [places[:i] + places[i + 1 :] for i in range(len(places))]
        live = [
            chain for chain, others in zip(live, company, strict=True) if step(chain, frame, follower, rules, others)
        ]
        lost = len(live) < before
        if len(live) > 1:
            live, born = _separate(live, t, rules)
            chains += born
        wanted = most if expected is None else expected[t]
        if len(live) < wanted and (lost or t - looked >= rules.look_every):
            looked = t
            started, others = _start(frame, t, follower.detect(frame), live, follower, rules)
            chains += started
            live += started
            if len(live) + others > seen:
                seen, seen_at = len(live) + others, frame.time
            most = max(most, len(live))
    chains = [chain for chain in chains if len(chain)]
    for chain in sorted(chains, key=lambda chain: chain.start):
        if chain.start > 0 and not chain.ambiguous and len(chain):
            extend_back(chain, chains, frames, follower, rules)
    return FollowedChunk(frames, [chain for chain in chains if len(chain)], seen, seen_at)


def plausible(before: Roi, after: Roi, rules: Rules) -> bool:
    """Whether one thing can have gone from one place to the other within a frame."""
    side = max(before[2], after[2])
    shift = math.hypot(after[0] - before[0], after[1] - before[1])
    return shift <= rules.max_shift * side and side <= rules.max_growth * min(before[2], after[2])


def look(
    frame: Frame, roi: Roi, before: Any, follower: Follower, rules: Rules, others: Sequence[Roi] = ()
) -> Observation | None:
    """What is in the crop, or None when what was seen `before` is not there any more."""
    seen = follower.follow(rules.seen_alone(frame, roi, others), roi)
    there = seen.presence >= rules.min_presence and plausible(roi, seen.roi, rules)
    return seen if there and follower.alike(before, seen.values) else None


def step(chain: Chain, frame: Frame, follower: Follower, rules: Rules, others: Sequence[Roi] = ()) -> bool:
    """Follow a chain to the next frame; False when it ends before it."""
    roi = chain.places[-1]
    seen = look(frame, roi, chain.values[-1], follower, rules, others)
    if seen is None:
        return False
    chain.append(roi, seen)
    return True


def settle(
    frame: Frame, roi: Roi, follower: Follower, rules: Rules, others: Sequence[Roi] = ()
) -> tuple[Roi, Observation] | None:
    """Look until the crop is the one that its own landmarks ask for; None when nothing is there.

    Landmarks move by 1–2 % of the inter-ocular distance between a detector's crop and their own, and would
    step at the start of every chunk.
    """
    for again in range(rules.settle):
        seen = follower.follow(rules.seen_alone(frame, roi, others), roi)
        if seen.presence < rules.min_presence:
            return None
        if is_settled(roi, seen) or again == rules.settle - 1:
            return roi, seen
        roi = seen.roi
    return None


def is_settled(roi: Roi, seen: Observation) -> bool:
    """Whether a crop is the one that its own landmarks ask for."""
    moved = math.hypot(seen.roi[0] - roi[0], seen.roi[1] - roi[1]) + abs(seen.roi[2] - roi[2])
    return moved < _SETTLED * roi[2] and abs(seen.roi[3] - roi[3]) < _SETTLED


def _start(
    frame: Frame, t: int, seeds: Sequence[Seed], live: Sequence[Chain], follower: Follower, rules: Rules
) -> tuple[list[Chain], int]:
    """New chains for what the detector sees and nobody follows yet, and how many more there are than may be."""
    started: list[Chain] = []
    others = 0
    taken = [chain.places[-1] for chain in live]
    for seed in seeds:
        if any(rules.overlap(seed.roi, place) > rules.near for place in taken):
            continue
        if len(taken) >= rules.max_tracks:
            others += follower.follow(frame, seed.roi).presence >= rules.min_presence
            continue
        company = [*taken, *(other.roi for other in seeds if other is not seed)]
        settled = settle(frame, seed.roi, follower, rules, company)
        if settled is None or any(rules.overlap(settled[1].roi, place) > rules.same for place in taken):
            continue
        chain = Chain(t)
        chain.append(*settled)
        taken.append(chain.places[-1])
        started.append(chain)
    return started, others


def _separate(live: list[Chain], t: int, rules: Rules) -> tuple[list[Chain], list[Chain]]:
    """Settle chains that have run onto the same thing; returns who lives on, and who is newly born.

    A landmark model follows one thing: where one person passes before another, the crop of the hidden one
    slips onto the other. Who slipped cannot be told from places alone, so both chains end before the frame
    and a new one begins; whose it is, is settled by appearance over the whole recording.
    """
    born: list[Chain] = []
    for i, first in enumerate(live):
        for second in live[i + 1 :]:
            if not (first.covers(t) and second.covers(t)):
                continue
            if rules.overlap(first.place(t), second.place(t)) <= rules.same:
                continue
            kept, other = (first, second) if first.presence[-1] >= second.presence[-1] else (second, first)
            if min(t - first.start, t - second.start) < _YOUNG:
                younger = first if first.start > second.start else second
                twin = other if first.start == second.start else younger
                twin.cut(twin.start)
                continue
            other.cut(t)
            rest = kept.cut(t)
            rest.ambiguous = True
            born.append(rest)
    return [chain for chain in [*live, *born] if chain.covers(t)], born


def extend_on(chain: Chain, chains: Sequence[Chain], frames: Sequence[Frame], follower: Follower, rules: Rules) -> None:
    """Follow a chain toward the chunk's end; join it to one that begins where they meet."""
    others = [other for other in chains if other is not chain and len(other)]
    for t in range(chain.stop, len(frames)):
        roi = chain.places[-1]
        met = meeting(roi, t, others, rules)
        if met is None:
            if sum(other.covers(t) for other in others) >= rules.max_tracks:
                return
            company = [other.place(t) for other in others if other.covers(t)]
            seen = look(frames[t], roi, chain.values[-1], follower, rules, company)
            if seen is None:
                return
            met = meeting(seen.roi, t, others, rules)
            if met is None:
                chain.append(roi, seen)
                continue
        if met.start == t and not met.ambiguous and follower.alike(chain.values[-1], met.values[0]):
            chain.extend(met)
            met.cut(met.start)
        return


def extend_back(
    chain: Chain, chains: Sequence[Chain], frames: Sequence[Frame], follower: Follower, rules: Rules
) -> None:
    """Follow a chain that was found late toward the chunk's beginning; join it to a lost one that it
    meets.
    """
    others = [other for other in chains if other is not chain and len(other)]
    for t in range(chain.start - 1, -1, -1):
        met = meeting(chain.places[0], t, others, rules)
        if met is None:
            if sum(other.covers(t) for other in others) >= rules.max_tracks:
                return
            roi = chain.places[0]
            company = [other.place(t) for other in others if other.covers(t)]
            seen = look(frames[t], roi, chain.values[0], follower, rules, company)
            if seen is None:
                return
            met = meeting(seen.roi, t, others, rules)
            if met is None:
                chain.prepend(roi, seen)
                continue
        if met.stop == chain.start and follower.alike(met.values[-1], chain.values[0]):
            met.extend(chain)
            chain.cut(0)
        return


def meeting(place: Roi, t: int, others: Sequence[Chain], rules: Rules) -> Chain | None:
    """The chain that is at `place` in frame `t`, if any."""
    for other in others:
        if other.covers(t) and rules.overlap(place, other.place(t)) > rules.same:
            return other
    return None
