"""Faces followed from picture to picture where a tool gives them in no stable order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_OVERLAP = 0.3
_LONGEST_GAP_S = 1.0


def overlap_tracks(
    frames: NDArray[np.int64], times: NDArray[np.float64], boxes: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Tracks of faces by how much their boxes overlap with where they were last.

    Parameters
    ----------
    frames, times
        ``(n,)``, ascending.
    boxes
        ``(n, 4)`` x, y, width, height, px.

    Returns
    -------
    numpy.ndarray
        ``(n,)``; a face that overlaps with none seen within 1 s begins a track.
    """
    tracks = np.full(len(frames), -1, np.int32)
    last: dict[int, int] = {}
    starts = np.flatnonzero(np.diff(frames, prepend=-1))
    for first, end in zip(starts, [*starts[1:], len(frames)], strict=True):
        here = np.arange(first, end)
        known = [track for track, row in last.items() if times[first] - times[row] <= _LONGEST_GAP_S]
        overlaps = _overlap(boxes[here], boxes[[last[track] for track in known]]) if known else np.zeros((len(here), 0))
        # The pair that overlaps most is settled first.
        for place in np.argsort(-overlaps, axis=None):
            row, column = np.unravel_index(place, overlaps.shape)
            if overlaps[row, column] < _LEAST_OVERLAP:
                break
            if tracks[here[row]] < 0 and known[column] not in tracks[here]:
                tracks[here[row]] = known[column]
        for row in here:
            if tracks[row] < 0:
                tracks[row] = max(last, default=-1) + 1
            last[int(tracks[row])] = int(row)
    return tracks


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union ``(n, m)``."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=2)
    union = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None] - shared
    return shared / np.maximum(union, 1e-9)
