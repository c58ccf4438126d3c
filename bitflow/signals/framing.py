"""The 10 ms grid of the voice, and windows of samples centred on it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

HOP_S = 0.01
"""Step of the voice grid, s. Frame k is centred at (k + 0.5) · 10 ms of the media clock."""

# A boundary that lies on the grid but for float noise is taken to lie on it.
_SLACK = 1e-6


def frame_range(start: float, end: float) -> range:
    """Numbers of the 10 ms frames whose centre lies in [start, end).

    Parameters
    ----------
    start, end : float
        Seconds on the media clock.

    Returns
    -------
    range

    Examples
    --------
    >>> frame_range(0.0, 0.035)
    range(0, 3)
    >>> frame_range(0.016, 0.045)
    range(2, 4)
    """
    first = math.ceil(start / HOP_S - 0.5 - _SLACK)
    return range(first, max(first, math.ceil(end / HOP_S - 0.5 - _SLACK)))


def frame_times(frames: range) -> NDArray[np.float64]:
    """Centre of each frame of the 10 ms grid, s on the media clock.

    Returns
    -------
    np.ndarray
        Shape (len(frames),), s.
    """
    return (np.arange(frames.start, frames.stop, dtype=np.float64) + 0.5) * HOP_S


def centre_samples(times: NDArray[np.float64], *, start: float, sample_rate_hz: int) -> NDArray[np.int64]:
    """Number of the sample nearest to each time, in samples that begin at `start`.

    Parameters
    ----------
    times : np.ndarray
        Shape (n,), s.
    start : float
        Time of sample 0, s.
    sample_rate_hz : int
        Sample rate, Hz.

    Returns
    -------
    np.ndarray
        Shape (n,). May lie outside the samples.
    """
    # Ties are broken upwards beyond float noise, so that the same instant falls on the same
    # sample however the recording was cut.
    return np.floor((times - start) * sample_rate_hz + 0.5 + 1e-4).astype(np.int64)


def windows_at(samples: NDArray[np.float32], centres: NDArray[np.int64], length: int) -> NDArray[np.float32]:
    """One window of samples around each centre; what lies outside the samples is 0.

    Parameters
    ----------
    samples : np.ndarray
        Shape (m,).
    centres : np.ndarray
        Shape (n,), sample numbers.
    length : int
        Window length in samples, odd, so that the centre is a sample.

    Returns
    -------
    np.ndarray
        Shape (n, length): a copy.
    """
    if length % 2 == 0:
        raise ValueError(f"a window with a centre has an odd length, not {length}")
    half = length // 2
    if centres.size == 0:
        return np.zeros((0, length), dtype=np.float32)
    before = max(0, half - int(centres.min()))
    after = max(0, int(centres.max()) + half + 1 - len(samples))
    padded = np.pad(np.asarray(samples, dtype=np.float32), (before, after)) if before or after else samples
    view = np.lib.stride_tricks.sliding_window_view(padded, length)
    return np.array(view[centres - half + before], dtype=np.float32)


def odd_length(seconds: float, sample_rate_hz: int) -> int:
    """Odd number of samples nearest to a duration.

    Examples
    --------
    >>> odd_length(0.025, 16000)
    401
    """
    return 2 * round(seconds * sample_rate_hz / 2) + 1
