"""Anipose's CSV of points in space: for each keypoint ``_x _y _z _error _ncams _score``, and ``fnum``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bitflow.datasets.foreign_csv import read_foreign_csv
from bitflow.datasets.poses.columns import ONLY
from bitflow.datasets.poses.source import PoseSource, Stretch, checked_names, no_confidence, whole
from bitflow.errors import SchemaError
from bitflow.poses import PoseFacts


def looks_like(head: bytes) -> bool:
    """Whether a file beginning so is one."""
    names = head.decode("utf-8-sig", "replace").split("\n", 1)[0].strip().split(",")
    return any(name.endswith("_ncams") for name in names) and any(name.endswith("_z") for name in names)


def read(path: Path) -> PoseSource:
    """Open one.

    Raises
    ------
    SchemaError
        A keypoint lacks a coordinate.
    """
    csv = read_foreign_csv(path)
    keypoints = checked_names(path, "keypoint", [n.removesuffix("_ncams") for n in csv.names if n.endswith("_ncams")])
    lacking = [f"{name}_{axis}" for name in keypoints for axis in "xyz" if f"{name}_{axis}" not in csv]
    if lacking:
        raise SchemaError(f"{path}, line 1: there is no column {lacking[0]!r}")
    points = np.stack([csv.table([f"{name}_{axis}" for axis in "xyz"]) for name in keypoints], axis=1)[:, None]
    scored = all(f"{name}_score" in csv for name in keypoints)
    scores = csv.table([f"{name}_score" for name in keypoints])[:, None] if scored else no_confidence(points)
    numbers = csv.number("fnum") if "fnum" in csv else np.arange(csv.rows, dtype=float)
    if not (np.isfinite(numbers) & (numbers >= 0) & (numbers == np.round(numbers))).all():
        raise SchemaError(f"{path}: the column 'fnum' must hold numbers of frames")
    facts = PoseFacts(keypoints, (ONLY,), 3, unit="mm", source={"format": "Anipose", "missing_code": "NaN"})

    def stretches() -> Iterator[Stretch]:
        yield Stretch(numbers.astype(np.int64), whole(points), scores.astype(np.float32))

    return PoseSource(path, facts, stretches)
