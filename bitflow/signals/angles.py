"""Rotations of the head: matrices from angles, the angle between two of them, angular velocity.

A rotation has one size, the geodesic angle, whatever axes it is written in (Huynh 2009). Differences of Euler
angles, or of the size of the rotation, have not: a turn from 20° left to 20° right is 40°, not 0°.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rotation_matrices(angles_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrices ``(n, 3, 3)`` from pitch, yaw, roll ``(n, 3)`` in deg: roll first, then pitch, then yaw."""
    pitch, yaw, roll = np.deg2rad(angles_deg).T
    cp, sp, cy, sy, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(yaw), np.sin(yaw), np.cos(roll), np.sin(roll)
    matrix = np.empty((len(angles_deg), 3, 3))
    matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 0, 2] = cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp
    matrix[:, 1, 0], matrix[:, 1, 1], matrix[:, 1, 2] = cp * sr, cp * cr, -sp
    matrix[:, 2, 0], matrix[:, 2, 1], matrix[:, 2, 2] = cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp
    return matrix


def geodesic_deg(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle between rotations ``(n, 3, 3)``, deg, 0 to 180.

    From the distance of the matrices, ‖A − B‖ = 2√2·sin(θ/2), which keeps its digits where the arc cosine of the
    trace loses them.
    """
    distance = np.sqrt(np.square(first - second).sum(axis=(-2, -1)))
    return np.rad2deg(2 * np.arcsin(np.clip(distance / np.sqrt(8), 0, 1)))


def angular_velocity(angles_deg: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Rotation vector from each sample to the next, times the rate.

    Parameters
    ----------
    angles_deg
        ``(n, 3)`` pitch, yaw, roll, deg; NaN is missing.
    rate
        Samples a second, Hz.

    Returns
    -------
    numpy.ndarray
        ``(n, 3)`` deg/s in the camera's axes; NaN where this or the next sample is missing, and at the end.

    Examples
    --------
    >>> turn = np.stack([np.zeros(3), [20.0, 0.0, -20.0], np.zeros(3)], axis=1)
    >>> np.linalg.norm(angular_velocity(turn, 1.0), axis=1).round(6).tolist()
    [20.0, 20.0, nan]
    """
    velocity = np.full((len(angles_deg), 3), np.nan)
    if len(angles_deg) < 2:
        return velocity
    matrix = rotation_matrices(angles_deg)
    step = matrix[1:] @ matrix[:-1].transpose(0, 2, 1)
    angle = np.deg2rad(geodesic_deg(matrix[1:], matrix[:-1]))
    axis = np.stack(
        [step[:, 2, 1] - step[:, 1, 2], step[:, 0, 2] - step[:, 2, 0], step[:, 1, 0] - step[:, 0, 1]], axis=1
    )
    length = np.linalg.norm(axis, axis=1)
    unit = np.divide(axis, length[:, None], out=np.zeros_like(axis), where=length[:, None] > 0)
    velocity[:-1] = np.rad2deg(unit * angle[:, None]) * rate
    velocity[:-1][~(np.isfinite(angles_deg[1:]).all(1) & np.isfinite(angles_deg[:-1]).all(1))] = np.nan
    return velocity
