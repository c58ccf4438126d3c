"""Zero-phase low-pass and band-pass filters that run inside each valid stretch."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import runs, valid_rows

POSE_CUTOFF_HZ = 6.0
"""Head and body move below this; what is above is jitter of the landmarks (Winter 2009, ch. 3)."""

MOUTH_CUTOFF_HZ = 10.0


def low_passed(values: NDArray[np.float64], rate: float, cutoff: float = POSE_CUTOFF_HZ) -> NDArray[np.float64]:
    """Butterworth low-pass of effective order 4, forward and backward, so that nothing moves in time.

    Parameters
    ----------
    values
        ``(n,)`` or ``(n, k)``; NaN is missing and stays so.
    rate
        Samples a second, Hz.
    cutoff
        Frequency at which half of the power is left by each pass, Hz. At or above 0.45 of the rate nothing
        is done: there is nothing above it to remove.
    """
    if cutoff >= 0.45 * rate:
        return values
    return _filtered(values, _sections(rate, cutoff, None))


def band_passed(values: NDArray[np.float64], rate: float, low: float, high: float) -> NDArray[np.float64]:
    """Butterworth band-pass of effective order 4, forward and backward; arguments as of `low_passed`."""
    return _filtered(values, _sections(rate, low, min(high, 0.45 * rate)))


def high_passed(values: NDArray[np.float64], rate: float, cutoff: float) -> NDArray[np.float64]:
    """What `low_passed` of order 2 would leave out, phase untouched."""
    return _filtered(values, _sections(rate, cutoff, float("inf")))


@cache
def _sections(rate: float, low: float, high: float | None) -> Any:
    from scipy.signal import butter

    if high is None:
        return butter(2, low, "low", fs=rate, output="sos")
    if high == float("inf"):
        return butter(2, low, "high", fs=rate, output="sos")
    return butter(2, (low, high), "band", fs=rate, output="sos")


def _filtered(values: NDArray[np.float64], sections: Any) -> NDArray[np.float64]:
    from scipy.signal import sosfiltfilt

    result = np.array(values, float)
    longest = 3 * (2 * len(sections) + 1)
    for first, last in runs(valid_rows(result)):
        pad = min(longest, last - first - 1)
        if pad > 0:
            result[first:last] = sosfiltfilt(sections, result[first:last], axis=0, padlen=pad)
    return result


def savgol_smoothed(values: NDArray[np.float64], samples: int, order: int = 2) -> NDArray[np.float64]:
    """Savitzky–Golay filter: a polynomial through every window, each valid stretch for itself.

    Parameters
    ----------
    values
        ``(n,)`` or ``(n, k)``; NaN is missing and stays so.
    samples
        Window; even numbers are raised by one. Stretches shorter than the window stay as they are.
    order
        Of the polynomial.
    """
    from scipy.signal import savgol_filter

    width = samples | 1
    if width <= order:
        return values
    result = np.array(values, float)
    for first, last in runs(valid_rows(result)):
        if last - first >= width:
            result[first:last] = savgol_filter(result[first:last], width, order, axis=0)
    return result


def white_noise(values: NDArray[np.float64]) -> float:
    """Standard deviation of what changes from sample to sample without reason: by second differences, robustly.

    Parameters
    ----------
    values
        ``(n,)``; NaN is passed over.

    Returns
    -------
    float
        In the unit of the values; 0 for fewer than four samples in a row.

    Examples
    --------
    >>> noise = 2.0 * np.random.default_rng(0).standard_normal(20_000)
    >>> abs(white_noise(noise + np.linspace(0, 50, 20_000)) - 2.0) < 0.05
    True
    """
    second = np.diff(values, 2)
    second = second[np.isfinite(second)]
    if len(second) < 2:
        return 0.0
    # A normal distribution's median absolute value is 0.6745 of its deviation; second differences have 6 variances.
    return float(np.median(np.abs(second)) / 0.6745 / np.sqrt(6.0))
