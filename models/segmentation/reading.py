"""Features of whole recordings out of a store, a few minutes of poses at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import StoreError
from bitflow.models.segmentation.body import Bodies, bodies_of, on_working_clock, scales_of
from bitflow.models.segmentation.features import FEATURE_HZ, Features, features_of
from bitflow.poses import PoseSeries, stream_poses
from bitflow.poses.kinematics import length
from bitflow.poses.table import BLOCK_FRAMES, read_clock
from bitflow.store import Recording

Array = NDArray[np.float64]

OVERLAP_FRAMES = 120
"""What a block borrows from its neighbours: windows, filters and gaps near its border are whole."""

PROBES, PROBE_FRAMES = 6, 3600
"""Stretches of a recording at most, and frames of them all together."""

_EVERY = 10


@dataclass(frozen=True, eq=False)
class Read:
    """Features of one recording, and what holds for all of it."""

    recording: str
    animals: tuple[str, ...]
    tracks: tuple[int, ...]
    end: float
    scale: Array
    features: Features
    probes: tuple[PoseSeries, ...] = ()
    """Stretches of the poses themselves, spread over the recording: what the clustering is tried on with noise."""

    def without_posture(self) -> Read:
        """The same without the places of the body's points, which only coordinates are made of."""
        return replace(self, features=replace(self.features, posture=self.features.posture[..., :0].copy()))


@dataclass(frozen=True, eq=False)
class Stretch:
    """A few minutes of poses with their surroundings, and the frames of `bodies` that are their own."""

    poses: PoseSeries
    bodies: Bodies
    first: int
    last: int


def stretches(recording: Recording) -> Iterator[Stretch]:
    """A recording's poses and bodies, a few minutes at a time, scaled by the body lengths of the whole recording.

    Raises
    ------
    StoreError
        It has no poses.
    UsageError
        Its poses do not show what the features need; the message says what.
    """
    scale = scale_of(recording)
    for block, own in _blocks(recording):
        working = on_working_clock(block)
        first, last = np.searchsorted(working.time, np.array(own) - 1e-6)
        yield Stretch(block, bodies_of(working, scale), int(first), int(last))


def read_features(recording: Recording) -> Read:
    """Features of a recording; errors as of `stretches`."""
    _, times = read_clock(recording)
    blocks = -(-len(times) // BLOCK_FRAMES)
    every = -(-blocks // PROBES)
    # Room for all of it from the beginning: parts that are joined in the end would need it twice.
    room = int(np.ptp(times) * FEATURE_HZ) + 2 * blocks + 1 if blocks else 0
    whole: list[Any] = []
    filled = 0
    probes: list[PoseSeries] = []
    last: Stretch | None = None
    for number, stretch in enumerate(stretches(recording)):
        found = _halved(features_of(stretch.bodies, first=stretch.first, last=stretch.last))
        parts = [getattr(found, each.name) for each in fields(Features)]
        whole = whole or [np.empty((room, *part.shape[1:]), part.dtype) for part in parts]
        for column, part in zip(whole, parts, strict=True):
            column[filled : filled + len(part)] = part
        filled += len(found)
        if number % every == 0:
            probes.append(stretch.poses.rows(slice(0, PROBE_FRAMES // min(blocks, PROBES))))
        last = stretch
    assert last is not None, "without poses there are no body lengths"
    poses = last.poses
    end = float(poses.time[-1]) + 1 / poses.rate
    features = Features(*(column[:filled] for column in whole))
    return Read(recording.id, poses.animals, poses.tracks, end, last.bodies.scale, features, tuple(probes))


def series_features(poses: PoseSeries, scale: Array | None = None) -> Features:
    """Features of poses in memory."""
    poses = on_working_clock(poses)
    return features_of(bodies_of(poses, scale))


def _halved(found: Features) -> Features:
    """The same in half the memory."""
    return replace(
        found,
        values=found.values.astype(np.float32),
        posture=found.posture.astype(np.float16),
        seen=found.seen.astype(np.float32),
        nearest=found.nearest.astype(np.int8),
    )


def _blocks(recording: Recording) -> Iterator[tuple[PoseSeries, tuple[float, float]]]:
    """Stretches with their surroundings, and the time ``[start, end)`` that is their own."""
    for number, block in enumerate(stream_poses(recording, frames=BLOCK_FRAMES, overlap=OVERLAP_FRAMES)):
        before = OVERLAP_FRAMES if number else 0
        after = before + BLOCK_FRAMES
        end = float(block.time[after]) if after < len(block) else float("inf")
        yield block, (float(block.time[before]), end)


def scale_of(recording: Recording) -> Array:
    """Body lengths over the whole recording, every tenth frame.

    Raises
    ------
    StoreError
        It has no poses.
    """
    lengths = [length(block)[::_EVERY] for block in stream_poses(recording)]
    if not lengths:
        raise StoreError(f"recording {recording.id!r}: its table of poses is empty: there is nothing to segment")
    return scales_of(np.concatenate(lengths))
