"""Valid stretches of a sampled signal, and cleaning that never reaches across a gap.

Missing is NaN. A signal of several channels is missing at an instant when any channel is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def valid_rows(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Instants at which every channel is known: ``(n,)`` from ``(n,)`` or ``(n, k)``."""
    finite = np.isfinite(values)
    return finite if finite.ndim == 1 else np.asarray(finite.all(axis=tuple(range(1, finite.ndim))))


def known_points(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Points of which every coordinate is known: ``(…)`` from ``(…, d)``."""
    return np.asarray(np.isfinite(points).all(axis=-1))


def runs(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """First index and index after the last of each stretch of true.

    Parameters
    ----------
    flags
        ``(n,)``.

    Returns
    -------
    numpy.ndarray
        ``(runs, 2)``, half-open, in order.

    Examples
    --------
    >>> runs(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.diff(np.concatenate(([0], np.asarray(flags, np.int8), [0])))
    return np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Number of samples in the longest stretch of true.

    Examples
    --------
    >>> longest_run(np.array([True, True, False, True]))
    2
    """
    found = runs(flags)
    return int((found[:, 1] - found[:, 0]).max()) if len(found) else 0


def median_filtered(values: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Running median over an odd number of samples, each valid stretch for itself.

    Parameters
    ----------
    values
        ``(n,)`` or ``(n, k)``; NaN is missing and stays so.
    samples
        Window; even numbers are raised by one, one or less changes nothing.
    """
    from scipy.ndimage import median_filter

    width = samples | 1
    if width <= 1:
        return values
    result = values.copy()
    for first, last in runs(valid_rows(values)):
        size = width if values.ndim == 1 else (width, 1)
        result[first:last] = median_filter(values[first:last], size=size, mode="nearest")
    return result


def held_state(on: NDArray[np.bool_], off: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """State that `on` sets, `off` clears, and that holds in between; `off` wins where both are true.

    Examples
    --------
    >>> held_state(np.array([0, 1, 0, 0], bool), np.array([0, 0, 0, 1], bool)).tolist()
    [False, True, True, False]
    """
    command = np.where(off, -1, np.where(on, 1, 0))
    last = np.maximum.accumulate(np.where(command != 0, np.arange(len(command)), -1))
    return (last >= 0) & (command[last] == 1)
