"""Where one thing that an animal does ends and the next begins, cut too often rather than too seldom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.models.segmentation.features import FEATURE_HZ

Array = NDArray[np.floating]

LOOK_S = 0.4
SHORTEST_S = 0.3
PROMINENCE = 0.15
SPREAD_WEIGHT = 0.3


@dataclass(frozen=True, eq=False)
class Pieces:
    """Stretches of one animal between changes, end to end.

    Parameters
    ----------
    edges
        ``(n + 1,)`` rows at which pieces begin, and the end of the last.
    novelty
        ``(n,)`` how much changed where each piece begins, as a share of all instants that changed less; NaN for the
        first.
    """

    edges: NDArray[np.int64]
    novelty: Array

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Rows of each piece."""
        return np.diff(self.edges)


def novelty_of(coordinates: Array) -> Array:
    """Distance ``(n,)`` between what follows and what went before within 0.4 s, coordinates ``(n, d)``."""
    look = round(LOOK_S * FEATURE_HZ)
    n = len(coordinates)
    total = np.concatenate([np.zeros((1, coordinates.shape[1])), np.cumsum(coordinates, axis=0, dtype=float)])
    found = np.zeros(n)
    if n >= 2 * look:
        change = total[2 * look :] - total[look:-look]
        change -= total[look:-look]
        change += total[: -2 * look]
        size = np.sqrt(np.einsum("nd,nd->n", change, change)) / look
        found[look : look + len(size)] = size
    return found


def pieces_of(coordinates: Array) -> Pieces:
    """Cut one animal's coordinates ``(n, d)`` at peaks of novelty that stand out of their surroundings."""
    from scipy.signal import find_peaks

    novelty = novelty_of(coordinates)
    usual = float(np.median(novelty)) if len(novelty) else 0.0
    peaks = np.empty(0, np.int64)
    if usual > 0:
        peaks, _ = find_peaks(
            novelty, height=usual, prominence=PROMINENCE * usual, distance=max(1, round(SHORTEST_S * FEATURE_HZ))
        )
    ranks = np.searchsorted(np.sort(novelty), novelty[peaks]) / max(1, len(novelty))
    return Pieces(np.concatenate(([0], peaks, [len(coordinates)])), np.concatenate(([np.nan], ranks)))


def piece_vectors(coordinates: Array, pieces: Pieces) -> Array:
    """Mean and a share of the spread of the coordinates in each piece, ``(pieces, 2 d)``."""
    length = pieces.lengths[:, None]
    starts = pieces.edges[:-1]
    mean = np.add.reduceat(coordinates, starts, axis=0, dtype=float) / length
    square = np.add.reduceat(np.square(coordinates), starts, axis=0, dtype=float) / length
    return np.concatenate([mean, SPREAD_WEIGHT * np.sqrt(np.maximum(square - mean**2, 0.0))], axis=1)
