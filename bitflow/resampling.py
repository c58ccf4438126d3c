"""How values that were sampled at instants, or hold over intervals, are brought to the bins of another clock.

Bin k is the half-open stretch ``[edges[k], edges[k + 1])``; rules that give a value at an instant give it at
``edges[k]``. Nothing is invented: a stretch that no sample speaks for is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: A sample also stands for instants this near (s): media files round times to 1 ms, and two clocks that mean
#: the same instant differ by that much.
EDGE_TOLERANCE = 0.002

#: A mean or a validity is given where at least this fraction of the bin was observed.
MINIMUM_COVERAGE = 0.5

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Resampler:
    """Samples of one series, and the bins they are brought to.

    Parameters
    ----------
    times
        Instants of the samples, ``(n,)`` s, strictly increasing.
    edges
        Edges of the bins, ``(bins + 1,)`` s, increasing.
    max_gap
        Longest distance between two samples (s) over which a value is interpolated.
    own
        Seconds that one sample speaks for when its neighbours are farther away than `max_gap`.
    lead
        The part of `own` that lies before the sample: 0 for a frame, which is shown from its time on, half
        for a window whose time is its centre.
    """

    times: np.ndarray
    edges: np.ndarray
    max_gap: float
    own: float
    lead: float = 0.0

    def linear(self, values: np.ndarray, *, period: float | None = None) -> np.ndarray:
        """Values ``(n,)`` interpolated at the left edges, ``(bins,)``; NaN in gaps and beyond the ends."""
        result = np.full(len(self.edges) - 1, np.nan)
        if not len(self.times):
            return result
        path = _unrolled(values, period)
        if len(self.times) > 1:
            at = np.minimum(self._before[0], len(self.times) - 2)
            offset, step = self.edges[:-1] - self.times[at], self._steps[at]
            inside = self._joined[at] & (offset >= 0) & (offset <= step)
            result = np.where(inside, path[at] + np.diff(path)[at] * (offset / step), np.nan)
        near, distance = self._nearest
        touching = np.isnan(result) & (distance <= min(EDGE_TOLERANCE, self.own / 2))
        result[touching] = path[near[touching]]
        return _rolled(result, values, period)

    def nearest(self) -> np.ndarray:
        """Index of the sample nearest to each left edge, ``(bins,)``; −1 where no sample speaks."""
        if not len(self.times):
            return np.full(len(self.edges) - 1, -1)
        near, distance = self._nearest
        return np.where(self._bridged | (distance <= max(self.own / 2, EDGE_TOLERANCE)), near, -1)

    def previous(self) -> np.ndarray:
        """Index of the last sample at or before each left edge, ``(bins,)``; −1 where no sample speaks."""
        if not len(self.times):
            return np.full(len(self.edges) - 1, -1)
        at, offset = self._before
        # A sample that rounding puts just after the edge is meant to lie on it.
        after = np.minimum(at + 1, len(self.times) - 1)
        meant = (self.times[after] > self.edges[:-1]) & (self.times[after] - self.edges[:-1] <= _ROUNDING)
        at, offset = np.where(meant, after, at), np.where(meant, 0.0, offset)
        return np.where((offset >= 0) & (self._bridged | (offset < self.own) | meant), at, -1)

    def area_mean(self, values: np.ndarray, *, period: float | None = None) -> np.ndarray:
        """Mean over each bin of the line through the values ``(n,)``; NaN where less than half was seen."""
        if not len(self.times):
            return np.full(len(self.edges) - 1, np.nan)
        path = _unrolled(values, period)
        # Around its middle, so that the difference of two long integrals keeps its digits.
        middle = float(np.mean(path))
        height = (path - middle)[self._node_sample]
        length = np.diff(self._node_times)
        rise = np.divide(np.diff(height), length, out=np.zeros_like(length), where=length > 0)
        pieces = np.where(self._covered, (height[:-1] + height[1:]) / 2 * length, 0.0)
        before = np.concatenate(([0.0], np.cumsum(pieces)))
        at, into = self._node_lookup
        area = before[at] + np.where(self._covered[at], (height[at] + rise[at] * into / 2) * into, 0.0)
        return _rolled(self._per_observed(np.diff(area)) + middle, values, period)

    def step_mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over each bin of values ``(n,)`` that hold until the next sample: a flag's share of time."""
        if not len(self.times):
            return np.full(len(self.edges) - 1, np.nan)
        starts = self.times - self.lead
        until = np.append(np.where(self._joined, starts[1:], starts[:-1] + self.own), starts[-1] + self.own)
        ends = np.minimum(until, np.append(starts[1:], np.inf))
        seen = _area_under(self.edges, starts, ends, np.ones(len(starts)))
        held = _area_under(self.edges, starts, ends, np.asarray(values, float))
        return np.divide(held, seen, out=np.full(len(seen), np.nan), where=self._enough(seen))

    @cached_property
    def _steps(self) -> np.ndarray:
        return np.diff(self.times)

    @cached_property
    def _joined(self) -> np.ndarray:
        return self._steps <= self.max_gap + _ROUNDING

    @cached_property
    def _before(self) -> tuple[np.ndarray, np.ndarray]:
        """Sample at or before each left edge, and seconds since it (negative before the first)."""
        clock = self.edges[:-1]
        at = np.maximum(np.searchsorted(self.times, clock, side="right") - 1, 0)
        return at, clock - self.times[at]

    @cached_property
    def _nearest(self) -> tuple[np.ndarray, np.ndarray]:
        at, _ = self._before
        after = np.minimum(at + 1, len(self.times) - 1)
        clock = self.edges[:-1]
        near = np.where(np.abs(self.times[after] - clock) < np.abs(self.times[at] - clock), after, at)
        return near, np.abs(self.times[near] - clock)

    @cached_property
    def _bridged(self) -> np.ndarray:
        """Whether each left edge lies between two samples that are no farther apart than `max_gap`."""
        at, offset = self._before
        return np.append(self._joined, False)[at] & (offset >= 0)

    @cached_property
    def _nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Corners of the observed line: time, the sample whose value it has, and whether it ends a run."""
        gap = np.append(np.where(self._joined, 0.0, self._steps), np.inf)
        gap_before = np.concatenate(([np.inf], gap[:-1]))
        share = self.lead / self.own if self.own else 0.0
        head = np.minimum(self.lead, gap_before * share) if self.lead else np.zeros(len(gap))
        tail = np.minimum(self.own - self.lead, gap * (1 - share))
        number = np.arange(len(self.times))
        leads, trails = number[gap_before > 0], number[gap > 0]
        sample = np.concatenate((leads, number, trails))
        time = np.concatenate(((self.times - head)[leads], self.times, (self.times + tail)[trails]))
        place = np.concatenate((3 * leads, 3 * number + 1, 3 * trails + 2))
        order = np.argsort(place, kind="stable")
        return time[order], sample[order], (place % 3 == 2)[order]

    @property
    def _node_times(self) -> np.ndarray:
        return self._nodes[0]

    @property
    def _node_sample(self) -> np.ndarray:
        return self._nodes[1]

    @cached_property
    def _covered(self) -> np.ndarray:
        return ~self._nodes[2][:-1]

    @cached_property
    def _node_lookup(self) -> tuple[np.ndarray, np.ndarray]:
        """Piece of the line that each edge falls into, and how far into it (s)."""
        nodes = self._node_times
        at = np.clip(np.searchsorted(nodes, self.edges, side="right") - 1, 0, len(nodes) - 2)
        return at, np.clip(self.edges - nodes[at], 0.0, nodes[at + 1] - nodes[at])

    @cached_property
    def _observed(self) -> np.ndarray:
        """Observed seconds of each bin."""
        before = np.concatenate(([0.0], np.cumsum(np.where(self._covered, np.diff(self._node_times), 0.0))))
        at, into = self._node_lookup
        return np.diff(before[at] + np.where(self._covered[at], into, 0.0))

    def _per_observed(self, area: np.ndarray) -> np.ndarray:
        enough = self._enough(self._observed)
        return np.divide(area, self._observed, out=np.full(len(area), np.nan), where=enough)

    def _enough(self, seconds: np.ndarray) -> np.ndarray:
        return (seconds > 0) & (seconds >= MINIMUM_COVERAGE * np.diff(self.edges) - _ROUNDING)


def coverage(edges: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Fraction of each bin that lies in at least one interval.

    Parameters
    ----------
    edges
        Edges of the bins, ``(bins + 1,)`` s.
    starts, ends
        Half-open intervals ``[start, end)``, ``(n,)`` s, in any order, overlapping or not.

    Returns
    -------
    numpy.ndarray
        ``(bins,)``, 0 to 1.

    Examples
    --------
    >>> coverage(np.array([0.0, 1.0, 2.0]), np.array([0.5]), np.array([1.25])).tolist()
    [0.5, 0.25]
    """
    if not len(starts):
        return np.zeros(len(edges) - 1)
    order = np.argsort(starts, kind="stable")
    starts, ends = np.asarray(starts, float)[order], np.asarray(ends, float)[order]
    reach = np.maximum.accumulate(ends)
    first = np.concatenate(([True], starts[1:] > reach[:-1]))
    last = np.append(first[1:], True)
    seconds = _area_under(edges, starts[first], reach[last], np.ones(int(first.sum())))
    return np.clip(seconds / np.diff(edges), 0.0, 1.0)


