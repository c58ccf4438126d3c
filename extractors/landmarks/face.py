"""The face networks: two detectors and a mesh, fed from a frame's planes and read into picture coordinates.

Follows MediaPipe's face landmark graphs: which crop a detection or a mesh asks for, and what the tensors
mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from bitflow.extractors.landmarks import mesh, ssd
from bitflow.extractors.landmarks.crops import Crops, View
from bitflow.extractors.landmarks.finder import Finder
from bitflow.extractors.landmarks.roi import Roi, around_box, direction
from bitflow.extractors.tracking.chain import Observation, Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitflow.extraction.protocol import Runtime
    from bitflow.media import Frame

Model = Literal["mesh478", "mesh468"]

#: Crops are this much larger than the box about a detection or a mesh.
_CROP_SCALE = 1.5
#: px of a crop that make one cell of the thumbnail by which two looks are compared.
_CELL = 16
#: Unlikeness of thumbnails from which they show two people. Measured on the shared clips: below 3 from frame to
#: frame and at most 6.1 within half a second for one person, at least 7.7 (most above 24) for two.
_TWO_PEOPLE = 6.0


@dataclass(frozen=True)
class MeshModel:
    """A mesh graph: asset, input side in px, number of points."""

    asset: str
    size: int
    points: int


MESHES: dict[str, MeshModel] = {
    "mesh468": MeshModel("face_mesh_468", 192, 468),
    "mesh478": MeshModel("face_mesh_478", 256, 478),
}


def roi_of_detection(box: np.ndarray, keypoints: np.ndarray) -> Roi:
    """The crop for a detected face: its box, turned until the eyes are level."""
    angle = direction((keypoints[0, 0], keypoints[0, 1]), (keypoints[1, 0], keypoints[1, 1]))
    return around_box((box[0], box[1], box[2], box[3]), angle, _CROP_SCALE)


def roi_of_mesh(xy: np.ndarray) -> Roi:
    """The crop for the next frame: the box about all points ``(2, n)`` px, turned until the eyes are
    level.
    """
    x0, y0 = np.minimum.reduce(xy, axis=1).tolist()
    x1, y1 = np.maximum.reduce(xy, axis=1).tolist()
    right, left = mesh.RIGHT_EYE_OUTER, mesh.LEFT_EYE_OUTER
    angle = math.atan2(xy.item(1, left) - xy.item(1, right), xy.item(0, left) - xy.item(0, right))
    return ((x0 + x1) / 2.0, (y0 + y1) / 2.0, max(x1 - x0, y1 - y0) * _CROP_SCALE, angle)


class FaceFollower:
    """Detectors and mesh as the tracker needs them.

    Parameters
    ----------
    thorough
        Ask the full-range detector each time, not only where the short-range one finds nothing: it sees faces
        down to 3 % of the picture's long side, the other down to 10 %.
    """

    def __init__(self, runtime: Runtime, model: Model, *, min_score: float, min_size: float, thorough: bool) -> None:
        self._model = MESHES[model]
        self._min_size, self._thorough = min_size, thorough
        self._crops = Crops(self._model.size)

        def finder(asset: str, detector: ssd.Detector) -> Callable[[], Finder]:
            return cache(lambda: Finder(runtime, asset, detector, min_score=min_score))

        # Opened when first used: many recordings never ask the second detector, and a follower that only tells
        # likenesses asks none.
        self._mesh = cache(lambda: runtime.session(self._model.asset, normalise=(1 / 255, 0.0), outputs=(0, 1)))
        self._near = finder("face_detection_short", ssd.FACE_SHORT)
        self._far = finder("face_detection_full", ssd.FACE_FULL)

    def detect(self, frame: Frame) -> Sequence[Seed]:
        """Faces in the picture, the largest first."""
        return self.detect_all([frame])[0]

    def detect_all(self, frames: Sequence[Frame]) -> list[Sequence[Seed]]:
        """Faces in each of some pictures."""
        near = self._near().find(frames)
        asked = [i for i, found in enumerate(near) if self._thorough or not len(found)]
        far = self._far().find([frames[i] for i in asked]) if asked else []
        more = dict(zip(asked, far, strict=True))
        return [self._seeds(found, more.get(i)) for i, found in enumerate(near)]

    def _seeds(self, near: ssd.Detections, far: ssd.Detections | None) -> Sequence[Seed]:
        boxes, points, scores = list(near.boxes), list(near.keypoints), list(near.scores)
        if far is not None:
            for box, keypoints, score in zip(far.boxes, far.keypoints, far.scores, strict=True):
                if not boxes or ssd.intersection_over_union(box, np.array(boxes)).max() <= 0.3:
                    boxes.append(box)
                    points.append(keypoints)
                    scores.append(score)
        seeds = [
            Seed(roi_of_detection(box, keypoints), float(score))
            for box, keypoints, score in zip(boxes, points, scores, strict=True)
            if box[2] - box[0] >= self._min_size
        ]
        return sorted(seeds, key=lambda seed: -seed.roi[2])

    def follow(self, frame: Frame, roi: Roi) -> Observation:
        """Mesh of the face in a crop; values are its points ``(n, 3)`` px of the crop and a thumbnail."""
        return self.follow_all([(frame, roi)])[0]

    def follow_all(self, views: Sequence[View]) -> list[Observation]:
        """Meshes of the faces in some crops."""
        if not views:
            return []
        crops, matrices = self._crops.cut(views)
        points, logits = self._mesh().run(crops)
        points = points.reshape(len(views), -1, 3)
        each = zip(crops, matrices, points, logits.reshape(-1).tolist(), strict=True)
        return [self._observation(*one) for one in each]

    def _observation(self, crop: np.ndarray, matrix: np.ndarray, points: np.ndarray, logit: float) -> Observation:
        xy = matrix[:, :2] @ points[:, :2].T + matrix[:, 2:]
        presence = 1.0 / (1.0 + math.exp(-min(max(logit, -100.0), 100.0)))
        cells = self._model.size // _CELL
        # Every eighth pixel first: averaging them all takes ten times as long and tells no more.
        sparse = crop[_CELL // 4 :: _CELL // 2, _CELL // 4 :: _CELL // 2]
        thumbnail = cv2.resize(sparse, (cells, cells), interpolation=cv2.INTER_AREA)
        return Observation((points, thumbnail), presence, roi_of_mesh(xy))

    def alike(self, before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> bool:
        """Whether two neighbouring looks can show one face: False at a cut to another face in its place."""
        return unlikeness(before[1], after[1]) < _TWO_PEOPLE


def unlikeness(a: np.ndarray, b: np.ndarray) -> float:
    """How different two thumbnails ``(k, k, 3)`` are: mean difference, times one minus their correlation.

    A change of exposure leaves the correlation high, a small movement the difference low; another face
    changes both.
    """
    difference = cv2.norm(a, b, cv2.NORM_L1) / a.size
    if difference < _TWO_PEOPLE / 2.0:
        return difference
    flat = np.array((a, b), np.float64).reshape(2, -1)
    sums = flat.reshape(2, -1, 3).sum(axis=1)
    # About the mean of each colour; products of whole numbers are exact.
    (of_a, shared), (_, of_b) = (flat @ flat.T - sums @ sums.T * (3 / a.size)).tolist()
    power = of_a * of_b
    return difference * (1.0 - shared / math.sqrt(power)) if power > 0.0 else difference
