"""How a signal rises or falls over a recording, with the interval of the slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Blocks that a stretch is cut into: neighbouring samples of one behaviour are no independent witnesses.
BLOCKS = 20
FEWEST_BLOCKS = 5


def slope(values: NDArray[np.float64], at: NDArray[np.int64], rate: float) -> float:
    """Least-squares slope of known samples, per second."""
    return float(np.polyfit(at / rate, values, 1)[0])


def slope_interval(values: NDArray[np.float64], at: NDArray[np.int64], rate: float) -> tuple[float, float] | None:
    """95 % interval of the slope per second, from the scatter of block means about a line; None of too few blocks.

    Samples of behaviour hang together over seconds; means of twenty blocks do so much less.
    """
    if len(at) < FEWEST_BLOCKS:
        return None
    block = np.minimum((at - at[0]) * BLOCKS // max(1, at[-1] - at[0] + 1), BLOCKS - 1)
    count = np.bincount(block, minlength=BLOCKS)
    full = count > 0
    if full.sum() < FEWEST_BLOCKS:
        return None
    means = np.bincount(block, values, BLOCKS)[full] / count[full]
    times = np.bincount(block, at / rate, BLOCKS)[full] / count[full]
    weights = count[full].astype(float)
    middle = np.average(times, weights=weights)
    spread = float((weights * (times - middle) ** 2).sum())
    if spread <= 0:
        return None
    rise = float((weights * (times - middle) * (means - np.average(means, weights=weights))).sum()) / spread
    rest = means - np.average(means, weights=weights) - rise * (times - middle)
    free = len(means) - 2
    error = np.sqrt(float((weights * rest**2).sum()) / free / spread)
    from scipy.stats import t

    half = float(t.ppf(0.975, free)) * error
    centre = slope(values, at, rate)
    return centre - half, centre + half
