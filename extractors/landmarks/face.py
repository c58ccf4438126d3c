"""The face networks: two detectors and a mesh, fed from a frame's planes and read into picture coordinates.

Follows MediaPipe's face landmark graphs: which crop a detection or a mesh asks for, and what the tensors
mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from bitflow.extractors.landmarks import mesh, ssd
from bitflow.extractors.landmarks.roi import Roi, around_box, crop_matrix, direction, letterbox
from bitflow.extractors.tracking.chain import Observation, Seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitflow.extraction.protocol import Runtime
    from bitflow.inference import Session
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
        self._runtime = runtime
        self._model = MESHES[model]
        self._min_score, self._min_size, self._thorough = min_score, min_size, thorough
        size = self._model.size
        self._mesh = runtime.session(self._model.asset, normalise=(1 / 255, 0.0), outputs=(0, 1))
        self._crop = np.empty((1, size, size, 3), np.uint8)
        self._detectors: dict[str, tuple[Session, np.ndarray]] = {}

    def detect(self, frame: Frame) -> Sequence[Seed]:
        """Faces in the picture, the largest first."""
        found = self.detections(frame, "face_detection_short", ssd.FACE_SHORT)
        boxes, points, scores = list(found.boxes), list(found.keypoints), list(found.scores)
        if self._thorough or not len(found):
            far = self.detections(frame, "face_detection_full", ssd.FACE_FULL)
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

    def detections(self, frame: Frame, asset: str, detector: ssd.Detector) -> ssd.Detections:
        """What one detector finds, in px of the picture."""
        if asset not in self._detectors:
            session = self._runtime.session(asset, normalise=(detector.scale, detector.offset))
            self._detectors[asset] = (session, np.empty((1, detector.size, detector.size, 3), np.uint8))
        session, crop = self._detectors[asset]
        matrix = crop_matrix(letterbox(frame.width, frame.height), detector.size)
        frame.warp(matrix, (detector.size, detector.size), border="zero", out=crop[0])
        rows, logits = session.run(crop)
        candidates = ssd.decode(detector, rows[0], logits[0], self._min_score)
        return ssd.detections_in_image(ssd.suppress(candidates), frame.width, frame.height)

    def follow(self, frame: Frame, roi: Roi) -> Observation:
        """Mesh of the face in a crop; values are its points ``(n, 3)`` px of the crop and a thumbnail."""
        size = self._model.size
        matrix = crop_matrix(roi, size)
        frame.warp(matrix, (size, size), out=self._crop[0])
        points, logit = self._mesh.run(self._crop)
        points = points.reshape(-1, 3)
        xy = matrix[:, :2] @ points[:, :2].T + matrix[:, 2:]
        presence = 1.0 / (1.0 + math.exp(-min(max(logit.item(), -100.0), 100.0)))
        cells = size // _CELL
        # Every eighth pixel first: averaging them all takes ten times as long and tells no more.
        sparse = self._crop[0, _CELL // 4 :: _CELL // 2, _CELL // 4 :: _CELL // 2]
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
    pair = np.stack((a, b)).reshape(2, -1, 3).astype(np.float32)
    pair -= pair.mean(axis=1, keepdims=True)
    flat = pair.reshape(2, -1)
    (of_a, shared), (_, of_b) = (flat @ flat.T).tolist()
    power = of_a * of_b
    return difference * (1.0 - shared / math.sqrt(power)) if power > 0.0 else difference
