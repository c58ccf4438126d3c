"""Covering ellipses in a picture's planes, so that what lies under them is gone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import cv2
import numpy as np

from bitflow.redaction.heads import Ellipse

Method = Literal["blur", "box"]
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]

#: A blurred head keeps this many values across its shorter axis: too few for eyes, nose and mouth.
_VALUES_ACROSS = 5

_GREY = 128


def cover(planes: Planes, ellipses: Iterable[Ellipse], method: Method) -> Planes:
    """Planes in which every ellipse is covered.

    Parameters
    ----------
    planes
        Y ``(h, w)``, U and V ``(ceil h/2, ceil w/2)`` uint8.
    ellipses
        In px of the Y plane.
    method
        ``blur``: what a head looks like shrunk to a handful of values, and spread out again; ``box``: a grey
        rectangle about the ellipse, which keeps nothing.

    Returns
    -------
    tuple of numpy.ndarray
        Of the same shapes; the planes themselves where there is nothing to cover.
    """
    covered = [ellipse for ellipse in ellipses if ellipse.across > 0 and ellipse.along > 0]
    if not covered:
        return planes
    painted = tuple(np.array(plane) for plane in planes)
    for number, plane in enumerate(painted):
        scale = 1.0 if number == 0 else 0.5
        for ellipse in covered:
            _cover_plane(plane, _scaled(ellipse, scale), method)
    return painted[0], painted[1], painted[2]


def _scaled(ellipse: Ellipse, scale: float) -> Ellipse:
    """The ellipse in a plane of another size; pixel centres lie at half numbers of either."""
    x, y = (ellipse.x + 0.5) * scale - 0.5, (ellipse.y + 0.5) * scale - 0.5
    # Half a pixel more, so that rounding leaves no rim of colour.
    return Ellipse(x, y, ellipse.across * scale + 0.5, ellipse.along * scale + 0.5, ellipse.angle)


def _cover_plane(plane: np.ndarray, ellipse: Ellipse, method: Method) -> None:
    height, width = plane.shape
    turn = math.radians(ellipse.angle)
    sine, cosine = abs(math.sin(turn)), abs(math.cos(turn))
    if method == "box":
        reach_x = ellipse.across * cosine + ellipse.along * sine
        reach_y = ellipse.across * sine + ellipse.along * cosine
    else:
        reach_x = math.hypot(ellipse.across * cosine, ellipse.along * sine)
        reach_y = math.hypot(ellipse.across * sine, ellipse.along * cosine)
    left, right = max(0, math.floor(ellipse.x - reach_x)), min(width, math.ceil(ellipse.x + reach_x) + 1)
    top, bottom = max(0, math.floor(ellipse.y - reach_y)), min(height, math.ceil(ellipse.y + reach_y) + 1)
    if left >= right or top >= bottom:
        return
    y, x = np.mgrid[top:bottom, left:right]
    dx, dy = x - ellipse.x, y - ellipse.y
    aside = (dx * math.cos(turn) + dy * math.sin(turn)) / ellipse.across
    along = (-dx * math.sin(turn) + dy * math.cos(turn)) / ellipse.along
    region = plane[top:bottom, left:right]
    if method == "box":
        region[(np.abs(aside) <= 1) & (np.abs(along) <= 1)] = _GREY
        return
    inside = aside**2 + along**2 <= 1
    region[inside] = _blurred(region, min(ellipse.across, ellipse.along))[inside]


def _blurred(region: np.ndarray, radius: float) -> np.ndarray:
    cell = max(2.0 * radius / _VALUES_ACROSS, 1.0)
    height, width = region.shape
    few = (max(1, round(width / cell)), max(1, round(height / cell)))
    small = cv2.resize(np.ascontiguousarray(region), few, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
