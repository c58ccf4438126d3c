"""Files of poses as whole arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bitflow.datasets.poses.recognise import open_poses


def read(path: Path, **options):
    """Facts, frames, points and confidence of a file that holds one sequence."""
    (source,) = open_poses(path, **options)
    parts = list(source.stretches())
    frames, points, confidence = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("frames", "points", "confidence")
    )
    return source, frames, points, confidence