def interval_mean(edges: np.ndarray, starts: np.ndarray, ends: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean value over the part of each bin that intervals cover, weighted by time; NaN where none does."""
    known = np.isfinite(values)
    starts, ends, values = starts[known], ends[known], values[known]
    weight = _area_under(edges, starts, ends, np.ones(len(starts)))
    total = _area_under(edges, starts, ends, values)
    return np.divide(total, weight, out=np.full(len(weight), np.nan), where=weight > _ROUNDING)


def interval_at(clock: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Index of the interval that holds each instant, of several the one that started last; −1 for none."""
    if not len(starts):
        return np.full(len(clock), -1)
    order = np.argsort(starts, kind="stable")
    at = np.searchsorted(starts[order], clock + _ROUNDING, side="right") - 1
    index = order[np.maximum(at, 0)]
    return np.where((at >= 0) & (clock < ends[index] - _ROUNDING), index, -1)


def _area_under(edges: np.ndarray, starts: np.ndarray, ends: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Integral over each bin of the sum of boxes ``[start, end)`` of the given heights."""
    if not len(starts):
        return np.zeros(len(edges) - 1)
    corners = np.concatenate((starts, ends))
    change = np.concatenate((heights, -heights))
    order = np.argsort(corners, kind="stable")
    corners = corners[order]
    level = np.cumsum(change[order])[:-1]
    area = np.concatenate(([0.0], np.cumsum(level * np.diff(corners))))
    return np.diff(np.interp(edges, corners, area))


def _unrolled(values: np.ndarray, period: float | None) -> np.ndarray:
    """A circular quantity as a path without jumps, each step the short way round."""
    values = np.asarray(values, float)
    return values if period is None or not len(values) else np.unwrap(values, period=period)


def _rolled(path: np.ndarray, values: np.ndarray, period: float | None) -> np.ndarray:
    """The path back in the turn that the given values use: signed when any of them is negative."""
    if period is None or not len(values):
        return path
    low = -period / 2 if np.min(values) < 0 else 0.0
    return low + np.mod(path - low, period)
