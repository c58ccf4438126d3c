"""Poses in memory: one dense value on the frames' own clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import SchemaError, UsageError
from bitflow.poses.facts import PoseFacts
from bitflow.signals.cleaning import known_points

#: Frames count as equally spaced when none is off by more than this share of a frame.
UNIFORM_SLACK = 0.25


@dataclass(frozen=True, eq=False)
class PoseSeries:
    """Poses of one recording, or of a stretch of it.

    Parameters
    ----------
    frames
        ``(T,)`` numbers of the video's frames, ascending.
    time
        ``(T,)`` s on the media clock.
    points
        ``(T, A, K, D)`` px; NaN where a point is missing, in all its coordinates.
    confidence
        ``(T, A, K)`` as the source has it; NaN where it has none.
    facts
        Names of animals and keypoints, skeleton, scale.
    tracks
        ``(A,)`` track of each animal on the second axis: the number in the store, and the place of its name in
        ``facts.animals``.

    Examples
    --------
    >>> facts = PoseFacts(keypoints=("nose", "tail_base"), animals=("mouse",))
    >>> points = np.array([[[[0.0, 0.0], [3.0, 4.0]]], [[[np.nan, 1.0], [3.0, 4.0]]]])
    >>> poses = PoseSeries.of(points, facts, rate=10.0)
    >>> poses.valid[:, 0].tolist(), poses.point("tail_base")[0, 0].tolist()
    ([[True, True], [False, True]], [3.0, 4.0])
    """

    frames: NDArray[np.int64]
    time: NDArray[np.float64]
    points: NDArray[np.float64]
    confidence: NDArray[np.float32]
    facts: PoseFacts
    tracks: tuple[int, ...]

    def __post_init__(self) -> None:
        expected = (len(self.frames), len(self.tracks), len(self.facts.keypoints), self.facts.dimensions)
        if self.points.shape != expected or self.confidence.shape != expected[:3] or len(self.time) != expected[0]:
            raise SchemaError(
                f"poses of shape {expected} expected, points of {self.points.shape}, confidence of "
                f"{self.confidence.shape} and {len(self.time)} times came"
            )

    @classmethod
    def of(
        cls,
        points: NDArray[np.float64],
        facts: PoseFacts,
        *,
        rate: float | None = None,
        time: NDArray[np.float64] | None = None,
        confidence: NDArray[np.floating] | None = None,
    ) -> PoseSeries:
        """Poses of all animals, frames counted from 0, at a constant rate (Hz) or at given times (s)."""
        n = len(points)
        if (rate is None) == (time is None):
            raise UsageError("poses need either a rate in Hz or the times of their frames")
        clock = np.arange(n) / rate if rate is not None else np.asarray(time, float)
        given = np.full(points.shape[:3], np.nan, np.float32) if confidence is None else confidence.astype(np.float32)
        whole = np.where(np.isfinite(points).all(axis=-1, keepdims=True), points, np.nan)
        if rate is not None and facts.fps is None:
            facts = replace(facts, fps=float(rate))
        return cls(np.arange(n), clock, whole, given, facts, tuple(range(len(facts.animals))))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def animals(self) -> tuple[str, ...]:
        """Names of the animals on the second axis."""
        return tuple(self.facts.animals[track] for track in self.tracks)

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the keypoints on the third axis."""
        return self.facts.keypoints

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Where a point is known, ``(T, A, K)``."""
        return known_points(self.points)

    @property
    def rate(self) -> float:
        """Frames a second: the inverse of the median step of `time`, or the nominal rate where there is no step."""
        return rate_of(self.frames, self.time, self.facts.fps)

    @property
    def uniform(self) -> bool:
        """Whether the frames are equally spaced in time, so that sample i lies at ``time[0] + i / rate``."""
        return equally_spaced(self.time, self.rate)

    def point(self, name: str) -> NDArray[np.float64]:
        """One keypoint of every animal, ``(T, A, D)``; UsageError with the nearest name when there is none."""
        return self.points[:, :, self.facts.keypoint(name)]

    def of_animals(self, names: Iterable[str]) -> PoseSeries:
        """The animals of these names, in this order."""
        wanted = [self.facts.animal(name) for name in names]
        absent = [self.facts.animals[track] for track in wanted if track not in self.tracks]
        if absent:
            raise UsageError(f"animal {absent[0]!r} is not in these poses; there are {', '.join(self.animals)}")
        places = [self.tracks.index(track) for track in wanted]
        return replace(self, points=self.points[:, places], confidence=self.confidence[:, places], tracks=tuple(wanted))

    def rows(self, chosen: slice) -> PoseSeries:
        """A stretch of frames, by their places on the first axis."""
        return replace(
            self,
            frames=self.frames[chosen],
            time=self.time[chosen],
            points=self.points[chosen],
            confidence=self.confidence[chosen],
        )

    def with_points(self, points: NDArray[np.float64]) -> PoseSeries:
        """The same poses with other coordinates ``(T, A, K, D)``: cleaned, smoothed, shifted."""
        return replace(self, points=points)

    def on_clock(self, rate: float, *, max_gap: float = 0.25) -> PoseSeries:
        """The poses at equally spaced instants, from the first frame's on.

        Parameters
        ----------
        rate
            Instants a second, Hz.
        max_gap
            Longest distance between two known places (s) over which a point is interpolated.
        """
        if not rate > 0:
            raise UsageError(f"a clock needs a positive rate in Hz, not {rate}")
        if len(self) < 2:
            return self
        return self.at(instants(self.time, rate), max_gap=max_gap, rate=rate)

    def at(self, clock: NDArray[np.float64], *, rate: float, max_gap: float = 0.25) -> PoseSeries:
        """The poses at the instants ``clock`` (s), `rate` of them a second; `max_gap` as of `on_clock`."""
        after = np.clip(np.searchsorted(self.time, clock + 1e-9), 1, len(self) - 1)
        before = after - 1
        step = self.time[after] - self.time[before]
        share = np.clip((clock - self.time[before]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
        near = np.where(share < 0.5, before, after)
        between = (step <= max_gap + 1e-9) & (share > 1e-6) & (share < 1 - 1e-6)
        weight = share[:, None, None, None]
        mixed = self.points[before] * (1 - weight) + self.points[after] * weight
        exact = (share <= 1e-6) | (share >= 1 - 1e-6)
        points = np.where(between[:, None, None, None], mixed, np.nan)
        points[exact] = self.points[near[exact]]
        confidence = np.where((between | exact)[:, None, None], self.confidence[near], np.nan).astype(np.float32)
        return PoseSeries(np.arange(len(clock)), clock, points, confidence, replace(self.facts, fps=rate), self.tracks)


def rate_of(frames: NDArray[np.int64], time: NDArray[np.float64], nominal: float | None) -> float:
    """Frames a second of frames ``(T,)`` at times ``(T,)`` s: see `PoseSeries.rate`."""
    steps = np.diff(time) / np.maximum(np.diff(frames), 1)
    if len(steps) and np.median(steps) > 0:
        measured = float(1 / np.median(steps))
        return nominal if nominal is not None and abs(measured - nominal) < 1e-3 * nominal else measured
    if nominal is None:
        raise UsageError("one frame without a frame rate has no rate")
    return nominal


def equally_spaced(time: NDArray[np.float64], rate: float) -> bool:
    """Whether times ``(T,)`` s lie at ``time[0] + i / rate``, none off by more than `UNIFORM_SLACK` of a frame."""
    if len(time) < 2:
        return True
    return bool(np.abs(time - (time[0] + np.arange(len(time)) / rate)).max() * rate <= UNIFORM_SLACK)


def instants(time: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Equally spaced instants from the first of some times on to the last, s."""
    return time[0] + np.arange(int(np.floor((time[-1] - time[0]) * rate + 1e-6)) + 1) / rate
