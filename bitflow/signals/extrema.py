"""Turning points of a signal that are real: each at least a given height from its neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def turning_points(values: NDArray[np.float64], height: float) -> NDArray[np.int64]:
    """Alternating maxima and minima, neighbours at least `height` apart.

    Parameters
    ----------
    values
        ``(n,)``, no NaN.
    height
        Smallest peak-to-peak difference, in the unit of the values.

    Returns
    -------
    numpy.ndarray
        Indices, ascending; the ends of the signal are no turning points.

    Examples
    --------
    >>> turning_points(np.array([0.0, 5.0, 4.5, 5.2, 0.0, 5.0]), 3.0).tolist()
    [3, 4]
    """
    if len(values) < 3:
        return np.empty(0, np.int64)
    step = np.diff(values)
    moves = np.flatnonzero(step != 0)
    flips = np.flatnonzero(np.diff(np.sign(step[moves])) != 0)
    candidates = np.concatenate(([0], moves[flips] + 1, [len(values) - 1]))
    found: list[int] = []
    direction, best = 0, 0
    low = high = 0
    for index in candidates.tolist():
        value = values[index]
        if direction == 0:
            low = index if value < values[low] else low
            high = index if value > values[high] else high
            if value - values[low] >= height:
                direction, best = 1, index
                found.append(low)
            elif values[high] - value >= height:
                direction, best = -1, index
                found.append(high)
        elif direction * (value - values[best]) >= 0:
            best = index
        elif direction * (values[best] - value) >= height:
            found.append(best)
            direction, best = -direction, index
    return np.array([index for index in found if 0 < index < len(values) - 1], np.int64)
