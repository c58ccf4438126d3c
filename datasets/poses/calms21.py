"""CalMS21's JSON: sequences of a resident and an intruder, with the labels of their frames.

``{annotator: {sequence: {keypoints (T, 2 mice, 2 coordinates, 7 points), scores (T, 2, 7), annotations (T)}}}``. The
test file has 600 MB: it is read a sequence at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.poses.json_files import entries
from bitflow.datasets.poses.source import PoseSource, Stretch, whole
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts

ANIMALS = ("resident", "intruder")
KEYPOINTS = ("nose", "left_ear", "right_ear", "neck", "left_hip", "right_hip", "tail_base")
IMAGE_SIZE = (1024, 570)
_SKELETON = ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 6), (5, 6))


def looks_like(head: str) -> bool:
    """Whether a JSON file beginning so is one."""
    return '"keypoints"' in head and ('"annotator' in head[:200] or '"scores"' in head or "task1" in head[:400])


def read(path: Path) -> Iterator[PoseSource]:
    """Its sequences, one after another; each is held while it is used.

    Raises
    ------
    SchemaError
        It is no such JSON, or a sequence is not of two mice of seven points.
    """
    found = 0
    for (_, name), sequence in entries(path, 2):
        found += 1
        yield _sequence(path, name, sequence)
    if not found:
        raise SchemaError(f"{path}: holds no sequences")


def _sequence(path: Path, name: str, sequence: Any) -> PoseSource:
    if not isinstance(sequence, dict) or "keypoints" not in sequence:
        raise SchemaError(f"{path}: the sequence {name!r} has no keypoints")
    try:
        points = np.asarray(sequence["keypoints"], float)
        scores = np.asarray(sequence["scores"], float) if "scores" in sequence else None
    except (ValueError, TypeError) as error:
        raise SchemaError(f"{path}: keypoints of {name!r} are ragged, or no numbers") from error
    if points.ndim != 4 or points.shape[1:] != (2, 2, len(KEYPOINTS)):
        raise SchemaError(f"{path}: keypoints of {name!r} are of {points.shape}, (frames, 2, 2, 7) expected")
    if scores is None:
        scores = np.full((len(points), 2, len(KEYPOINTS)), np.nan)
    if scores.shape != (len(points), 2, len(KEYPOINTS)):
        raise SchemaError(f"{path}: scores of {name!r} are of {scores.shape}, (frames, 2, 7) expected")
    described = sequence.get("metadata")
    fps = described.get("fps") if isinstance(described, dict) else None
    facts = PoseFacts(
        KEYPOINTS,
        ANIMALS,
        skeleton=_SKELETON,
        fps=float(fps) if isinstance(fps, int | float) and fps > 0 else None,
        image_size=IMAGE_SIZE,
        source={"format": "CalMS21", "missing_code": "none"},
    )

    def stretches() -> Iterator[Stretch]:
        placed = points.transpose(0, 1, 3, 2)
        yield Stretch(np.arange(len(points)), whole(placed, scores), scores.astype(np.float32))

    return PoseSource(path, facts, stretches, name.replace("\\", "/").rpartition("/")[2])
