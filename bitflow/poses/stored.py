"""Poses of a recording that stay in its store: read a stretch at a time, on a uniform clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.poses.facts import PoseFacts
from bitflow.poses.series import PoseSeries, equally_spaced, instants, rate_of
from bitflow.poses.table import read_clock, read_facts, stretches_of

if TYPE_CHECKING:
    from bitflow.store import Recording


@dataclass(frozen=True, eq=False)
class StoredPoses:
    """Poses of which only the clock is in memory.

    Parameters
    ----------
    recording
        That has them.
    facts
        Names, skeleton, scale.
    frames, time
        ``(T,)`` numbers of the frames, and their times in s.
    """

    recording: Recording
    facts: PoseFacts
    frames: NDArray[np.int64]
    time: NDArray[np.float64]

    @classmethod
    def of(cls, recording: Recording) -> StoredPoses:
        """The poses of a recording; errors as of `read_poses`."""
        return cls(recording, read_facts(recording), *read_clock(recording))

    def __len__(self) -> int:
        return len(self._clock) if self._between else len(self.time)

    @property
    def tracks(self) -> tuple[int, ...]:
        """Every animal's number."""
        return tuple(range(len(self.facts.animals)))

    @property
    def animals(self) -> tuple[str, ...]:
        """Names of the animals."""
        return self.facts.animals

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the keypoints."""
        return self.facts.keypoints

    @cached_property
    def rate(self) -> float:
        """Frames a second, as of `PoseSeries`."""
        return rate_of(self.frames, self.time, self.facts.fps)

    @cached_property
    def _between(self) -> bool:
        """Whether the frames are not equally spaced, so that poses between them are needed."""
        return not equally_spaced(self.time, self.rate)

    @cached_property
    def _clock(self) -> NDArray[np.float64]:
        return instants(self.time, self.rate)

    def spans(self, size: int, reach: int) -> Iterator[PoseSeries]:
        """Stretches of so many instants of the uniform clock, each with `reach` more on either side where there are.

        On unequally spaced frames they are what `PoseSeries.on_clock` makes of all of them.
        """
        count = len(self)
        spans = [(max(0, first - reach), min(count, first + size + reach)) for first in range(0, count, size)]
        if not self._between:
            for (start, _), poses in zip(
                spans, stretches_of(self.recording, self.frames, self.time, spans), strict=True
            ):
                yield on_uniform_clock(poses, float(self.time[0]), self.rate, start)
            return
        needed: list[tuple[int, int]] = []
        for start, stop in spans:
            after = np.clip(np.searchsorted(self.time, self._clock[[start, stop - 1]] + 1e-9), 1, len(self.time) - 1)
            needed.append((int(after[0]) - 1, int(after[1]) + 1))
        stretches = stretches_of(self.recording, self.frames, self.time, needed)
        for (start, stop), poses in zip(spans, stretches, strict=True):
            between = poses.at(self._clock[start:stop], rate=self.rate)
            yield on_uniform_clock(between, float(self.time[0]), self.rate, start)


def on_uniform_clock(poses: PoseSeries, start: float, rate: float, first: int) -> PoseSeries:
    """A stretch from sample `first` on of a uniform clock that begins at `start` s, with that clock's own times."""
    at = np.arange(first, first + len(poses))
    return replace(poses, frames=at, time=start + at / rate, facts=replace(poses.facts, fps=rate))
