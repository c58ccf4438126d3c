"""How far two extractions of one recording lie apart, table by table, in the units in which tolerances are stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bitflow.store import Recording

#: Tables that hold a row a frame and thing, and the share of frames that both must have.
_COVERED = {"faces": 99.0, "face_landmarks": 99.0, "bodies": 97.0, "hands": 95.0}


@dataclass(frozen=True)
class Gap:
    """One figure with its bound; a figure of coverage is to be at least its bound, all others at most."""

    table: str
    what: str
    value: float
    bound: float
    unit: str

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.what.startswith("frames") else self.value <= self.bound


def table_gaps(
    reference: Recording, other: Recording, size: tuple[int, int], frames: int | None = None
) -> Iterator[Gap]:
    """Figures of all tables that hold anything.

    Parameters
    ----------
    reference, other
        The same recording, extracted in two ways.
    size
        Width and height of its pictures in px: joints outside are guesses, and not compared.
    frames
        Compare only so many frames.
    """
    for table, least in _COVERED.items():
        ours, theirs = (_frames(each, table, frames) for each in (reference, other))
        if ours or theirs:
            shared = 100.0 * len(ours & theirs) / max(len(ours), 1)
            yield Gap(table, "frames of the reference", shared, least, "%")
            more = 100.0 * len(theirs - ours) / max(len(ours), 1)
            yield Gap(table, "further ones", more, 100.0 - least, "%")
    yield from _faces(reference, other, frames)
    yield from _bodies(reference, other, size, frames)
    yield from _hands(reference, other, frames)


def _frames(recording: Recording, table: str, limit: int | None) -> set[int]:
    numbers = recording.file(table).column("frame")
    return set(numbers[numbers < (limit or np.inf)].tolist())


def _rows(reference: Recording, other: Recording, table: str, limit: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows of both that are about the same frame and track."""
    keys = []
    for recording in (reference, other):
        file = recording.file(table)
        pairs = zip(file.column("frame").tolist(), file.column("track").tolist(), strict=True)
        keys.append({pair: row for row, pair in enumerate(pairs) if limit is None or pair[0] < limit})
    shared = sorted(keys[0].keys() & keys[1].keys())
    return np.array([keys[0][key] for key in shared], int), np.array([keys[1][key] for key in shared], int)


def _spread(table: str, what: str, gaps: np.ndarray, median: float, worst: float, unit: str) -> Iterator[Gap]:
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps):
        yield Gap(table, f"{what}, median", float(np.median(gaps)), median, unit)
        yield Gap(table, f"{what}, p95", float(np.percentile(gaps, 95)), worst, unit)


def _faces(reference: Recording, other: Recording, limit: int | None) -> Iterator[Gap]:
    mine, theirs = _rows(reference, other, "face_landmarks", limit)
    if not len(mine):
        return
    a, b = reference.file("face_landmarks").points()[mine], other.file("face_landmarks").points()[theirs]
    ocular = np.linalg.norm(a[:, 33, :2] - a[:, 263, :2], axis=1)
    away = np.linalg.norm(a[..., :2] - b[..., :2], axis=2).mean(axis=1)
    yield from _spread("face_landmarks", "mean over the points", 100 * away / ocular, 2.0, 4.0, "% IOD")
    box = np.abs(_column(reference, "faces", "box_x")[mine] - _column(other, "faces", "box_x")[theirs])
    yield from _spread("faces", "left edge of the box", 100 * box / ocular, 4.0, 8.0, "% IOD")
    for table, columns, median, worst, unit in (
        ("head_pose", ("yaw", "pitch", "roll"), 0.3, 1.2, "deg"),
        ("gaze", ("yaw", "pitch"), 1.0, 4.0, "deg"),
        ("face_actions", _blendshapes(reference), 0.01, 0.02, ""),
    ):
        if table in reference and columns:
            gaps = [np.abs(_column(reference, table, c)[mine] - _column(other, table, c)[theirs]) for c in columns]
            yield from _spread(table, "mean over the columns", np.mean(gaps, axis=0), median, worst, unit)


def _blendshapes(recording: Recording) -> tuple[str, ...]:
    from bitflow.extractors.landmarks.blendshapes import NAMES

    there = "face_actions" in recording and np.isfinite(_column(recording, "face_actions", NAMES[1])).any()
    return tuple(NAMES[1:]) if there else ()


def _column(recording: Recording, table: str, name: str) -> np.ndarray:
    return recording.file(table).column(name)


def _bodies(reference: Recording, other: Recording, size: tuple[int, int], limit: int | None) -> Iterator[Gap]:
    mine, theirs = _rows(reference, other, "bodies", limit)
    if not len(mine):
        return
    a, b = reference.file("bodies").points()[mine], other.file("bodies").points()[theirs]
    torso = np.linalg.norm(a[:, [11, 12], :2].mean(axis=1) - a[:, [23, 24], :2].mean(axis=1), axis=1)
    seen = (a[..., 3] > 0.5) & ((a[..., :2] >= 0) & (a[..., :2] <= size)).all(axis=2)
    away = np.where(seen, np.linalg.norm(a[..., :2] - b[..., :2], axis=2), 0.0).sum(axis=1)
    count = seen.sum(axis=1)
    gaps = np.where(count > 0, 100 * away / np.maximum(count, 1) / torso, np.nan)
    yield from _spread("bodies", "visible joints in the picture", gaps, 2.5, 12.0, "% torso")


def _hands(reference: Recording, other: Recording, limit: int | None) -> Iterator[Gap]:
    mine, theirs = _rows(reference, other, "hands", limit)
    if not len(mine):
        return
    a, b = reference.file("hands").points()[mine], other.file("hands").points()[theirs]
    palm = np.linalg.norm(a[:, 9, :2] - a[:, 0, :2], axis=1)
    away = np.linalg.norm(a[..., :2] - b[..., :2], axis=2).mean(axis=1)
    yield from _spread("hands", "mean over the points", 100 * away / palm, 3.0, 10.0, "% palm")
    sides = [_column(each, "hands", "handedness")[rows] for each, rows in ((reference, mine), (other, theirs))]
    yield Gap("hands", "on another side", 100 * float(np.mean(sides[0] != sides[1])), 5.0, "%")
