"""Directions in the picture: angles in deg, positive clockwise on the screen because y points down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.motion import velocity

#: Sectors about an animal, by the signed angle to what lies there.
QUADRANTS = ("front", "right", "back", "left")


def wrapped_deg(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles brought to (−180, 180].

    Examples
    --------
    >>> wrapped_deg(np.array([190.0, -180.0, 540.0])).tolist()
    [-170.0, 180.0, 180.0]
    """
    return 180.0 - np.mod(180.0 - angle, 360.0)


def direction_deg(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction ``(…)`` of vectors ``(…, 2)``: 0 to the right, 90 down; NaN for a vector without length."""
    angle = np.rad2deg(np.arctan2(vectors[..., 1], vectors[..., 0]))
    return np.where(np.linalg.norm(vectors, axis=-1) > 0, wrapped_deg(angle), np.nan)


def signed_angle_deg(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn ``(…)`` from one vector ``(…, 2)`` to another, in (−180, 180]; NaN where either has no length.

    Examples
    --------
    >>> signed_angle_deg(np.array([1.0, 0.0]), np.array([0.0, 1.0])).item()
    90.0
    """
    cross = start[..., 0] * end[..., 1] - start[..., 1] * end[..., 0]
    dot = (start * end).sum(axis=-1)
    lengths = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    return np.where(lengths > 0, wrapped_deg(np.rad2deg(np.arctan2(cross, dot))), np.nan)


def unsigned_angle_deg(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle ``(…)`` between vectors ``(…, d)``, 0 (same way) to 180 (opposite)."""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (first * second).sum(axis=-1) / np.where(lengths > 0, lengths, np.nan)
    return np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0)))


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors ``(…, d)`` of length 1; NaN where there is no length."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, np.nan)


def turning_rate(angles: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Angular velocity ``(n, …)`` deg/s of directions ``(n, …)`` deg, the short way round at every step.

    Central as `velocity` is: the mean of the turns before and after.
    """
    turns = wrapped_deg(np.diff(angles, axis=0))
    found = np.full(angles.shape, np.nan)
    if len(angles) > 1:
        found[1:-1] = (turns[1:] + turns[:-1]) * (rate / 2)
        found[0], found[-1] = turns[0] * rate, turns[-1] * rate
    return found


def turning_angles(positions: NDArray[np.float64], min_step: float = 0.0) -> NDArray[np.float64]:
    """Angle ``(n, …)`` deg between each step and the one before it, of points ``(n, …, 2)``.

    The first two are NaN, and so is a turn out of or into a step not longer than `min_step`: the direction of such
    a step is noise.
    """
    found = np.full(positions.shape[:-1], np.nan)
    if len(positions) > 2:
        steps = np.diff(positions, axis=0)
        steps = np.where((np.linalg.norm(steps, axis=-1) > min_step)[..., None], steps, np.nan)
        found[2:] = signed_angle_deg(steps[:-1], steps[1:])
    return found


def movement_direction(positions: NDArray[np.float64], rate: float, slowest: float) -> NDArray[np.float64]:
    """Direction of movement ``(n, …)`` deg; NaN where the speed is below `slowest`, in units a second."""
    moving = velocity(positions, rate)
    fast = np.linalg.norm(moving, axis=-1) >= slowest
    return np.where(fast, direction_deg(moving), np.nan)


def quadrant(angle: NDArray[np.float64]) -> NDArray[np.int8]:
    """Number in `QUADRANTS` of signed angles: front to 30°, right 30 to 150°, back, left; −1 where not known."""
    size = np.abs(angle)
    found = np.where(size <= 30, 0, np.where(size >= 150, 2, np.where(angle > 0, 1, 3)))
    return np.where(np.isfinite(angle), found, -1).astype(np.int8)
