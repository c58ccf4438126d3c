"""The pose networks: a detector of bodies and a model of 33 points, fed from a frame's planes.

Follows MediaPipe's pose landmark graphs: which crop a detection or a pose asks for, what the tensors mean, and how
points are refined by heat maps. Left and right are the subject's. The model's smoothing over time, which serves live
pictures, is left out: it drags the crop behind the body.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from bitflow.extractors.landmarks import ssd
from bitflow.extractors.landmarks.crops import Crops, View
from bitflow.extractors.landmarks.face import unlikeness
from bitflow.extractors.landmarks.finder import Finder
from bitflow.extractors.landmarks.roi import Roi, direction
from bitflow.extractors.tracking.chain import Observation, Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitflow.extraction.protocol import Runtime
    from bitflow.media import Frame

#: Names of the 33 points, in order.
POINTS = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index"),
    *("left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
    *("left_heel", "right_heel", "left_foot_index", "right_foot_index"),
)

NOSE, LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 0, 11, 12, 23, 24
LEFT_ELBOW, RIGHT_ELBOW, LEFT_WRIST, RIGHT_WRIST = 13, 14, 15, 16
LEFT_PINKY, RIGHT_PINKY, LEFT_INDEX, RIGHT_INDEX = 17, 18, 19, 20

#: Side of the model's crop, of its heat maps, and of the window about a point in them, in cells.
SIZE = 256
_MAP, _WINDOW = 64, 7
#: The model also returns points that only place the next crop: the circle's centre and a point on it.
_POINTS_OUT, _CENTRE, _ON_CIRCLE = 39, 33, 34
_CROP_SCALE = 1.25
#: A heat map without a cell above this says nothing.
_MIN_HEAT = 0.5

#: Two detections whose mid-hips or mid-shoulders lie further apart than this fraction of the body's circle are two
#: people, however much their boxes overlap.
_APART = 0.3
_DETECTED_HIP, _DETECTED_ON_CIRCLE, _DETECTED_SHOULDER = 0, 1, 2

#: Cells a side of the thumbnail by which two looks are compared (a whole number of px each, or making it takes four
#: times as long), and the unlikeness that only a cut reaches.
_THUMBNAIL = 16
_CUT = 30.0

_CELLS_OF_WINDOW = np.arange(_WINDOW)


class Pose(NamedTuple):
    """What the model saw in one crop."""

    #: x, y, z in px of the crop, visibility in [0, 1].  # (33, 4)
    points: np.ndarray
    #: Metres about the mid-hip, turned as the crop is.  # (33, 3)
    world: np.ndarray
    #: The crop in little, to notice a cut.  # (16, 16, 3) uint8
    thumbnail: np.ndarray


def refine(points: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Move points to the centre of mass of their heat map nearby.

    Parameters
    ----------
    points
        ``(n, 2)`` in [0, 1] of the crop.
    heat
        ``(cells, cells, n)`` logits.

    Returns
    -------
    np.ndarray
        ``(n, 2)``; a point outside the crop, or whose window of 7 × 7 cells holds no heat, stays. The mean is one
        of cell numbers, as the graph computes it, and not of cell centres.
    """
    cells = heat.shape[0]
    middle = (points * cells).astype(np.intp)  # truncated
    # A window over the map's border is moved inside, which it covers all the same; what is not its own weighs nothing.
    first = middle - _WINDOW // 2
    held = np.minimum(np.maximum(first, 0), cells - _WINDOW)
    corner = (held[:, 1] * cells + held[:, 0]) * heat.shape[2] + np.arange(len(points))
    at = corner[:, None, None] + _window(cells, heat.shape[2])
    mass = 1.0 / (1.0 + np.exp(-heat.reshape(-1).take(at).astype(np.float64)))  # (n, rows, columns)
    moved_inside = held - first
    if moved_inside.any():
        own = abs(_CELLS_OF_WINDOW + moved_inside[:, :, None] - _WINDOW // 2) <= _WINDOW // 2
        mass *= own[:, 1, :, None] & own[:, 0, None, :]
    kept = mass.reshape(len(points), -1).max(axis=1) >= _MIN_HEAT
    kept &= ((points >= 0) & (middle < cells)).all(axis=1)
    columns, rows = mass.sum(axis=1), mass.sum(axis=2)
    total = np.where(kept, columns.sum(axis=1), 1.0)
    centre = held + np.stack((columns @ _CELLS_OF_WINDOW, rows @ _CELLS_OF_WINDOW), axis=1) / total[:, None]
    return np.where(kept[:, None], centre / cells, points)


@cache
def _window(cells: int, maps: int) -> np.ndarray:
    """Steps ``(window, window)`` from the first cell of a window to the others, in a flat stack of maps."""
    return (_CELLS_OF_WINDOW[:, None] * cells + _CELLS_OF_WINDOW) * maps


def roi_of_circle(centre: Sequence[float], on_circle: Sequence[float]) -> Roi:
    """The crop about a body's circle: its centre is the mid-hip, the line to the point on it points up."""
    (cx, cy), (x, y) = centre, on_circle
    radius = math.hypot(x - cx, y - cy)
    return (cx, cy, 2.0 * radius * _CROP_SCALE, direction((cx, cy), (x, y), math.pi / 2.0))


def are_apart(leader: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which detections ``(n, 4, 2)`` show another body than `leader` ``(4, 2)``, by their keypoints."""
    radius = np.linalg.norm(leader[_DETECTED_ON_CIRCLE] - leader[_DETECTED_HIP])
    pair = [_DETECTED_HIP, _DETECTED_SHOULDER]
    return np.linalg.norm(others[:, pair] - leader[pair], axis=2).min(axis=1) > _APART * radius


class PoseFollower:
    """Detector and pose model as the tracker needs them; detections below `min_score` are left out."""

    def __init__(self, runtime: Runtime, *, min_score: float) -> None:
        # Without the segmentation branch, which nobody reads, the model takes 5.9 and not 10 ms. It is opened when
        # first used: a follower that only tells likenesses needs none.
        self._pose = cache(
            lambda: runtime.session("pose_landmarks_full", normalise=(1 / 255, 0.0), outputs=(0, 1, 3, 4))
        )
        self._crops = Crops(SIZE)
        self._finder = cache(lambda: Finder(runtime, "pose_detection", ssd.POSE, min_score=min_score, apart=are_apart))

    def detect(self, frame: Frame) -> Sequence[Seed]:
        """Bodies in the picture, the largest first."""
        return self.detect_all([frame])[0]

    def detect_all(self, frames: Sequence[Frame]) -> list[Sequence[Seed]]:
        """Bodies in each of some pictures."""
        return [_seeds(found) for found in self._finder().find(frames)]

    def follow(self, frame: Frame, roi: Roi) -> Observation:
        """The pose in a crop; its values are a `Pose`."""
        return self.follow_all([(frame, roi)])[0]

    def follow_all(self, views: Sequence[View]) -> list[Observation]:
        """The poses in some crops."""
        if not views:
            return []
        crops, matrices = self._crops.cut(views)
        rows, flags, heat, world = self._pose().run(crops)
        rows = rows.reshape(len(views), _POINTS_OUT, 5).astype(np.float64)
        world = world.reshape(len(views), _POINTS_OUT, 3)[:, : len(POINTS)]
        each = zip(crops, matrices, rows, flags.reshape(-1).tolist(), heat, world, strict=True)
        return [_observation(*one) for one in each]

    def alike(self, before: Pose, after: Pose) -> bool:
        """Whether two neighbouring looks can show one body: False at a cut."""
        return unlikeness(before.thumbnail, after.thumbnail) < _CUT


def _seeds(found: ssd.Detections) -> Sequence[Seed]:
    seeds = [
        Seed(roi_of_circle(points[_DETECTED_HIP].tolist(), points[_DETECTED_ON_CIRCLE].tolist()), float(score))
        for points, score in zip(found.keypoints, found.scores, strict=True)
    ]
    return sorted(seeds, key=lambda seed: -seed.roi[2])


def _observation(
    crop: np.ndarray, matrix: np.ndarray, seen: np.ndarray, flag: float, heat: np.ndarray, world: np.ndarray
) -> Observation:
    seen[:, :2] = refine(seen[:, :2] / SIZE, heat) * SIZE
    points = seen[: len(POINTS), :4]
    points[:, 3] = 1.0 / (1.0 + np.exp(-points[:, 3].clip(-100.0, 100.0)))
    circle = seen[_CENTRE : _ON_CIRCLE + 1, :2] @ matrix[:, :2].T + matrix[:, 2]
    # Every fourth pixel first, as of faces.
    sparse = cv2.resize(crop, (4 * _THUMBNAIL, 4 * _THUMBNAIL), interpolation=cv2.INTER_NEAREST)
    thumbnail = cv2.resize(sparse, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return Observation(Pose(points.astype(np.float32), world, thumbnail), flag, roi_of_circle(*circle.tolist()))
