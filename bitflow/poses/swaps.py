"""Instants at which two animals may have changed names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.poses.kinematics import body_lengths, centre
from bitflow.poses.series import PoseSeries

#: Exchanging two names must shorten the way of both by this share, and by this many body lengths.
SHORTER_BY = 0.5
LEAST_BL = 1.0


def possible_swaps(poses: PoseSeries) -> NDArray[np.bool_]:
    """Pairs whose names seem exchanged from a frame on, ``(T, A, A)``, symmetric.

    True at t where giving each the other's place shortens the way of both centres from the frame before by more than
    half and by more than one body length. Only flagged: who is who cannot be read from two frames. `unswapped`
    exchanges.
    """
    place = centre(poses)
    found = np.zeros((len(poses), place.shape[1], place.shape[1]), bool)
    if len(poses) < 2:
        return found
    scale = np.nanmean(body_lengths(poses)) if np.isfinite(poses.points).any() else np.nan
    for a in range(place.shape[1]):
        for b in range(a + 1, place.shape[1]):
            kept = _way(place[:, a], place[:, a]) + _way(place[:, b], place[:, b])
            exchanged = _way(place[:, a], place[:, b]) + _way(place[:, b], place[:, a])
            saved = kept - exchanged
            with np.errstate(invalid="ignore"):
                found[1:, a, b] = found[1:, b, a] = (saved > SHORTER_BY * kept) & (saved > LEAST_BL * scale)
    return found


def unswapped(poses: PoseSeries) -> PoseSeries:
    """The poses with names exchanged from every possible swap on."""
    swaps = possible_swaps(poses)
    order = np.tile(np.arange(len(poses.tracks)), (len(poses), 1))
    current = np.arange(len(poses.tracks))
    changes = set(np.flatnonzero(swaps.any(axis=(1, 2))).tolist())
    for t in range(len(poses)):
        if t in changes:
            for a, b in np.argwhere(np.triu(swaps[t])):
                at, bt = np.flatnonzero(current == a)[0], np.flatnonzero(current == b)[0]
                current = current.copy()
                current[at], current[bt] = b, a
        order[t] = current
    rows = np.arange(len(poses))[:, None]
    return PoseSeries(
        poses.frames, poses.time, poses.points[rows, order], poses.confidence[rows, order], poses.facts, poses.tracks
    )


def _way(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(after[1:] - before[:-1], axis=-1)
