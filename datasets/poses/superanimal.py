"""DeepLabCut's SuperAnimal JSON: for every frame the bodies that were found, with no names and no tracks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.poses.columns import ONLY
from bitflow.datasets.poses.json_files import load
from bitflow.datasets.poses.source import PoseSource, Stretch, renamed, whole
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts

_POINTS = ("bodyparts", "keypoints")


def looks_like(head: str) -> bool:
    """Whether a JSON file beginning so is one."""
    return '"bodyparts"' in head or ('"keypoints"' in head and ('"bboxes"' in head or '"bbox_scores"' in head))


def read(path: Path, keypoints: tuple[str, ...] | None = None) -> PoseSource:
    """Open one.

    Parameters
    ----------
    keypoints
        Names, which the file has not; without them points are numbered.

    Raises
    ------
    SchemaError
        Frames are not of bodies of x, y and score, all of the same number of points.
    """
    described = load(path)
    if isinstance(described, dict):
        described = [each for _, each in sorted(described.items(), key=lambda entry: (len(entry[0]), entry[0]))]
    if not isinstance(described, list) or not described:
        raise SchemaError(f"{path}: a list of frames expected")
    bodies = [_bodies(path, number, frame) for number, frame in enumerate(described)]
    seen = [each for each in bodies if len(each)]
    if not seen:
        raise SchemaError(f"{path}: no frame has a body")
    count = seen[0].shape[1]
    uneven = next((n for n, each in enumerate(bodies) if len(each) and each.shape[1] != count), None)
    if uneven is not None:
        raise SchemaError(f"{path}: frame {uneven} has bodies of {bodies[uneven].shape[1]} points, others of {count}")
    most = max(len(each) for each in bodies)
    values = np.full((len(bodies), most, count, 3), np.nan)
    for number, each in enumerate(bodies):
        values[number, : len(each)] = each
    confidence = np.where(values[..., 2] > 0, values[..., 2], np.nan).astype(np.float32)
    facts = PoseFacts(
        renamed(path, tuple(f"keypoint_{number}" for number in range(count)), keypoints),
        (ONLY,) if most == 1 else tuple(f"animal_{number}" for number in range(most)),
        source={"format": "SuperAnimal", "missing_code": "score 0 or -1"},
    )
    notes = () if most == 1 else ("its bodies have no tracks: they are told apart by their order in a frame alone",)

    def stretches() -> Iterator[Stretch]:
        points = whole(np.where(values[..., 2:] > 0, values[..., :2], np.nan))
        yield Stretch(np.arange(len(points)), points, confidence)

    return PoseSource(path, facts, stretches, notes=notes)


def _bodies(path: Path, number: int, frame: Any) -> np.ndarray:
    held = next((frame[name] for name in _POINTS if name in frame), None) if isinstance(frame, dict) else None
    if held is None:
        raise SchemaError(f"{path}: frame {number} has no {' or '.join(_POINTS)}")
    try:
        values = np.asarray(held, float)
    except (ValueError, TypeError) as error:
        raise SchemaError(f"{path}: bodies of frame {number} are ragged, or no numbers") from error
    if not values.size:
        return np.empty((0, 0, 3))
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or values.shape[2] != 3:
        raise SchemaError(f"{path}: bodies of frame {number} are of {values.shape}, (bodies, points, 3) expected")
    return values
