"""Formants: resonances of the vocal tract, from linear prediction.

Burg's method on pre-emphasised sound below 5.5 kHz, roots of the predictor (Markel & Gray 1976, "Linear
Prediction of Speech"; Burg 1975).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .framing import centre_samples, odd_length, windows_at

RATE_HZ = 11000
"""Sound is resampled to this for the prediction: five formants are expected below 5.5 kHz."""

ORDER = 10
WINDOW_S = 0.05
PRE_EMPHASIS_HZ = 50.0
LOWEST_HZ = 90.0
WIDEST_HZ = 700.0
HIGHEST_FIRST_HZ = 1500.0
"""No vowel has its first resonance above this: there the first one was missed, and the others are misnumbered."""

COUNT = 3

_MARGIN_HZ = 50.0


def formants(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    *,
    start: float = 0.0,
    sample_rate_hz: int,
    count: int = COUNT,
) -> NDArray[np.float32]:
    """Frequencies of the first resonances at each time.

    Parameters
    ----------
    samples : np.ndarray
        Shape (m,), full scale ±1.
    times : np.ndarray
        Shape (n,), window centres, s. Meaningful in voiced sound only.
    start : float
        Time of sample 0, s.
    sample_rate_hz : int
        Sample rate, Hz, at least 11 kHz.
    count : int
        Formants wanted.

    Returns
    -------
    np.ndarray
        Shape (n, count), Hz, ascending; NaN where fewer resonances are narrower than 700 Hz.
    """
    if not len(times):
        return np.zeros((0, count), dtype=np.float32)
    narrow = narrow_band(samples, sample_rate_hz=sample_rate_hz)
    length = odd_length(WINDOW_S, RATE_HZ)
    window = _gaussian(length)
    found = []
    for i in range(0, len(times), 500):
        centres = centre_samples(times[i : i + 500], start=start, sample_rate_hz=RATE_HZ)
        predictor = _burg(windows_at(narrow, centres, length) * window, ORDER)
        found.append(_resonances(predictor, count))
    return np.concatenate(found)


def narrow_band(samples: NDArray[np.float32], *, sample_rate_hz: int) -> NDArray[np.float32]:
    """Pre-emphasised sound at 11 kHz; sample k stays at k / 11000 s after the first."""
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(RATE_HZ, sample_rate_hz)
    narrow = np.asarray(
        resample_poly(np.asarray(samples, dtype=np.float32), RATE_HZ // common, sample_rate_hz // common)
    )
    emphasis = np.float32(np.exp(-2 * np.pi * PRE_EMPHASIS_HZ / RATE_HZ))
    raised = narrow.copy()
    raised[1:] -= emphasis * narrow[:-1]
    return raised.astype(np.float32)


@cache
def _gaussian(length: int) -> NDArray[np.float32]:
    position = (np.arange(length) - length // 2) / (length / 2)
    edge = np.exp(-12.0)
    return ((np.exp(-12.0 * position**2) - edge) / (1.0 - edge)).astype(np.float32)


def _burg(frames: NDArray[np.float32], order: int) -> NDArray[np.float64]:
    """Prediction polynomials, (n, order + 1), leading coefficient 1; NaN for a silent frame."""
    forward, backward = frames[:, 1:], frames[:, :-1]
    predictor = np.zeros((len(frames), order + 1))
    predictor[:, 0] = 1.0
    for k in range(order):
        energy = np.einsum("ij,ij->i", forward, forward) + np.einsum("ij,ij->i", backward, backward)
        with np.errstate(divide="ignore", invalid="ignore"):
            reflection = -2.0 * np.einsum("ij,ij->i", forward, backward) / energy
        reversed_ = predictor[:, k + 1 :: -1] if k + 1 <= order else predictor[:, ::-1]
        predictor[:, : k + 2] = predictor[:, : k + 2] + reflection[:, None] * reversed_
        step = reflection.astype(np.float32)[:, None]
        forward, backward = forward + step * backward, backward + step * forward
        forward, backward = forward[:, 1:], backward[:, :-1]
    return predictor


def _resonances(predictor: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    n, order = len(predictor), predictor.shape[1] - 1
    result = np.full((n, count), np.nan, dtype=np.float32)
    usable = np.isfinite(predictor).all(axis=1)
    if not usable.any():
        return result
    companion = np.zeros((int(usable.sum()), order, order))
    companion[:, 0, :] = -predictor[usable, 1:]
    companion[:, np.arange(1, order), np.arange(order - 1)] = 1.0
    roots = np.linalg.eigvals(companion)
    frequency = np.angle(roots) * RATE_HZ / (2 * np.pi)
    bandwidth = -np.log(np.maximum(np.abs(roots), 1e-9)) * RATE_HZ / np.pi
    resonant = (frequency > LOWEST_HZ) & (frequency < RATE_HZ / 2 - _MARGIN_HZ) & (bandwidth < WIDEST_HZ)
    ordered = np.sort(np.where(resonant, frequency, np.inf), axis=1)[:, :count]
    ordered[ordered[:, 0] > HIGHEST_FIRST_HZ] = np.inf
    result[usable] = np.where(np.isfinite(ordered), ordered, np.nan)
    return result
