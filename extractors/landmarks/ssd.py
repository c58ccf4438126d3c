"""Single-shot detectors: anchors, decoding and weighted non-maximum suppression.

The four detectors of MediaPipe (face short and full range, palm, pose) share one scheme and differ in a
handful of figures. All anchors have unit size, so that only their centres matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Detector:
    """The figures of one detector.

    Parameters
    ----------
    size
        Side of the square input in px.
    strides
        One entry a layer; neighbours of equal stride share one grid.
    anchors_per_cell
        Anchors that each layer adds to a cell of its grid.
    keypoints
        Points that come with a box.
    scale, offset
        Input values are ``x · scale + offset`` of 8-bit pixels.
    """

    size: int
    strides: tuple[int, ...]
    anchors_per_cell: int
    keypoints: int
    scale: float
    offset: float


#: Subject's right eye, left eye, nose tip, mouth centre, right and left ear.
FACE_SHORT = Detector(128, (8, 16, 16, 16), 2, 6, 2 / 255, -1.0)
FACE_FULL = Detector(192, (4,), 1, 6, 2 / 255, -1.0)
#: Wrist first, the middle finger's knuckle third.
PALM = Detector(192, (8, 16, 16, 16), 2, 7, 1 / 255, 0.0)
#: Mid-hip, a point of the body's circle, mid-shoulder, a point of the upper body's circle.
POSE = Detector(224, (8, 16, 32, 32, 32), 2, 4, 2 / 255, -1.0)


@dataclass(frozen=True)
class Detections:
    """What one detector found in one picture, best score first.

    `boxes` (n, 4) are x0 y0 x1 y1, `keypoints` (n, k, 2) are x y, both in the unit of the caller; `scores`
    (n,) lie in [0, 1].
    """

    boxes: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


@cache
def anchors(detector: Detector) -> np.ndarray:
    """Anchor centres ``(n, 2)`` as x, y in [0, 1], in the order of the model's rows.

    Examples
    --------
    >>> anchors(FACE_SHORT).shape, anchors(FACE_FULL).shape, anchors(PALM).shape, anchors(POSE).shape
    ((896, 2), (2304, 2), (2016, 2), (2254, 2))
    """
    centres = []
    for stride in dict.fromkeys(detector.strides):
        cells = -(-detector.size // stride)
        repeats = detector.strides.count(stride) * detector.anchors_per_cell
        line = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        centres.append(np.repeat(grid, repeats, axis=0))
    table = np.concatenate(centres)
    table.setflags(write=False)
    return table


def decode(detector: Detector, rows: np.ndarray, logits: np.ndarray, min_score: float = 0.5) -> Detections:
    """Candidate boxes of one picture, before suppression, in units of the input's side.

    Parameters
    ----------
    rows
        ``(anchors, 4 + 2·keypoints)``: centre x, y, width, height, then keypoints, in px of the input and
        relative to the anchor.
    logits
        ``(anchors,)`` scores before the sigmoid.
    min_score
        Candidates below this probability are left out.
    """
    logits = logits.reshape(-1)
    kept = np.flatnonzero(logits >= np.log(min_score / (1.0 - min_score)))
    kept = kept[np.argsort(-logits[kept], kind="stable")]
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits[kept].astype(np.float64), -100.0, 100.0)))
    values = rows.reshape(len(logits), -1)[kept].astype(np.float64) / detector.size
    centres = anchors(detector)[kept]
    middle = values[:, :2] + centres
    half = values[:, 2:4] / 2.0
    points = values[:, 4:].reshape(len(kept), detector.keypoints, 2) + centres[:, None, :]
    return Detections(np.concatenate([middle - half, middle + half], axis=1), points, scores)


def intersection_over_union(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Overlap ``(n,)`` of one box ``(4,)`` with others ``(n, 4)``, corners x0 y0 x1 y1."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
    areas = np.prod(np.clip(others[:, 2:] - others[:, :2], 0.0, None), axis=1)
    total = np.prod(np.clip(box[2:] - box[:2], 0.0, None)) + areas - shared
    return np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)


def suppress(
    candidates: Detections,
    max_overlap: float = 0.3,
    apart: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Detections:
    """Weighted non-maximum suppression: each group of overlapping candidates becomes its score-weighted mean.

    The highest score leads, everything that overlaps it by more than `max_overlap` is averaged into it,
    and the group keeps the leader's score (Bazarevsky et al. 2019, BlazeFace). `apart` says by the keypoints
    of the leader ``(k, 2)`` and of others ``(n, k, 2)`` which of these show something else all the same.
    """
    boxes, points, scores = [], [], []
    left = np.arange(len(candidates))
    while len(left):
        group = intersection_over_union(candidates.boxes[left[0]], candidates.boxes[left]) > max_overlap
        if apart is not None:
            group &= ~apart(candidates.keypoints[left[0]], candidates.keypoints[left])
        group[0] = True
        members = left[group]
        weights = candidates.scores[members]
        weights = weights / weights.sum()
        boxes.append(weights @ candidates.boxes[members])
        points.append(np.tensordot(weights, candidates.keypoints[members], axes=1))
        scores.append(candidates.scores[members[0]])
        left = left[~group]
    if not scores:
        return Detections(candidates.boxes[:0], candidates.keypoints[:0], candidates.scores[:0])
    return Detections(np.array(boxes), np.array(points), np.array(scores))


def detections_in_image(detections: Detections, width: int, height: int) -> Detections:
    """Undo the letterbox: from units of the centred square over the picture to px of the picture."""
    side = max(width, height)
    shift = np.array([(width - side) / 2.0, (height - side) / 2.0])
    return Detections(
        detections.boxes * side + np.tile(shift, 2), detections.keypoints * side + shift, detections.scores
    )
