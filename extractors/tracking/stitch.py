"""Tracks: chains of neighbouring chunks joined over their borders, in time order.

What a chunk's own detection missed is filled in here with a few looks at its frames: a track that goes on
although the next chunk did not find it is followed forward, a chain that begins at a border is followed
back into the chunk before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from bitflow.extractors.tracking.chain import Chain, FollowedChunk, Follower, Rules, look, meeting

if TYPE_CHECKING:
    from bitflow.media import Frame


@dataclass
class StitchedChunk:
    """One chunk's final pieces: track number and chain, the largest at its first sight first."""

    frames: Sequence[Frame]
    pieces: list[tuple[int, Chain]]
    seen: int
    seen_at: float


@dataclass(eq=False)
class _Track:
    """A track under construction: its pieces in the chunk that is waiting and in the one that just came."""

    waiting: list[Chain] = field(default_factory=list)
    coming: list[Chain] = field(default_factory=list)
    last: Chain = field(default_factory=lambda: Chain(0))
    seconds: float = 0.0
    ended: float = 0.0
    number: int | None = None

    def add(self, chain: Chain, part: FollowedChunk) -> None:
        """Go on with a chain of the chunk that just came."""
        self.coming.append(chain)
        self.last = chain
        self.ended = part.frames[chain.stop - 1].time
        self.seconds += len(chain) * part.spacing

    def add_before(self, chain: Chain, part: FollowedChunk) -> None:
        """Take in a chain of the waiting chunk that was found from the one after it."""
        self.waiting.append(chain)
        self.seconds += len(chain) * part.spacing


def stitch(
    parts: Iterable[FollowedChunk], open_follower: Callable[[], Follower], rules: Rules
) -> Iterator[StitchedChunk]:
    """Join chunks to tracks; yields each chunk once the one after it has been seen.

    Parameters
    ----------
    parts
        Chunks in time order. The frames of two of them are kept alive.
    open_follower
        Called once, when something first has to be looked at again.

    Notes
    -----
    A track's number never changes once its chunk has been yielded, and depends on the pictures alone.
    """
    stitcher = _Stitcher(open_follower, rules)
    for part in parts:
        before = stitcher.add(part)
        if before is not None:
            yield before
    last = stitcher.finish()
    if last is not None:
        yield last


