"""Events: stretches of time in which a behaviour was seen, and the algebra on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.events.mask import Mask
from bitflow.timeline import Interval

#: Starts and ends of stretches, ``(n,)`` s each.
Edges = tuple[NDArray[np.float64], NDArray[np.float64]]


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
    signed
        Whether `values` are how long the events last, s: below zero where what should come after came before.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    seen: Mask
    values: NDArray[np.float64]
    coverage: NDArray[np.float64]
    complete: NDArray[np.bool_]
    name: str = ""
    signed: bool = False

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
        """Seconds from start to end, ``(n,)``; of signed events with their sign."""
        return self.values if self.signed else self.ends - self.starts

    @property
    def seconds(self) -> float:
        """Time that the events cover, overlaps counted once."""
        return float(sum((ends - starts for starts, ends in zip(*self._joined(), strict=True)), 0.0))

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

    def lasting(self, shortest: float = -float("inf"), longest: float = float("inf")) -> Events:
        """Those of a duration in ``[shortest, longest]`` s."""
        return self.chosen((self.durations >= shortest - 1e-9) & (self.durations <= longest + 1e-9))

    def crop(self, interval: Interval) -> Events:
        """Events that begin in an interval, and the time seen in it."""
        inside = (self.starts >= interval.start - 1e-9) & (self.starts < interval.end - 1e-9)
        return replace(self.chosen(inside), seen=self.seen.crop(interval))

    def within(self, other: Events) -> Events:
        """Those that lie wholly inside an event of the other kind."""
        before = np.searchsorted(other.starts, self.starts, "right")
        return self.chosen(_latest_end(other.ends, before) >= self.ends)

    def overlapping(self, other: Events) -> Events:
        """Those that share time with an event of the other kind."""
        lasting = other.ends > other.starts
        before = np.searchsorted(other.starts[lasting], self.ends, "left")
        return self.chosen((_latest_end(other.ends[lasting], before) > self.starts) & (self.ends > self.starts))

    def followed_by(self, other: Events, *, after: float = 0.0, before: float) -> Events:
        """Those after whose start one of the others begins, between `after` and `before` seconds later."""
        at = np.searchsorted(other.starts, self.starts + after, "left")
        following = np.append(other.starts, np.inf)[at]
        return self.chosen(following - self.starts < before)

    def both_seen(self, other: Events) -> Mask:
        """When either kind of event could have been seen, on the clock of the first."""
        return self.seen & other.seen.on_clock(self.seen.start, self.seen.rate, len(self.seen))

    def mask(self, like: Mask | None = None) -> Mask:
        """True inside the events, on the clock of `seen` or of another mask; unknown where nothing was seen."""
        clock = self.seen if like is None else like
        times = clock.start + (np.arange(len(clock)) + 0.5) / clock.rate
        yes = np.zeros(len(clock), bool)
        starts, ends = self._joined()
        if len(starts):
            at = np.searchsorted(starts, times, "right") - 1
            yes = (at >= 0) & (times < ends[np.maximum(at, 0)])
        known = clock.yes if like is None else clock.known
        return Mask(yes, known, clock.start, clock.rate)

    def __and__(self, other: Events) -> Events:
        return self._rebuilt(_common(self._joined(), other._joined()), other)

    def __or__(self, other: Events) -> Events:
        both = (np.concatenate([self.starts, other.starts]), np.concatenate([self.ends, other.ends]))
        return self._rebuilt(_union(*both), other)

    def __sub__(self, other: Events) -> Events:
        starts, ends = other._joined()
        lasting = ends > starts
        between = np.append(-np.inf, ends[lasting]), np.append(starts[lasting], np.inf)
        return self._rebuilt(_common(self._joined(), between), other)

    def _joined(self) -> Edges:
        if self.signed:  # time that passes before something is no time where it had begun
            return _union(self.starts[self.values > 0], self.ends[self.values > 0])
        return _union(self.starts, self.ends)

    def _rebuilt(self, pieces: Edges, other: Events) -> Events:
        same_clock = len(self.seen) == len(other.seen) and self.seen.rate == other.seen.rate
        return Events.at(*pieces, self.seen & other.seen if same_clock else self.seen, self.name)

    def longest_shared(self, other: Events) -> NDArray[np.float64]:
        """The longest stretch that each event shares with one of the others, ``(n,)`` s."""
        found = np.zeros(len(self))
        first = np.searchsorted(np.maximum.accumulate(other.ends), self.starts, "right")
        last = np.searchsorted(other.starts, self.ends, "left")
        for k in np.flatnonzero(last > first):
            theirs = slice(first[k], last[k])
            shared = np.minimum(other.ends[theirs], self.ends[k]) - np.maximum(other.starts[theirs], self.starts[k])
            found[k] = max(0.0, float(shared.max()))
        return found


def _latest_end(ends: NDArray[np.float64], before: NDArray[np.int64]) -> NDArray[np.float64]:
    """The latest of the first so many ends, each of ``before`` (n,); −inf of none."""
    return np.append(-np.inf, np.maximum.accumulate(ends))[before]


def _common(mine: Edges, theirs: Edges) -> Edges:
    """Stretches that two sorted sets of stretches, none of which overlap in a set, have in common."""
    first = np.searchsorted(theirs[1], mine[0], "right")
    count = np.maximum(np.searchsorted(theirs[0], mine[1], "left") - first, 0)
    of = np.repeat(np.arange(len(count)), count)
    at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(of))
    starts, ends = np.maximum(mine[0][of], theirs[0][at]), np.minimum(mine[1][of], theirs[1][at])
    return starts[starts < ends], ends[starts < ends]


def _union(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> Edges:
    """Stretches by start, those that touch or overlap joined."""
    order = np.lexsort((ends, starts))
    starts, latest = starts[order], np.maximum.accumulate(ends[order])
    apart = starts[1:] > latest[:-1]
    return (
        starts[np.concatenate((np.ones(min(1, len(starts)), bool), apart))],
        latest[np.concatenate((apart, np.ones(min(1, len(starts)), bool)))],
    )
