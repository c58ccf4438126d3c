"""Places that a point jumps to and comes back from, and short gaps bridged: nothing looks across the body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import valid_rows

#: A step is unusual from so many median absolute deviations above the median.
MAD_FACTOR = 6.0


def step_limit(positions: NDArray[np.float64], least: float) -> float:
    """Length from which a step of points ``(n, d)`` is a jump: six MADs above the median, never below `least`."""
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=-1)
    steps = steps[np.isfinite(steps)]
    if not len(steps):
        return least
    middle = float(np.median(steps))
    return max(least, middle + MAD_FACTOR * float(np.median(np.abs(steps - middle))))


def excursions(positions: NDArray[np.float64], limit: float, longest: int = 3) -> NDArray[np.bool_]:
    """Samples ``(n,)`` to which points ``(n, d)`` jump and from which they come back.

    Both the step there and the step back are longer than `limit` and go opposite ways, at most `longest` samples
    apart. A jump without return is kept: the animal may have moved, or changed places with another.

    Examples
    --------
    >>> excursions(np.array([[0.0], [1.0], [90.0], [2.0], [3.0], [80.0], [81.0]]), 10.0).tolist()
    [False, False, True, False, False, False, False]
    """
    found = np.zeros(len(positions), bool)
    if len(positions) < 3:
        return found
    steps = np.diff(positions, axis=0)
    far = np.linalg.norm(steps, axis=-1) > limit
    for width in range(1, longest + 1):
        if len(steps) <= width:
            break
        there, back = steps[:-width], steps[width:]
        # Back where it came from: what is left of both steps is shorter than either.
        left = np.linalg.norm(positions[width + 1 :] - positions[: -width - 1], axis=-1)
        returns = (there * back).sum(axis=-1) < 0
        returns &= left < 0.5 * np.linalg.norm(there, axis=-1)
        for first in np.flatnonzero(far[:-width] & far[width:] & returns):
            if far[first] and far[first + width]:
                found[first + 1 : first + 1 + width] = True
                far[first] = far[first + width] = False  # a step leads out of one place only
    return found


def bridged(values: NDArray[np.float64], longest: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Gaps of at most `longest` samples filled by straight lines; nothing before the first or after the last value.

    Parameters
    ----------
    values
        ``(n,)`` or ``(n, k)``; NaN is missing.

    Returns
    -------
    filled, made : numpy.ndarray
        The values, and which samples ``(n,)`` were made up.

    Examples
    --------
    >>> bridged(np.array([np.nan, 1.0, np.nan, 3.0, np.nan, np.nan]), 1)[0].tolist()
    [nan, 1.0, 2.0, 3.0, nan, nan]
    """
    known, here = valid_rows(values), np.arange(len(values))
    before = np.maximum.accumulate(np.where(known, here, -1))
    after = np.minimum.accumulate(np.where(known, here, len(values))[::-1])[::-1]
    made = ~known & (before >= 0) & (after < len(values)) & (after - before - 1 <= longest)
    first, last = before[made], after[made]
    share = (here[made] - first) / (last - first)
    filled = np.array(values, float)
    share = share if values.ndim == 1 else share[:, None]
    filled[made] = filled[first] * (1 - share) + filled[last] * share
    return filled, made
