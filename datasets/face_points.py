"""The 68 landmarks of a face that OpenFace and py-feat share, and openings measured between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bitflow.tables import TRACK_KEYS, Column, Schema

POINTS_68 = Schema(
    "face_landmarks_68",
    "frame",
    (
        *TRACK_KEYS,
        Column("points", "float32", "px", "68 landmarks in the order of iBUG 300-W", "image", shape=(68, 2)),
        Column("world", "float32", "cm", "the same in camera axes: x right, y down, z away", "camera", shape=(68, 3)),
    ),
    "landmarks of faces, 68 a face",
    tracks="face",
)

_RIGHT_EYE, _LEFT_EYE = (36, 39), (42, 45)

FACE_SHAPE = Schema(
    "face_actions",
    "frame",
    (
        *TRACK_KEYS,
        *(
            Column(name, "float32", "1", f"{what}, over the distance of the outer eye corners", "head", None, "linear")
            for name, what in {
                "mouth_opening": "inner lips apart",
                "mouth_height": "upper edge of the upper to lower edge of the lower lip",
                "lip_width": "distance of the mouth corners",
                "mouth_corner_lift_left": "mouth corner above the middle of the lips",
                "mouth_corner_lift_right": "mouth corner above the middle of the lips",
                "brow_height_left": "middle of the brow above the line of the eye corners",
                "brow_height_right": "middle of the brow above the line of the eye corners",
                "brow_distance": "inner ends of the brows apart",
                "chin_distance": "nose tip to chin",
            }.items()
        ),
    ),
    "openings and heights between 68 landmarks; eyelids are not read from them: action unit 45 is the better sign",
    tracks="face",
)


def face_shape(points: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Columns of `FACE_SHAPE`.

    Parameters
    ----------
    points
        ``(n, 68, 2 or 3)`` landmarks, y downward, any unit.
    """

    def apart(a: int, b: int) -> NDArray[np.float64]:
        return np.linalg.norm(points[:, a] - points[:, b], axis=1)

    ocular = np.maximum(apart(36, 45), 1e-9)
    across = (points[:, 45] - points[:, 36]) / ocular[:, None]
    up = points[:, 27] - points[:, 8]
    up = up - np.einsum("ni,ni->n", up, across)[:, None] * across
    up = up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-9)

    def above(point: int, line: tuple[int, ...]) -> NDArray[np.float64]:
        return np.einsum("ni,ni->n", points[:, point] - points[:, list(line)].mean(axis=1), up) / ocular

    return {
        "mouth_opening": apart(62, 66) / ocular,
        "mouth_height": apart(51, 57) / ocular,
        "lip_width": apart(48, 54) / ocular,
        "mouth_corner_lift_left": above(54, (51, 57)),
        "mouth_corner_lift_right": above(48, (51, 57)),
        "brow_height_left": above(24, _LEFT_EYE),
        "brow_height_right": above(19, _RIGHT_EYE),
        "brow_distance": apart(21, 22) / ocular,
        "chin_distance": apart(30, 8) / ocular,
    }
