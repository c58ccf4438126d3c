"""Sums, means and extremes of moving windows that do not depend on what lies outside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def moving_sum(values: NDArray, size: int) -> NDArray[np.float64]:
    """Sum of every `size` samples in a row along the first axis, ``(n - size + 1, …)``.

    Windows are put together of sums of 1, 2, 4 … samples: the same samples give the same number to the last bit
    wherever they lie, which a running sum does not, and nothing of a large value is left behind when it has passed.

    Examples
    --------
    >>> moving_sum(np.array([1.0, 2.0, 3.0, 4.0]), 3).tolist()
    [6.0, 9.0]
    """
    count = len(values) - size + 1
    found = np.zeros((max(count, 0), *values.shape[1:]))
    if count <= 0:
        return found
    part, width, taken = np.asarray(values, float), 1, 0
    while width <= size:
        if size & width:
            found += part[taken : taken + count]
            taken += width
        if 2 * width <= size:
            part = part[width:] + part[:-width]
        width *= 2
    return found


def rolling(values: NDArray[np.float64], size: int, stat: str) -> NDArray[np.float64]:
    """Statistic of the known samples of a centred window along the last axis, unknown where the sample itself is.

    Parameters
    ----------
    values
        ``(…, n)``; NaN is missing.
    size
        Samples of the window, odd; at the ends it is shorter.
    stat
        ``mean``, ``sd``, ``min`` or ``max``.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    known = np.isfinite(values)
    if stat in ("max", "min"):
        edge, slide = (-np.inf, maximum_filter1d) if stat == "max" else (np.inf, minimum_filter1d)
        found = slide(np.where(known, values, edge), size, axis=-1, mode="constant", cval=edge)
        return np.where(known, found, np.nan)
    result = np.full(values.shape, np.nan)
    for at in np.ndindex(values.shape[:-1]):
        filled = np.pad(np.where(known[at], values[at], 0.0), size // 2)
        count = moving_sum(np.pad(known[at], size // 2), size)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = moving_sum(filled, size) / count
            if stat == "sd":
                mean = np.sqrt(np.maximum(moving_sum(filled**2, size) / count - mean**2, 0.0))
        result[at] = np.where(known[at], mean, np.nan)
    return result
