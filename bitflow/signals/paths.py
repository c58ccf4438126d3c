"""Paths as wholes: how long, how straight, how winding."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import valid_rows
from bitflow.signals.directions import turning_angles


def path_length(
    positions: NDArray[np.float64], *, missing: Literal["skip", "scale", "hold"] = "skip", min_step: float = 0.0
) -> float:
    """Length of the way through points ``(n, d)``.

    Parameters
    ----------
    missing
        What becomes of steps to and from missing points: left out (``skip``), made up for by the share of steps
        that are known (``scale``), or bridged by a straight line from the last known point (``hold``).
    min_step
        Shorter steps count nothing: jitter makes a path long.

    Examples
    --------
    >>> way = np.array([[0.0, 0.0], [3.0, 4.0], [np.nan, np.nan], [3.0, 16.0], [3.0, 17.0]])
    >>> path_length(way), path_length(way, missing="scale"), path_length(way, missing="hold")
    (6.0, 12.0, 18.0)
    """
    known = valid_rows(positions)
    way = positions[known] if missing == "hold" else positions
    steps = np.linalg.norm(np.diff(way, axis=0), axis=-1)
    total = float(np.nansum(np.where(steps >= min_step, steps, 0.0)))
    if missing != "scale":
        return total
    seen = np.isfinite(steps).sum()
    return float(total * len(steps) / seen) if seen else float("nan")


def straightness(positions: NDArray[np.float64]) -> float:
    """Distance from the first to the last known point ``(n, d)`` over the path's length: 0 to 1; NaN without a path."""
    known = positions[valid_rows(positions)]
    length = path_length(positions, missing="hold")
    return float(np.linalg.norm(known[-1] - known[0]) / length) if length > 0 else float("nan")


def sinuosity(positions: NDArray[np.float64], min_step: float = 0.0) -> float:
    """Corrected sinuosity of points ``(n, 2)`` (Benhamou 2004, equation 8), per square root of a unit of length.

    ``2 / √(p·((1 + c) / (1 − c) + b²))``: p mean step, c mean cosine of the turns, b coefficient of variation of the
    steps. 0 for a straight line.
    """
    steps, cosine = _steps(positions), _mean_cosine(positions, min_step)
    if not len(steps) or not np.isfinite(cosine):
        return float("nan")
    if 1 - cosine < 1e-12:
        return 0.0
    spread = steps.std() / steps.mean()
    return float(2 / np.sqrt(steps.mean() * ((1 + cosine) / (1 - cosine) + spread**2)))


def reach(positions: NDArray[np.float64], min_step: float = 0.0) -> float:
    """Largest expected displacement E_max of a random walk that turns as the points ``(n, 2)`` do, in steps.

    ``c / (1 − c)`` with the mean cosine c of the turns (Cheung et al. 2007); times the mean step it is a length.
    Infinite for a straight line, never below −0.5.
    """
    cosine = _mean_cosine(positions, min_step)
    return float("inf") if 1 - cosine < 1e-12 else float(cosine / (1 - cosine))


def path_deviation(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance ``(n,)`` of points ``(n, 2)`` from the line through the first and last known one."""
    known = positions[valid_rows(positions)]
    found = np.full(len(positions), np.nan)
    if len(known) < 2:
        return found
    chord = known[-1] - known[0]
    length = float(np.linalg.norm(chord))
    away = positions - known[0]
    if length == 0:
        return np.linalg.norm(away, axis=-1)
    return np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length


def directional_change(positions: NDArray[np.float64], rate: float, min_step: float = 0.0) -> NDArray[np.float64]:
    """How fast the path turns ``(n,)``, deg/s without sign, of points ``(n, 2)``."""
    return np.abs(turning_angles(positions, min_step)) * rate


def _steps(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=-1)
    return steps[np.isfinite(steps) & (steps > 0)]


def _mean_cosine(positions: NDArray[np.float64], min_step: float) -> float:
    turns = turning_angles(positions, min_step)
    turns = turns[np.isfinite(turns)]
    return float(np.cos(np.deg2rad(turns)).mean()) if len(turns) else float("nan")
