"""Events: stretches of time in which a behaviour was seen, and the algebra on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.mask import Mask
from bitflow.timeline import Interval


@dataclass(frozen=True, eq=False)
class Events:
    """Events of one kind and one actor, sorted by start.

    ``&`` keeps the time common to both, ``|`` joins, ``-`` takes the other's time away; `within`, `overlapping` and
    `followed_by` choose whole events.

    Parameters
    ----------
    starts, ends
        ``(n,)`` s, half-open.
    seen
        When such an event could have been seen at all; what rates are counted against.
    values
        ``(n,)`` strength of each, NaN where it has none.
    coverage
        ``(n,)`` share of each in which the input was seen.
    complete
        ``(n,)`` whether both beginning and end were seen; only these have a duration.
    name
        What the events are called.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    seen: Mask
    values: NDArray[np.float64]
    coverage: NDArray[np.float64]
    complete: NDArray[np.bool_]
    name: str = ""

    @classmethod
    def from_runs(cls, found: NDArray[np.int64], mask: Mask, name: str = "") -> Events:
        """Events at half-open ranges ``(n, 2)`` of a mask's samples."""
        first, last = found[:, 0], found[:, 1]
        counted = np.concatenate(([0], np.cumsum(mask.known)))
        length = np.maximum(last - first, 1)
        n = len(mask)
        before = (first > 0) & mask.known[np.maximum(first - 1, 0)] if n else np.empty(0, bool)
        after = (last < n) & mask.known[np.minimum(last, n - 1)] if n else np.empty(0, bool)
        return cls(
            mask.start + first / mask.rate,
            mask.start + last / mask.rate,
            Mask(mask.known, np.ones(n, bool), mask.start, mask.rate),
            np.full(len(found), np.nan),
            (counted[last] - counted[first]) / length,
            before & after,
            name,
        )

    @classmethod
    def at(cls, starts: NDArray[np.float64], ends: NDArray[np.float64], seen: Mask, name: str = "") -> Events:
        """Events at given times, all of them wholly seen: turns, words, annotations."""
        order = np.lexsort((ends, starts))
        n = len(starts)
        return cls(
            np.asarray(starts, float)[order],
            np.asarray(ends, float)[order],
            seen,
            np.full(n, np.nan),
            np.ones(n),
            np.ones(n, bool),
            name,
        )

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[Interval]:
        return (Interval(float(start), float(end)) for start, end in zip(self.starts, self.ends, strict=True))

    @property
    def durations(self) -> NDArray[np.float64]:
        """Seconds from start to end, ``(n,)``."""
        return self.ends - self.starts

    @property
    def seconds(self) -> float:
        """Time that the events cover, overlaps counted once."""
        return float(sum(part.duration for part in self._joined()))

    @property
    def seen_seconds(self) -> float:
        """Time in which an event could have been seen."""
        return self.seen.seconds

    def chosen(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Events:
        """The events that a flag or an index picks."""
        return replace(
            self,
            starts=self.starts[keep],
            ends=self.ends[keep],
            values=self.values[keep],
            coverage=self.coverage[keep],
            complete=self.complete[keep],
        )

    def covered(self, share: float) -> Events:
        """Those of which at least this share was seen."""
        return self.chosen(self.coverage >= share)

    def valued(self, values: NDArray[np.float64]) -> Events:
        """The same events with strengths ``(n,)``."""
        return replace(self, values=np.asarray(values, float))

    def named(self, name: str) -> Events:
        """The same events under another name."""
        return replace(self, name=name)

    def lasting(self, shortest: float = 0.0, longest: float = float("inf")) -> Events:
        """Those of a duration in ``[shortest, longest]`` s."""
        return self.chosen((self.durations >= shortest - 1e-9) & (self.durations <= longest + 1e-9))

    def crop(self, interval: Interval) -> Events:
        """Events that begin in an interval, and the time seen in it."""
        inside = (self.starts >= interval.start - 1e-9) & (self.starts < interval.end - 1e-9)
        return replace(self.chosen(inside), seen=self.seen.crop(interval))

    def within(self, other: Events) -> Events:
        """Those that lie wholly inside an event of the other kind."""
        return self._where(other, lambda mine, theirs: mine in theirs)

    def overlapping(self, other: Events) -> Events:
        """Those that share time with an event of the other kind."""
        return self._where(other, lambda mine, theirs: mine.overlaps(theirs))

    def followed_by(self, other: Events, *, after: float = 0.0, before: float) -> Events:
        """Those after whose start one of the others begins, between `after` and `before` seconds later."""
        at = np.searchsorted(other.starts, self.starts + after, "left")
        following = np.append(other.starts, np.inf)[at]
        return self.chosen(following - self.starts < before)

    def mask(self, like: Mask | None = None) -> Mask:
        """True inside the events, on the clock of `seen` or of another mask; unknown where nothing was seen."""
        clock = self.seen if like is None else like
        times = clock.start + (np.arange(len(clock)) + 0.5) / clock.rate
        yes = np.zeros(len(clock), bool)
        joined = self._joined()
        if joined:
            starts = np.array([part.start for part in joined])
            ends = np.array([part.end for part in joined])
            at = np.searchsorted(starts, times, "right") - 1
            yes = (at >= 0) & (times < ends[np.maximum(at, 0)])
        known = clock.yes if like is None else clock.known
        return Mask(yes, known, clock.start, clock.rate)

    def __and__(self, other: Events) -> Events:
        pieces = [part for mine in self._joined() for theirs in other._joined() if (part := mine & theirs)]
        return self._rebuilt(pieces, other)

    def __or__(self, other: Events) -> Events:
        return self._rebuilt(_union([*self, *other]), other)

    def __sub__(self, other: Events) -> Events:
        pieces: list[Interval] = []
        for mine in self._joined():
            cursor = mine.start
            for theirs in other._joined():
                if theirs.overlaps(mine):
                    if theirs.start > cursor:
                        pieces.append(Interval(cursor, theirs.start))
                    cursor = max(cursor, theirs.end)
            if cursor < mine.end:
                pieces.append(Interval(cursor, mine.end))
        return self._rebuilt(pieces, other)

    def _joined(self) -> list[Interval]:
        return _union(list(self))

    def _rebuilt(self, pieces: list[Interval], other: Events) -> Events:
        starts = np.array([piece.start for piece in pieces])
        ends = np.array([piece.end for piece in pieces])
        same_clock = len(self.seen) == len(other.seen) and self.seen.rate == other.seen.rate
        return Events.at(starts, ends, self.seen & other.seen if same_clock else self.seen, self.name)

    def _where(self, other: Events, holds: Callable[[Interval, Interval], bool]) -> Events:
        theirs = list(other)
        return self.chosen(np.array([any(holds(mine, that) for that in theirs) for mine in self], bool))


def _union(pieces: list[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for piece in sorted(pieces):
        if joined and piece.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, piece.end))
        else:
            joined.append(piece)
    return joined
