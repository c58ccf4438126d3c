"""Between two: distances, closing speed, one inside the other's outline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.signals.cleaning import known_points
from bitflow.signals.directions import unit
from bitflow.signals.motion import velocity

#: Distances that are held at once.
_CHUNK = 4_000_000


def closest_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least distance ``(n,)`` between a point of one ``(n, k, d)`` and a point of the other ``(n, m, d)``.

    NaN where either has no known point.
    """
    found = np.empty(len(first))
    rows = max(1, _CHUNK // max(1, first.shape[1] * second.shape[1]))
    for start in range(0, len(first), rows):
        part = slice(start, start + rows)
        apart = np.square(first[part, :, None] - second[part, None, :]).sum(axis=-1)
        least = np.where(np.isfinite(apart), apart, np.inf).min(axis=(1, 2), initial=np.inf)
        found[part] = np.where(np.isfinite(least), np.sqrt(least), np.nan)
    return found


def closing_speed(mover: NDArray[np.float64], other: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Part of the mover's velocity ``(n,)`` that points at the other: both ``(n, d)``, positive when nearing."""
    return (velocity(mover, rate) * unit(other - mover)).sum(axis=-1)


def approach_speed(first: NDArray[np.float64], second: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """How fast the distance ``(n,)`` of two ``(n, d)`` shrinks, whoever moves."""
    return -velocity(np.linalg.norm(first - second, axis=-1), rate)


def hull_area(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area ``(n,)`` of the convex hull of the known points ``(n, k, 2)``; NaN with fewer than three.

    All hulls are wrapped at once, corner by corner (Jarvis 1973).

    Examples
    --------
    >>> hull_area(np.array([[[0.0, 0.0], [4.0, 0.0], [1.0, 1.0], [0.0, 3.0]]])).tolist()
    [6.0]
    """
    known = known_points(points)
    enough = known.sum(axis=1) >= 3
    area = np.where(enough, 0.0, np.nan)
    rows = np.arange(len(points))
    if not points.shape[1]:
        return np.full(len(points), np.nan)
    places = np.where(known[..., None], points, 0.0)
    first = np.argmin(np.where(known, points[..., 0], np.inf), axis=1)
    corner, going = first, enough.copy()
    for _ in range(points.shape[1]):
        here = places[rows, corner]
        best, reached = corner, np.zeros_like(here)
        for candidate in range(points.shape[1]):
            away = places[:, candidate] - here
            cross = reached[:, 0] * away[:, 1] - reached[:, 1] * away[:, 0]
            longer = np.square(away).sum(axis=1) > np.square(reached).sum(axis=1)
            better = known[:, candidate] & ((cross < 0) | ((cross == 0) & longer))
            best, reached = np.where(better, candidate, best), np.where(better[:, None], away, reached)
        there = places[rows, best]
        area += np.where(going, here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0], 0.0) / 2
        going &= best != first
        corner = best
        if not going.any():
            break
    return np.abs(area)


def inside_hull(places: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where a place ``(n, 2)`` lies in the convex hull of the known points ``(n, k, 2)``, 0 where not; NaN where
    the place or all but two of the points are missing.
    """
    known = known_points(points)
    judged = (known.sum(axis=1) >= 3) & known_points(places)
    away = points - places[:, None]
    angles = np.where(known, np.arctan2(away[..., 1], away[..., 0]), np.nan)
    order = np.sort(angles, axis=1)  # NaN last
    count = known.sum(axis=1)
    gaps = np.diff(order, axis=1)
    last = np.take_along_axis(order, np.maximum(count - 1, 0)[:, None], axis=1)[:, 0]
    with np.errstate(invalid="ignore"):
        round_ = 2 * np.pi - (last - order[:, 0]) if order.shape[1] else np.full(len(points), np.nan)
        # A place is outside when all points lie within half a turn about it.
        widest = np.fmax(np.where(np.isfinite(gaps), gaps, -np.inf).max(axis=1, initial=-np.inf), round_)
        inside = widest <= np.pi + 1e-12
    return np.where(judged, inside.astype(float), np.nan)
