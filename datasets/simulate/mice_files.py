"""Simulated mice in the layouts in which real ones come: CalMS21's JSON and MABe22's arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.simulate.mice import SimulatedMice
from bitflow.datasets.simulate.mouse_body import KEYPOINTS
from bitflow.datasets.simulate.mouse_script import ATTACK, INVESTIGATE
from bitflow.drafts import replace_file
from bitflow.errors import UsageError

CALMS21_IMAGE = (1024, 570)
CALMS21_BEHAVIOURS = {"attack": 0, "investigation": 1, "mount": 2, "other": 3}
CALMS21_KEYPOINTS = ("nose", "left_ear", "right_ear", "neck", "left_hindpaw", "right_hindpaw", "tail_base")
"""Where CalMS21 marks hips, the simulated mouse has its hindpaws."""


def write_calms21(path: str | Path, mice: SimulatedMice, *, recording: str = "simulated") -> None:
    """Write a resident and an intruder as CalMS21's task 1 has them.

    Seven points on a picture of 1024 × 570 px, which stretches the square floor; the label of a frame is what the
    first mouse does to the other. Its tracker always answers: a lost point stays where it was last seen, with score 0.

    Raises
    ------
    UsageError
        There are not two mice.
    """
    if len(mice.animals) != 2:
        raise UsageError(f"CalMS21 has a resident and an intruder, this recording {len(mice.animals)}; simulate two")
    chosen = [KEYPOINTS.index(name) for name in CALMS21_KEYPOINTS]
    points = _held(mice.points[:, :, chosen]) * (np.array(CALMS21_IMAGE) / mice.arena)
    label = np.full(len(mice.label), CALMS21_BEHAVIOURS["other"])
    label[mice.label[:, 0] == ATTACK] = CALMS21_BEHAVIOURS["attack"]
    label[mice.label[:, 0] == INVESTIGATE] = CALMS21_BEHAVIOURS["investigation"]
    entry = {
        "keypoints": points.transpose(0, 1, 3, 2).round(3).tolist(),
        "scores": mice.confidence[:, :, chosen].astype(float).round(4).tolist(),
        "annotations": label.tolist(),
        "metadata": {"vocab": CALMS21_BEHAVIOURS, "fps": mice.rate, "simulated": True},
    }
    content = {"annotator-id_0": {f"task1/test/{recording}": entry}}
    replace_file(Path(path), json.dumps(content, separators=(",", ":")).encode())


def write_mabe(
    path: str | Path, mice: SimulatedMice, *, axis_order: str = "xy", y_up: bool = False, missing_zero: bool = True
) -> None:
    """Write keypoints ``(frames, animals, 12, 2)`` as MABe22's mouse triplets have them: an array, never a pickle.

    Parameters
    ----------
    path
        ``.npy`` for the bare array, ``.npz`` for the array `keypoints` with `names`, `animals` and `fps`.
    axis_order
        ``xy`` or ``yx``: which coordinate comes first.
    y_up
        Count y from the lower edge, as plots do, in the place of from the upper one.
    missing_zero
        Write (0, 0) for what is missing, as MABe22 does, in the place of NaN. Only whole animals can be told from a
        real point in the corner, so that single lost points are filled with where they were last seen.

    Raises
    ------
    UsageError
        An axis order or suffix of another kind.
    """
    path = Path(path)
    if axis_order not in ("xy", "yx"):
        raise UsageError(f"coordinates are written as xy or yx, not {axis_order!r}")
    if path.suffix not in (".npy", ".npz"):
        raise UsageError(f"{path}: MABe files end in .npy or .npz")
    points = mice.points.copy()
    if y_up:
        points[..., 1] = mice.arena - points[..., 1]
    if missing_zero:
        absent = np.isnan(points).all(axis=(2, 3))
        points = _held(points)
        points[absent] = 0.0
    points = points[..., ::-1] if axis_order == "yx" else points
    if path.suffix == ".npy":
        np.save(path, points.astype(np.float32), allow_pickle=False)
    else:
        np.savez_compressed(
            path,
            keypoints=points.astype(np.float32),
            names=np.array(KEYPOINTS),
            animals=np.array(mice.animals),
            fps=np.array(mice.rate),
        )


def _held(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each point where it was last seen, or before that where it is first seen; where it never is, at the origin."""
    flat = points.reshape(len(points), -1)
    seen = np.isfinite(flat)
    first = np.where(seen.any(axis=0), seen.argmax(axis=0), 0)
    last = np.maximum.accumulate(np.where(seen, np.arange(len(flat))[:, None], -1), axis=0)
    place = np.where(last < 0, first, last)
    return np.nan_to_num(np.take_along_axis(flat, place, axis=0)).reshape(points.shape)