class _Stitcher:
    """The life of one stitching: the waiting chunk, the tracks that touch it, and those lost a moment ago."""

    def __init__(self, open_follower: Callable[[], Follower], rules: Rules) -> None:
        self._open = open_follower
        self._follower: Follower | None = None
        self._rules = rules
        self._numbers = count()
        self._waiting: FollowedChunk | None = None
        self._tracks: list[_Track] = []
        self._seen_seconds = 0.0

    @property
    def follower(self) -> Follower:
        if self._follower is None:
            self._follower = self._open()
        return self._follower

    def add(self, part: FollowedChunk) -> StitchedChunk | None:
        """Take the next chunk in; returns the one before, finished."""
        alive = [track for track in self._tracks if self._reaches_end(track)]
        loose = self._link(alive, [chain for chain in part.chains if chain.start == 0], part)
        loose += [chain for chain in part.chains if chain.start > 0]
        for track in alive:
            if not track.coming:
                self._follow_on(track, part, loose)
        for chain in sorted(loose, key=lambda chain: (chain.start, -chain.places[0][2])):
            self._place(chain, part, loose)
        done = self._emit()
        self._waiting = part
        self._seen_seconds += len(part.frames) * part.spacing
        for track in self._tracks:
            track.waiting, track.coming = track.coming, []
        horizon = part.frames[-1].time - self._rules.max_gap
        self._tracks = [track for track in self._tracks if track.waiting or track.ended >= horizon]
        return done

    def finish(self) -> StitchedChunk | None:
        """The last chunk."""
        return self._emit()

    def _reaches_end(self, track: _Track) -> bool:
        waiting = self._waiting
        return waiting is not None and bool(track.waiting) and track.waiting[-1].stop == len(waiting.frames)

    def _link(self, alive: Sequence[_Track], chains: Sequence[Chain], part: FollowedChunk) -> list[Chain]:
        """Give chains that begin with the chunk to the tracks that reached its border; returns the others."""
        rules = self._rules
        pairs = []
        for track in alive:
            for chain in chains:
                shared = rules.overlap(track.last.places[-1], chain.places[0])
                if shared > rules.link:
                    pairs.append((shared, track, chain))
        taken: set[Chain] = set()
        for shared, track, chain in sorted(pairs, key=lambda pair: -pair[0]):
            if track.coming or chain in taken:
                continue
            rivals = [s for s, t, c in pairs if (t is track) != (c is chain) and s > rules.near]
            if rivals and max(rivals) > 0.8 * shared:
                chain.ambiguous = True
                continue
            if chain.ambiguous or not self._alike(track.last.values[-1], chain.values[0]):
                continue
            track.add(chain, part)
            taken.add(chain)
        return [chain for chain in chains if chain not in taken]

    def _follow_on(self, track: _Track, part: FollowedChunk, loose: list[Chain]) -> None:
        """Follow a track into a chunk that did not find it, until it is gone or meets a chain."""
        rules = self._rules
        piece = Chain(0)
        place, values = track.last.places[-1], track.last.values[-1]
        for t, frame in enumerate(part.frames):
            seen = None
            met = meeting(place, t, part.chains, rules)
            if met is None:
                company = [chain.place(t) for chain in part.chains if chain.covers(t)]
                seen = look(frame, place, values, self.follower, rules, company)
                if seen is None:
                    break
                met = meeting(seen.roi, t, part.chains, rules)
            if met is None and seen is not None:
                piece.append(place, seen)
                place, values = seen.roi, seen.values
                continue
            if met in loose and met.start == t and not met.ambiguous and self._alike(values, met.values[0]):
                loose.remove(met)
                if len(piece):
                    track.add(piece, part)
                    part.chains.append(piece)
                track.add(met, part)
                return
            break
        if len(piece):
            track.add(piece, part)
            part.chains.append(piece)

    def _place(self, chain: Chain, part: FollowedChunk, loose: Sequence[Chain]) -> None:
        """Find the track of a chain that nothing led to: followed back, waited for, or new."""
        if self._crowded(chain):
            part.chains.remove(chain)
            return
        track = None if chain.ambiguous else self._follow_back(chain) or self._lost_here(chain, part, loose)
        if track is None:
            track = _Track()
            self._tracks.append(track)
        track.add(chain, part)

    def _crowded(self, chain: Chain) -> bool:
        """Whether as many as may be are followed already, at some time of the chain."""
        others = [piece for track in self._tracks for piece in track.coming]
        edges = [chain.start, *(p.start for p in others if chain.covers(p.start))]
        return any(sum(p.covers(t) for p in others) >= self._rules.max_tracks for t in edges)

    def _follow_back(self, chain: Chain) -> _Track | None:
        """Follow a chain back over the border; the track it came from, or a new one with what was found."""
        waiting = self._waiting
        if waiting is None or chain.start > 0:
            return None
        rules = self._rules
        pieces = [piece for track in self._tracks for piece in track.waiting]
        found = Chain(len(waiting.frames))
        place, values = chain.places[0], chain.values[0]
        track = None
        for t in range(len(waiting.frames) - 1, -1, -1):
            met = meeting(place, t, pieces, rules)
            if met is None:
                if sum(piece.covers(t) for piece in pieces) >= rules.max_tracks:
                    break
                company = [piece.place(t) for piece in pieces if piece.covers(t)]
                seen = look(waiting.frames[t], place, values, self.follower, rules, company)
                if seen is None:
                    break
                met = meeting(seen.roi, t, pieces, rules)
                if met is None:
                    found.prepend(place, seen)
                    place, values = seen.roi, seen.values
                    continue
            owner = next(track for track in self._tracks if met in track.waiting)
            ends_here = owner.waiting[-1] is met and met.stop == t + 1 and not owner.coming
            if ends_here and self._alike(met.values[-1], values):
                track = owner
            break
        if track is None and len(found):
            track = _Track()
            self._tracks.append(track)
        if track is not None and len(found):
            track.add_before(found, waiting)
        return track

    def _lost_here(self, chain: Chain, part: FollowedChunk, loose: Sequence[Chain]) -> _Track | None:
        """The one track that was lost in this place a moment ago."""
        rules = self._rules
        begins = part.frames[chain.start].time
        place = chain.places[0]

        def lost(track: _Track) -> bool:
            return track.ended < begins <= track.ended + rules.max_gap

        near = [t for t in self._tracks if lost(t) and rules.overlap(t.last.places[-1], place) > rules.link]
        rivals = [c for c in loose if c is not chain and rules.overlap(c.places[0], place) > rules.link]
        if len(near) != 1 or rivals or not self._alike(near[0].last.values[-1], chain.values[0]):
            return None
        return near[0]

    def _alike(self, before: object, after: object) -> bool:
        return self.follower.alike(before, after)

    def _emit(self) -> StitchedChunk | None:
        """The waiting chunk with its final tracks; too short ones are left out."""
        waiting = self._waiting
        if waiting is None:
            return None
        shortest = min(self._rules.min_seconds, self._seen_seconds)
        pieces: list[tuple[int, Chain]] = []
        present = [track for track in self._tracks if track.waiting]
        present.sort(key=lambda track: (track.waiting[0].start, -track.waiting[0].places[0][2]))
        for track in present:
            if track.seconds < shortest and not track.coming:
                continue
            if track.number is None:
                track.number = next(self._numbers)
            pieces += [(track.number, chain) for chain in track.waiting]
        return StitchedChunk(waiting.frames, pieces, waiting.seen, waiting.seen_at)
