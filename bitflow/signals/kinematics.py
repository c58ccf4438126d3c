"""Speeds, and how smooth a movement is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import runs

SPARC_AMPLITUDE = 0.05
SPARC_HIGHEST_HZ = 10.0


def difference(values: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Rate of change from each sample to the next, same shape; NaN next to missing samples and at the end.

    Examples
    --------
    >>> difference(np.array([0.0, 1.0, 3.0]), 2.0).tolist()
    [2.0, 4.0, nan]
    """
    change = np.full(values.shape, np.nan)
    if len(values) > 1:
        change[:-1] = np.diff(values, axis=0) * rate
    return change


def speed(positions: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Length of the velocity ``(n,)`` of points ``(n, d)``."""
    return np.linalg.norm(difference(positions, rate), axis=-1)


def largest_movement(speeds: NDArray[np.float64], *, share: float = 0.05) -> tuple[int, int] | None:
    """The stretch about the highest speed, out to where the speed stops falling.

    Parameters
    ----------
    speeds
        ``(n,)``; NaN is missing.
    share
        Of the peak, below which the speed must fall before its first low point ends the movement. The low point and
        not the share is the end: smoothness depends on the slow beginning and end of a movement.

    Returns
    -------
    tuple of int, or None
        Half-open range of samples; None when nothing moves.
    """
    if not np.isfinite(speeds).any():
        return None
    peak = int(np.nanargmax(speeds))
    if not speeds[peak] > 0:
        return None
    with np.errstate(invalid="ignore"):
        moving = runs(speeds > share * speeds[peak])
    first, last = next((int(a), int(b)) for a, b in moving if a <= peak < b)
    while first > 0 and speeds[first - 1] < speeds[first]:
        first -= 1
    while last < len(speeds) and speeds[last] < speeds[last - 1]:
        last += 1
    return first, last


def log_dimensionless_jerk(velocity: NDArray[np.float64], rate: float) -> float:
    """LDLJ of one movement (Balasubramanian et al. 2015): ``−ln(T³ / v_peak² · ∫ ‖d²v/dt²‖² dt)``.

    Parameters
    ----------
    velocity
        ``(n, d)`` from rest to rest, no gaps.
    rate
        Samples a second, Hz.

    Returns
    -------
    float
        Without unit; nearer to zero is smoother. A minimum-jerk reach gives −ln 204.8 = −5.32 at any duration
        and size.
    """
    v = velocity if velocity.ndim == 2 else velocity[:, None]
    if len(v) < 5:
        return float("nan")
    jerk = np.gradient(np.gradient(v, 1 / rate, axis=0), 1 / rate, axis=0)
    peak = np.linalg.norm(v, axis=1).max()
    squared = np.square(jerk).sum(axis=1)
    integral = float(np.sum((squared[1:] + squared[:-1]) / 2)) / rate
    duration = (len(v) - 1) / rate
    return float(-np.log(duration**3 / peak**2 * integral)) if integral > 0 else float("nan")


def spectral_arc_length(speeds: NDArray[np.float64], rate: float) -> float:
    """SPARC of one movement (Balasubramanian et al. 2012): arc length of the normalised spectrum of its speed.

    Parameters
    ----------
    speeds
        ``(n,)`` from rest to rest, no gaps.
    rate
        Samples a second, Hz.

    Returns
    -------
    float
        Without unit, negative; nearer to zero is smoother. A minimum-jerk reach gives −1.40.
    """
    size = int(2 ** (np.ceil(np.log2(len(speeds))) + 4))
    frequency = np.arange(size) * rate / size
    spectrum = np.abs(np.fft.fft(speeds, size))
    spectrum = spectrum / spectrum.max()
    band = frequency <= SPARC_HIGHEST_HZ
    frequency, spectrum = frequency[band], spectrum[band]
    loud = np.flatnonzero(spectrum >= SPARC_AMPLITUDE)
    frequency, spectrum = frequency[: loud[-1] + 1], spectrum[: loud[-1] + 1]
    if len(frequency) < 2:
        return float("nan")
    along = np.diff(frequency) / (frequency[-1] - frequency[0])
    return float(-np.sum(np.hypot(along, np.diff(spectrum))))
