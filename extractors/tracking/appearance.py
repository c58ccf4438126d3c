"""Whether two tracks show one person: the colours about a face, without any network.

Within a recording the light is one, so that the colours of skin, hair and clothes tell people apart well.
Thirteen spots are read: seven of the face, three of the hair above and beside it, three of the torso
below. Each counts little where it is far off, so that a hand, a turned head or a shadow on a few of them
does no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from bitflow.extractors.landmarks import mesh

if TYPE_CHECKING:
    from bitflow.media import Frame

#: Mesh points whose mean is a spot of the face: forehead, cheeks, nose, lips, brows.
_FACE_SPOTS = ((151,), (50,), (280,), (4,), (0, 17), (105,), (334,))
#: Spots beyond the mesh, as weights of the vectors from the nose bridge to forehead, chin, right and left
#: temple.
_OUTER_SPOTS = np.array(
    [
        [1.35, 0.00, 0.00, 0.00],
        [1.10, 0.00, 0.55, 0.00],
        [1.10, 0.00, 0.00, 0.55],
        [0.00, 1.75, 0.00, 0.00],
        [0.00, 1.75, 0.80, 0.00],
        [0.00, 1.75, 0.00, 0.80],
    ]
)
_OUTER_POINTS = (mesh.FOREHEAD, mesh.CHIN, 127, 356)

SPOTS = len(_FACE_SPOTS) + len(_OUTER_SPOTS)
#: Length of a description: CIELAB of each spot.
LENGTH = 3 * SPOTS

#: Two descriptions nearer than `SAME` show one person, further than `DIFFERENT` two; between them neither
#: is certain. Measured on four clips and a group picture (seven people, one of them in two clips): within
#: a person 5.7 in the median, 8.0 for 95 %; between people 11.5, 9.0 for 95 %; area under the curve 0.997,
#: 0.990 under one light.
SAME = 7.0
DIFFERENT = 9.5

#: Colour difference (ΔE, CIE 1976) above which a spot says no more than "different".
_CAP = 12.0
#: Spots that must be seen in both for a distance.
_ENOUGH = 7

_PX_PER_OCULAR = 24
_GRID = (72, 104)
_ORIGIN = (36.0, 36.0)


def describe(frame: Frame, points: np.ndarray) -> np.ndarray:
    """Colours about one face.

    Parameters
    ----------
    frame
        The picture.
    points
        ``(468 or more, 3)`` mesh of the face, px.

    Returns
    -------
    np.ndarray
        ``(LENGTH,)`` float32: L, a, b of each spot; NaN for a spot outside the picture.
    """
    right, left = points[mesh.RIGHT_EYE_OUTER], points[mesh.LEFT_EYE_OUTER]
    across = left[:2] - right[:2]
    across = across / max(float(np.hypot(*across)), 1e-6)
    scale = float(np.linalg.norm(left - right)) / _PX_PER_OCULAR
    turn = scale * np.array([[across[0], -across[1]], [across[1], across[0]]])
    centre = (right[:2] + left[:2]) / 2.0
    matrix = np.column_stack([turn, centre - turn @ np.array(_ORIGIN)])
    picture = cv2.blur(frame.warp(matrix, _GRID), (5, 5))

    places = _spots(points[:, :2])
    inside = ((places >= 0) & (places < (frame.width, frame.height))).all(axis=1)
    cells = np.rint((places - matrix[:, 2]) @ np.linalg.inv(turn).T).astype(int)
    inside &= ((cells >= 0) & (cells < _GRID)).all(axis=1)
    colours = np.full((SPOTS, 3), np.nan, np.float32)
    if inside.any():
        seen = picture[cells[inside, 1], cells[inside, 0]].astype(np.float32) / 255.0
        colours[inside] = cv2.cvtColor(seen[None], cv2.COLOR_RGB2LAB)[0]
    return colours.reshape(-1)


def appearance_distance(a: np.ndarray, b: np.ndarray, enough: int = _ENOUGH) -> float:
    """Distance of two descriptions, or of two sets of them.

    Parameters
    ----------
    a, b
        ``(LENGTH,)`` or ``(n, LENGTH)``; of a set the median of each colour counts, which forgives a few
        bad samples.
    enough
        Spots that must be seen in both.

    Returns
    -------
    float
        Mean colour difference of the spots seen in both, in [0, 12]; NaN when fewer than `enough` are.
        Compare with `SAME` and `DIFFERENT`.

    Examples
    --------
    >>> appearance_distance(np.zeros(LENGTH), np.full((4, LENGTH), 2.0))
    3.4641...
    """
    return float(appearance_distances(middle(a), middle(b)[None], enough)[0])


def appearance_distances(one: np.ndarray, others: np.ndarray, enough: int = _ENOUGH) -> np.ndarray:
    """Distances ``(m,)`` of a description ``(LENGTH,)`` from many ``(m, LENGTH)``: `appearance_distance` of each."""
    gaps = np.linalg.norm(one.reshape(1, -1, 3) - others.reshape(len(others), -1, 3), axis=2)
    seen = np.isfinite(gaps)
    count = seen.sum(axis=1)
    total = np.where(seen, np.minimum(gaps, _CAP), 0.0).sum(axis=1)
    return np.where(count >= enough, total / np.maximum(count, 1), np.nan)


def middle(vectors: np.ndarray) -> np.ndarray:
    """The description ``(LENGTH,)`` of a set ``(n, LENGTH)``: each colour's median, NaN for a spot that none has."""
    flat = np.atleast_2d(np.asarray(vectors, np.float64))
    if len(flat) == 1:
        return flat[0]
    colours = flat.reshape(len(flat), -1, 3)
    seen = np.isfinite(colours).any(axis=(0, 2))
    found = np.full(colours.shape[1:], np.nan)
    if seen.any():
        found[seen] = np.nanmedian(colours[:, seen], axis=0)
    return found.reshape(-1)


def _spots(xy: np.ndarray) -> np.ndarray:
    """Places of the spots ``(SPOTS, 2)`` px."""
    inner = [xy[list(ids)].mean(axis=0) for ids in _FACE_SPOTS]
    bridge = xy[mesh.NOSE_BRIDGE]
    outer = bridge + _OUTER_SPOTS @ (xy[list(_OUTER_POINTS)] - bridge)
    return np.concatenate([inner, outer])
