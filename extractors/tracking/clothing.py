"""Whether two body tracks show one person: the colours of torso, sleeves and trousers, without any network.

Made as `appearance` makes a face's colours, with which it shares the distance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from bitflow.extractors.landmarks import pose
from bitflow.extractors.landmarks.roi import Roi, crop_matrix
from bitflow.extractors.tracking.appearance import appearance_distance, appearance_distances

if TYPE_CHECKING:
    from bitflow.media import Frame

#: Spots of the torso: across, in shoulder vectors from the middle to the subject's left; down, in shoulder widths.
#: The upper rows lie close together: of a bust shot only they are in the picture.
_TORSO = np.array([(across, down) for down in (0.0, 0.1, 0.25, 0.55, 0.9) for across in (-0.35, 0.0, 0.35)])
#: Spots half way between two joints: upper arms, forearms, thighs.
_LIMBS = ((11, 13), (12, 14), (13, 15), (14, 16), (23, 25), (24, 26))

SPOTS = len(_TORSO) + len(_LIMBS)
#: Length of a description: CIELAB of each spot.
LENGTH = 3 * SPOTS

#: A joint counts as seen from this visibility.
_SEEN = 0.5
#: Spots that must be seen in both for a distance.
_ENOUGH = 3
#: Side of the picture in which colours are read: the body's crop, in which a shoulder width is about 20 px.
_SIZE = 128
#: A spot's colour is the mean of this many pixels each way.
_AROUND = np.arange(-2, 3)


def describe(frame: Frame, roi: Roi, points: np.ndarray) -> np.ndarray:
    """Colours of one body's clothes.

    Parameters
    ----------
    frame
        The picture.
    roi
        The body's crop.
    points
        ``(33, 4)``: x, y, z in px of the picture, visibility.

    Returns
    -------
    np.ndarray
        ``(LENGTH,)`` float32: L, a, b of each spot; NaN for a spot that is hidden or outside the picture.
    """
    places, seen = _spots(points)
    matrix = crop_matrix(roi, _SIZE)
    cells = np.rint((places - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T).astype(int)
    seen &= ((places >= 0) & (places < (frame.width, frame.height))).all(axis=1)
    seen &= ((cells >= 0) & (cells < _SIZE)).all(axis=1)
    colours = np.full((SPOTS, 3), np.nan, np.float32)
    if seen.any():
        # Converting the whole crop would take longer than following the body.
        columns, rows = (_mirrored(cells[seen, axis, None] + _AROUND) for axis in (0, 1))
        around = frame.warp(matrix, (_SIZE, _SIZE))[rows[:, :, None], columns[:, None, :]]
        patches = around.reshape(1, -1, 3).astype(np.float32) / 255.0
        lab = cv2.cvtColor(patches, cv2.COLOR_RGB2LAB).reshape(len(rows), -1, 3)
        colours[seen] = lab.mean(axis=1)
    return colours.reshape(-1)


def clothing_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Distance of two descriptions ``(LENGTH,)``, or of two sets ``(n, LENGTH)`` of them.

    See Also
    --------
    bitflow.extractors.tracking.appearance.appearance_distance : the same for faces, on the same scale.
    """
    return appearance_distance(a, b, enough=_ENOUGH)


def clothing_distances(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distances ``(m,)`` of a description ``(LENGTH,)`` from many ``(m, LENGTH)``."""
    return appearance_distances(one, others, enough=_ENOUGH)


def _mirrored(at: np.ndarray) -> np.ndarray:
    """Places in the crop, those beyond its edges mirrored at them."""
    inner = np.abs(at)
    return np.where(inner >= _SIZE, 2 * (_SIZE - 1) - inner, inner)


def _spots(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the spots ``(SPOTS, 2)`` px, and which of them rest on joints that are seen."""
    xyz, visible = points[:, :3].astype(np.float64), points[:, 3] >= _SEEN
    right, left = xyz[pose.RIGHT_SHOULDER], xyz[pose.LEFT_SHOULDER]
    hips = (xyz[pose.RIGHT_HIP, :2] + xyz[pose.LEFT_HIP, :2]) / 2.0
    middle = (right[:2] + left[:2]) / 2.0
    across = left[:2] - right[:2]
    width = max(float(np.linalg.norm(left - right)), 1e-6)
    if visible[[pose.RIGHT_HIP, pose.LEFT_HIP]].all():
        down = hips - middle
    else:
        # The hips of a bust shot are guesses; away from the head is down.
        down = np.array([-across[1], across[0]])
        down *= np.sign(np.dot(down, middle - xyz[pose.NOSE, :2])) or 1.0
    down = down / max(float(np.linalg.norm(down)), 1e-6) * width
    torso = middle + _TORSO[:, :1] * across + _TORSO[:, 1:] * down
    pairs = np.array(_LIMBS)
    limbs = xyz[pairs, :2].mean(axis=1)
    torso_seen = np.full(len(_TORSO), visible[[pose.RIGHT_SHOULDER, pose.LEFT_SHOULDER]].all())
    return np.concatenate([torso, limbs]), np.concatenate([torso_seen, visible[pairs].all(axis=1)])
