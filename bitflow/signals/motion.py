"""Velocity, acceleration and energy of points, by central differences that never reach across a gap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import known_points


def velocity(positions: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Rate of change at each sample: central difference, one-sided at the ends.

    Parameters
    ----------
    positions
        ``(n, …)``; NaN is missing.
    rate
        Samples a second, Hz.

    Returns
    -------
    numpy.ndarray
        Same shape, per second; NaN where the sample or a neighbour is missing.

    Examples
    --------
    >>> velocity(np.array([0.0, 1.0, 4.0, np.nan]), 2.0).tolist()
    [2.0, 4.0, nan, nan]
    """
    found = np.full(positions.shape, np.nan)
    if len(positions) < 2:
        return found
    found[1:-1] = (positions[2:] - positions[:-2]) * (rate / 2)
    found[0] = (positions[1] - positions[0]) * rate
    found[-1] = (positions[-1] - positions[-2]) * rate
    found[~np.isfinite(positions)] = np.nan
    return found


def speeds(positions: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Length of the velocity of points ``(n, …, d)``: ``(n, …)``."""
    return np.linalg.norm(velocity(positions, rate), axis=-1)


def acceleration(positions: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Rate of change of the velocity, same shape as the points ``(n, …, d)``.

    Noise of the points grows with the square of the rate here: smooth them first (`savgol_smoothed`).
    """
    return velocity(velocity(positions, rate), rate)


def kinetic_energy(
    points: NDArray[np.float64], rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Energy of points of equal mass 1, taken apart as movement of the whole and within it.

    Parameters
    ----------
    points
        ``(n, …, k, d)``.

    Returns
    -------
    total, translational, internal : numpy.ndarray
        ``(n, …)``; half the sum of squared speeds of the known points, that of all moving as their mean does, and
        the difference. NaN where fewer than 2 points have a velocity. High internal and low translational energy is
        what grooming looks like, the other way round walking.
    """
    moving = velocity(points, rate)
    known = known_points(moving)
    count = known.sum(axis=-1)
    safe = np.where(known[..., None], moving, 0.0)
    mean = safe.sum(axis=-2) / np.maximum(count, 1)[..., None]
    total = 0.5 * np.square(safe).sum(axis=(-2, -1))
    whole = 0.5 * count * np.square(mean).sum(axis=-1)
    enough = count >= 2
    return (
        np.where(enough, total, np.nan),
        np.where(enough, whole, np.nan),
        np.where(enough, np.maximum(total - whole, 0.0), np.nan),
    )
