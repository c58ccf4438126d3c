"""Rotated square regions of a picture, and the way between their crops and the picture.

A region is a tuple ``(cx, cy, side, angle)``: centre and side in px, angle in radians, clockwise on the
screen because image y points down. Coordinates are continuous, without a half-pixel shift, as in
MediaPipe's graphs.
"""

from __future__ import annotations

import math

import numpy as np

Roi = tuple[float, float, float, float]


def letterbox(width: int, height: int) -> Roi:
    """The centred square that holds the whole picture."""
    return (width / 2.0, height / 2.0, float(max(width, height)), 0.0)


def crop_matrix(roi: Roi, size: int) -> np.ndarray:
    """The affine map ``(2, 3)`` from px of a square crop of `size` to px of the picture."""
    cx, cy, side, angle = roi
    k = side / size
    c, s = k * math.cos(angle), k * math.sin(angle)
    half = size / 2.0
    return np.array([[c, -s, cx - (c - s) * half], [s, c, cy - (s + c) * half]])


def direction(start: tuple[float, float], end: tuple[float, float], target: float = 0.0) -> float:
    """Angle that turns the line from `start` to `end` to `target` (0: along x, π/2: upward), in [-π, π)."""
    angle = target - math.atan2(start[1] - end[1], end[0] - start[0])
    return angle - 2.0 * math.pi * math.floor((angle + math.pi) / (2.0 * math.pi))


def around_box(
    box: tuple[float, float, float, float],
    angle: float,
    scale: float,
    shift_x: float = 0.0,
    shift_y: float = 0.0,
) -> Roi:
    """A square about a box x0 y0 x1 y1: moved by fractions of the box's own sides, then its long side,
    scaled.
    """
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    c, s = math.cos(angle), math.sin(angle)
    cx = (x0 + x1) / 2.0 + width * shift_x * c - height * shift_y * s
    cy = (y0 + y1) / 2.0 + width * shift_x * s + height * shift_y * c
    return (cx, cy, max(width, height) * scale, angle)


def to_image(points: np.ndarray, rois: np.ndarray, size: int) -> np.ndarray:
    """Crop coordinates to picture coordinates for many crops at once.

    Parameters
    ----------
    points
        ``(n, k, 2 or 3)`` px of crops of `size`; z has the scale of x.
    rois
        ``(n, 4)`` regions.
    size
        Side of the crops in px.

    Returns
    -------
    np.ndarray
        The same shape, px of the picture, float64.
    """
    rois = np.asarray(rois, np.float64)
    scale = (rois[:, 2] / size)[:, None]
    c, s = np.cos(rois[:, 3])[:, None], np.sin(rois[:, 3])[:, None]
    u, v = points[..., 0] - size / 2.0, points[..., 1] - size / 2.0
    placed = np.empty(points.shape)
    placed[..., 0] = rois[:, 0, None] + scale * (c * u - s * v)
    placed[..., 1] = rois[:, 1, None] + scale * (s * u + c * v)
    if points.shape[-1] == 3:
        placed[..., 2] = points[..., 2] * scale
    return placed


def turned(points: np.ndarray, rois: np.ndarray) -> np.ndarray:
    """Points ``(n, k, 3)`` about an origin, turned in x and y from the axes of their crops to the picture's."""
    rois = np.asarray(rois, np.float64)
    c, s = np.cos(rois[:, 3])[:, None], np.sin(rois[:, 3])[:, None]
    placed = np.array(points, np.float64)
    placed[..., 0] = c * points[..., 0] - s * points[..., 1]
    placed[..., 1] = s * points[..., 0] + c * points[..., 1]
    return placed


def overlap(a: Roi, b: Roi, extent: float = 1.0) -> float:
    """Intersection over union of two regions, taken upright: turning changes a square's overlap little.

    Sides are reduced to the fraction `extent` first.
    """
    side_a, side_b = a[2] * extent, b[2] * extent
    half_a, half_b = side_a / 2.0, side_b / 2.0
    w = min(a[0] + half_a, b[0] + half_b) - max(a[0] - half_a, b[0] - half_b)
    h = min(a[1] + half_a, b[1] + half_b) - max(a[1] - half_a, b[1] - half_b)
    if w <= 0.0 or h <= 0.0:
        return 0.0
    return w * h / (side_a * side_a + side_b * side_b - w * h)


def between(a: Roi, b: Roi, share: float) -> Roi:
    """A crop on the way from one to the other: centre, logarithm of the size and angle go evenly."""
    turn = (b[3] - a[3] + math.pi) % (2.0 * math.pi) - math.pi
    side = a[2] * (b[2] / a[2]) ** share if min(a[2], b[2]) > 0 else b[2]
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), side, a[3] + share * turn)
