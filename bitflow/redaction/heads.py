"""Where heads are at any instant: ellipses from the tables, bridged over what the detector missed.

When in doubt, a place is covered: ellipses are larger than the face, grow while nothing is seen, and go on for a
while before the first sighting and after the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bitflow.errors import UsageError
from bitflow.tables import tensor

if TYPE_CHECKING:
    from bitflow.store import Recording

# Points of the 468-point face mesh: forehead, chin, and the sides before the ears.
_FOREHEAD, _CHIN, _RIGHT_SIDE, _LEFT_SIDE, _SKIN = 10, 152, 234, 454, 468
_RIGHT_EYE, _LEFT_EYE = 33, 263

# A head is 1.35 times as tall as the face from chin to forehead (the skull goes on above the hairline), and its
# middle lies that much higher; ears and hair widen it. Adult proportions after Farkas (1994), rounded up.
_TALLER, _HIGHER, _WIDER = 1.45, 0.17, 1.35
_NARROWEST = 0.78  # a head in profile is not narrower than this part of its height

# BlazePose: points 0-10 are the head, 11 and 12 the shoulders. A head with hair is about 0.6 of their distance wide.
_HEAD_POINTS, _SHOULDERS, _HEAD_OF_SHOULDERS = 11, (11, 12), 0.6


@dataclass(frozen=True)
class Cover:
    """How generously heads are covered.

    Parameters
    ----------
    margin
        Ellipses are this much larger than the head (1.2: a fifth).
    bridge_s
        Longest time between two sightings over which the place is interpolated (s).
    hold_s
        Time before the first sighting and after the last that stays covered (s).
    growth
        How much larger an ellipse becomes for each second without a sighting (1: twice the size after one).
    """

    margin: float = 1.2
    bridge_s: float = 2.0
    hold_s: float = 0.6
    growth: float = 0.6

    def __post_init__(self) -> None:
        for name, lowest in (("margin", 1.0), ("bridge_s", 0.0), ("hold_s", 0.0), ("growth", 0.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= lowest):
                raise UsageError(f"{name} is at least {lowest:g}, not {value}")


@dataclass(frozen=True)
class Ellipse:
    """A head in the picture: centre and semi-axes in px, `angle` of the upward axis from vertical in degrees,
    positive clockwise in the picture.
    """

    x: float
    y: float
    across: float
    along: float
    angle: float

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        turn = math.radians(self.angle)
        dx, dy = x - self.x, y - self.y
        u, v = dx * math.cos(turn) + dy * math.sin(turn), -dx * math.sin(turn) + dy * math.cos(turn)
        return (u / self.across) ** 2 + (v / self.along) ** 2 <= 1.0


@dataclass(frozen=True, eq=False)
class Sightings:
    """One head over time.

    `times` ``(n,)`` s ascending; `ellipses` ``(n, 5)``: x, y, across, along in px, angle in degrees, unwrapped.
    """

    times: np.ndarray
    ellipses: np.ndarray

    def at(self, time: float, cover: Cover) -> Ellipse | None:
        """The ellipse that covers the head at an instant; None when it was not seen near it."""
        after = int(np.searchsorted(self.times, time))
        before = after - 1
        if after < len(self.times) and self.times[after] - time < 1e-9:
            return self._grown(self.ellipses[after], 0.0, cover)
        if before >= 0 and after < len(self.times):
            gap = float(self.times[after] - self.times[before])
            if gap <= cover.bridge_s:
                part = (time - self.times[before]) / gap
                between = self.ellipses[before] * (1 - part) + self.ellipses[after] * part
                return self._grown(between, min(time - self.times[before], self.times[after] - time), cover)
        for near in (before, after):
            if 0 <= near < len(self.times) and abs(self.times[near] - time) <= cover.hold_s:
                return self._grown(self.ellipses[near], abs(float(self.times[near] - time)), cover)
        return None

    @staticmethod
    def _grown(ellipse: np.ndarray, unseen_s: float, cover: Cover) -> Ellipse:
        x, y, across, along, angle = (float(value) for value in ellipse)
        factor = cover.margin * (1.0 + cover.growth * unseen_s)
        return Ellipse(x, y, across * factor, along * factor, angle)


def read_heads(recording: Recording, cover: Cover) -> list[Sightings]:
    """All heads of a recording: faces by their meshes or boxes, and bodies' heads where bodies were extracted."""
    tracks: dict[tuple[str, int], list[tuple[float, np.ndarray]]] = {}
    for kind, source in (("face", _from_faces(recording)), ("body", _from_bodies(recording))):
        for time, track, ellipse in source:
            tracks.setdefault((kind, track), []).append((time, ellipse))
    heads: dict[str, list[Sightings]] = {"face": [], "body": []}
    for (kind, _), rows in tracks.items():
        rows.sort(key=lambda row: row[0])
        ellipses = np.array([ellipse for _, ellipse in rows])
        ellipses[:, 4] = np.degrees(np.unwrap(np.radians(ellipses[:, 4])))
        heads[kind].append(Sightings(np.array([time for time, _ in rows]), ellipses))
    return [*linked(heads["face"], cover), *linked(heads["body"], cover)]


def linked(heads: Iterable[Sightings], cover: Cover) -> list[Sightings]:
    """Join heads of which one ends where another begins soon after: a track that was lost and found again."""
    waiting = sorted(heads, key=lambda head: head.times[0])
    done: list[Sightings] = []
    while waiting:
        head = waiting.pop(0)
        while (found := _successor(head, waiting, cover)) is not None:
            waiting.remove(found)
            joined = np.concatenate([head.ellipses, found.ellipses])
            joined[:, 4] = np.degrees(np.unwrap(np.radians(joined[:, 4])))
            head = Sightings(np.concatenate([head.times, found.times]), joined)
        done.append(head)
    return done


