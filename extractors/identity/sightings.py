"""Sightings: what the tables say of one track, in the form in which tracks are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bitflow.tables import TableFile, tensor

#: A track goes on in another that begins at most this long after it, in s.
LOST_S = 2.0

_BOX = ("box_x", "box_y", "box_width", "box_height")


@dataclass(frozen=True, eq=False)
class Sighting:
    """One track: when it was seen, where, and what it looks like.

    Parameters
    ----------
    frames
        ``(n,)`` numbers of the frames in which it was seen, rising.
    times
        ``(n,)`` s.
    boxes
        ``(n, 4)`` px: left, top, width, height.
    marks
        ``(n, k, 3)`` points that tie it to tracks of another kind: x and y in px, visibility.
    looks
        ``(m, D)`` appearance samples, the better half of those that were taken; may be empty.
    """

    kind: str
    track: int
    frames: np.ndarray
    times: np.ndarray
    boxes: np.ndarray
    marks: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 3)))
    looks: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def start(self) -> float:
        """First seen, s."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """Last seen, s."""
        return float(self.times[-1])

    @property
    def seconds(self) -> float:
        """How long it was seen: frames times their usual spacing."""
        spacing = float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.0
        return len(self.times) * spacing

    @property
    def prominence(self) -> float:
        """Seconds seen, weighted by size: who the recording is about has most of it."""
        return max(self.seconds, 1e-3) * float(np.sqrt(np.median(self.boxes[:, 2] * self.boxes[:, 3])))


def read_sightings(
    upstream: Mapping[str, TableFile],
    kind: str,
    table: str,
    *,
    looks: str | None = None,
    marks: Sequence[int] = (),
) -> list[Sighting]:
    """The tracks of one table, by number.

    Parameters
    ----------
    kind
        ``face``, ``body`` or ``hand``.
    table
        With columns `box_x`, `box_y`, `box_width`, `box_height`.
    looks
        Table of appearance samples with `vector` and `weight`.
    marks
        Numbers of the points of the column `points` to keep.
    """
    if table not in upstream:
        return []
    file = upstream[table]
    frames, times, tracks = (file.column(name) for name in ("frame", "time", "track"))
    boxes = np.stack([file.column(name) for name in _BOX], axis=1).astype(float)
    points = _marks(file, marks)
    samples = _samples(upstream.get(looks or ""))
    found: list[Sighting] = []
    for track in map(int, np.unique(tracks)):
        mine = tracks == track
        seen = samples.get(track, np.empty((0, 0)))
        found.append(Sighting(kind, track, frames[mine], times[mine], boxes[mine], points[mine], seen))
    return found


def together(a: Sighting, b: Sighting) -> tuple[np.ndarray, np.ndarray]:
    """Entries of `a` and of `b`, pairwise, of the frames in which both were seen."""
    _, mine, theirs = np.intersect1d(a.frames, b.frames, assume_unique=True, return_indices=True)
    return mine, theirs


def continues(before: Sighting, after: Sighting, gap: float = LOST_S) -> bool:
    """Whether `after` begins where `before` was lost: within `gap` seconds and one box of the place it moved to."""
    pause = after.start - before.end
    if not 0 <= pause <= gap:
        return False
    last, first = before.boxes[-1], after.boxes[0]
    grown = first[2:].prod() / max(float(last[2:].prod()), 1e-6)
    shift = np.hypot(*(_centre(first) - _centre(last)))
    return bool(shift <= max(last[2], first[2]) and 0.4 <= grown <= 2.5)


def _centre(box: np.ndarray) -> np.ndarray:
    return box[:2] + box[2:] / 2


def _marks(file: TableFile, numbers: Sequence[int]) -> np.ndarray:
    """Chosen points of every row, ``(rows, k, 3)``; read batch by batch, since all points of an hour are large."""
    if not numbers:
        return np.empty((file.rows, 0, 3))
    column = file.schema["points"]
    chosen = [tensor(batch.column("points"), column)[:, list(numbers)] for batch in file.batches(["points"])]
    points = np.concatenate(chosen) if chosen else np.empty((0, len(numbers), column.shape[1]))
    has_visibility = column.shape[1] > 3
    visibility = points[..., 3] if has_visibility else np.ones(points.shape[:2])
    return np.concatenate([points[..., :2], visibility[..., None]], axis=2)


def _samples(file: TableFile | None) -> dict[int, np.ndarray]:
    """Appearance samples by track: the better half, since a turned or blurred view says less."""
    if file is None:
        return {}
    tracks, vectors, weights = file.column("track"), file.column("vector"), file.column("weight")
    kept: dict[int, np.ndarray] = {}
    for track in np.unique(tracks):
        mine = tracks == track
        good = weights[mine] >= np.median(weights[mine])
        kept[int(track)] = vectors[mine][good]
    return kept
