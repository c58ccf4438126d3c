"""Sightings: what the tables say of one track, in the form in which tracks are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bitflow.tables import TableFile


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
    looks
        ``(m, D)`` appearance samples, the better half of those that were taken; may be empty.
    """

    kind: str
    track: int
    frames: np.ndarray
    times: np.ndarray
    boxes: np.ndarray
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
    upstream: Mapping[str, TableFile], kind: str, table: str, looks: str | None = None
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
    """
    if table not in upstream:
        return []
    rows = upstream[table].frame(["frame", "time", "track", "box_x", "box_y", "box_width", "box_height"])
    samples = _samples(upstream.get(looks or ""))
    found: list[Sighting] = []
    for number, seen in rows.groupby("track", sort=True):
        track = int(str(number))
        boxes = seen[["box_x", "box_y", "box_width", "box_height"]].to_numpy(float)
        found.append(
            Sighting(
                kind,
                track,
                seen["frame"].to_numpy(),
                seen["time"].to_numpy(),
                boxes,
                samples.get(track, np.empty((0, 0))),
            )
        )
    return found


def seen_together(a: Sighting, b: Sighting) -> int:
    """Number of frames in which both were seen."""
    return int(np.isin(a.frames, b.frames, assume_unique=True).sum())


def continues(before: Sighting, after: Sighting, gap: float = 2.0) -> bool:
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