def _successor(head: Sightings, others: list[Sightings], cover: Cover) -> Sightings | None:
    """The nearest head that begins within the bridge after this one ends, no further off than two head sizes."""
    best, nearest = None, math.inf
    last = head.ellipses[-1]
    for other in others:
        gap = other.times[0] - head.times[-1]
        distance = math.dist(last[:2], other.ellipses[0][:2])
        size = max(last[3], other.ellipses[0][3])
        if 0 < gap <= cover.bridge_s and distance <= 4 * size and distance < nearest:
            best, nearest = other, distance
    return best


def face_ellipses(points: np.ndarray) -> np.ndarray:
    """Heads around face meshes.

    Parameters
    ----------
    points
        ``(n, 468 or more, 2 or 3)`` px.

    Returns
    -------
    numpy.ndarray
        ``(n, 5)``: x, y, across, along in px, angle in degrees. Every point of the mesh lies inside.
    """
    flat = points[..., :2].astype(np.float64)
    up = flat[:, _FOREHEAD] - flat[:, _CHIN]
    across = flat[:, _LEFT_EYE] - flat[:, _RIGHT_EYE]
    # From above or below the chin-forehead line is short, in profile the eye line: the longer tells the turn.
    upright = np.stack([across[:, 1], -across[:, 0]], axis=1)
    up = np.where((np.linalg.norm(up, axis=1) >= np.linalg.norm(across, axis=1))[:, None], up, upright)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6)
    side = np.stack([-up[:, 1], up[:, 0]], axis=1)
    along = np.einsum("nki,ni->nk", flat[:, :_SKIN], up)
    aside = np.einsum("nki,ni->nk", flat[:, :_SKIN], side)
    height, width = np.ptp(along, axis=1), np.ptp(aside, axis=1)
    height = np.maximum(height, 0.9 * width)
    width = np.maximum(width, _NARROWEST * height)
    middle_along = (along.max(axis=1) + along.min(axis=1)) / 2 + _HIGHER * height
    middle_aside = (aside.max(axis=1) + aside.min(axis=1)) / 2
    centre = middle_along[:, None] * up + middle_aside[:, None] * side
    half_along, half_across = _TALLER * height / 2, _WIDER * width / 2
    reach = np.sqrt(
        (
            ((along - middle_along[:, None]) / half_along[:, None]) ** 2
            + ((aside - middle_aside[:, None]) / half_across[:, None]) ** 2
        ).max(axis=1)
    )
    grow = np.maximum(reach, 1.0)
    angle = np.degrees(np.arctan2(up[:, 0], -up[:, 1]))
    return np.column_stack([centre, half_across * grow, half_along * grow, angle])


def box_ellipses(boxes: np.ndarray) -> np.ndarray:
    """Heads around upright face boxes ``(n, 4)``: x, y, width, height in px; see `face_ellipses`."""
    x, y, width, height = boxes.astype(np.float64).T
    height = np.maximum(height, 0.9 * width)
    width = np.maximum(width, _NARROWEST * height)
    return np.column_stack(
        [
            x + boxes[:, 2] / 2,
            y + boxes[:, 3] / 2 - _HIGHER * height,
            _WIDER * width / 2,
            _TALLER * height / 2,
            np.zeros(len(boxes)),
        ]
    )


def _from_faces(recording: Recording) -> Iterator[tuple[float, int, np.ndarray]]:
    meshes: set[tuple[int, int]] = set()
    if "face_landmarks" in recording:
        file = recording.file("face_landmarks")
        column = file.schema["points"]
        for batch in file.batches(["frame", "time", "track", "points"]):
            ellipses = face_ellipses(tensor(batch.column("points"), column))
            frames, tracks = batch.column("frame").to_pylist(), batch.column("track").to_pylist()
            meshes.update(zip(frames, tracks, strict=True))
            yield from zip(batch.column("time").to_pylist(), tracks, ellipses, strict=True)
    names = ["frame", "time", "track", "box_x", "box_y", "box_width", "box_height"]
    for batch in recording.file("faces").batches(names):
        boxes = np.column_stack([batch.column(name).to_numpy() for name in names[3:]])
        keys = zip(*(batch.column(name).to_pylist() for name in names[:3]), strict=True)
        for (frame, time, track), ellipse in zip(keys, box_ellipses(boxes), strict=True):
            if (frame, track) not in meshes and np.isfinite(ellipse).all():
                yield time, track, ellipse


def _from_bodies(recording: Recording) -> Iterator[tuple[float, int, np.ndarray]]:
    """Heads of bodies, which are also there when the face is turned away."""
    if "bodies" not in recording:
        return
    file = recording.file("bodies")
    if "points" not in file.schema:
        return
    for batch in file.batches(["time", "track", "points"]):
        points = tensor(batch.column("points"), file.schema["points"])[..., :2].astype(np.float64)
        head = points[:, :_HEAD_POINTS]
        shoulders = np.linalg.norm(points[:, _SHOULDERS[0]] - points[:, _SHOULDERS[1]], axis=1)
        spread = np.linalg.norm(np.ptp(head, axis=1), axis=1)
        radius = np.maximum(_HEAD_OF_SHOULDERS * shoulders / 2, 0.8 * spread)
        middle = head.mean(axis=1)
        ellipses = np.column_stack([middle, radius, 1.2 * radius, np.zeros(len(radius))])
        for time, track, ellipse in zip(
            batch.column("time").to_pylist(), batch.column("track").to_pylist(), ellipses, strict=True
        ):
            if np.isfinite(ellipse).all():
                yield time, track, ellipse
