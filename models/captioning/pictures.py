"""Pictures for a model to see: which instants, which part of the frame, and as what bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.models.endpoints.prompt import Picture
from bitflow.models.grounding.recordings import Witness
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.media.frames import Frame

#: Longest side of a picture, px, and its JPEG quality.
SIDE_PX, QUALITY = 448, 85

#: A face lower than this cannot be read by anybody, px.
LEAST_FACE_PX = 48

#: Room around a person or an animal, as a share of the box.
MARGIN = 0.30

_GREY = (127, 127, 127)


@dataclass(frozen=True)
class View:
    """What of a frame is shown: a square ``(x, y, side)`` in px that may reach beyond the frame; None for all of it."""

    square: tuple[float, float, float] | None = None


def instants(witness: Witness, when: Interval, who: int) -> list[float]:
    """Instants of a stretch that show most: its ends, where the signals are farthest from their middle, evenly between.

    Six pictures up to 3 s, eight up to 6 s, twelve beyond. The same tables give the same instants.
    """
    number = 6 if when.duration <= 3 else 8 if when.duration <= 6 else 12
    step = 1e-3 + 0.02 * when.duration
    first, last = when.start + step, when.end - step
    chosen = [first, last, *_extremes(witness, when, who)]
    even = np.linspace(first, last, number)
    for time in sorted(even, key=lambda t: -min(abs(t - c) for c in chosen)):
        if len(chosen) >= number:
            break
        chosen.append(float(time))
    apart: list[float] = []
    for time in sorted(chosen):
        if not apart or time - apart[-1] > when.duration / (4 * number):
            apart.append(float(time))
    return apart[:number]


def _extremes(witness: Witness, when: Interval, who: int) -> list[float]:
    """Where face, head and hands of a person are at their most; nothing for animals."""
    if witness.of_animals or who < 0:
        return []
    found: list[float] = []
    for table, column in (("face_actions", "mouthSmileLeft"), ("head_pose", "yaw"), ("faces", "box_y")):
        signal = _signal(witness, who, table, column, when)
        if signal is None:
            continue
        values = np.abs(signal.values - np.nanmedian(signal.values)) if signal.known.any() else signal.values
        if np.isfinite(values).any():
            found.append(float(signal.times[int(np.nanargmax(values))]))
    return found


def view_of(witness: Witness, when: Interval, who: int) -> View:
    """The square that holds somebody throughout a stretch, with room around; all of the frame where nothing tells."""
    box = _animal_box(witness, when, who) if witness.of_animals else _person_box(witness, when, who)
    if box is None:
        return View()
    left, top, right, bottom = box
    side = (1 + MARGIN) * max(right - left, bottom - top)
    return View(((left + right - side) / 2, (top + bottom - side) / 2, side))


def face_height(witness: Witness, when: Interval, who: int) -> float | None:
    """Median height of somebody's face in a stretch, px; None where no table tells."""
    if witness.of_animals or "faces" not in witness.scene.tables or who < 0:
        return None
    heights = _signal(witness, who, "faces", "box_height", when)
    return float(np.median(heights.known_values)) if heights is not None and heights.known.any() else None


def _signal(witness: Witness, who: int, table: str, columns: str | tuple[str, ...], when: Interval) -> Signal | None:
    """A signal of somebody in a stretch, put on the clock once and not for each stretch; None where there is none."""
    person = witness.scene.person(who)
    known: dict[tuple[str, str | tuple[str, ...]], Signal | None] = person.__dict__.setdefault("_shown", {})
    if (table, columns) not in known:
        try:
            known[table, columns] = person.signal(table, columns)
        except Undefined:
            known[table, columns] = None
    whole = known[table, columns]
    return None if whole is None else whole.crop(when)


def _person_box(witness: Witness, when: Interval, who: int) -> NDArray[np.float64] | None:
    boxes = []
    for table in ("faces", "bodies"):
        if who < 0 or table not in witness.scene.tables:
            continue
        box = _signal(witness, who, table, ("box_x", "box_y", "box_width", "box_height"), when)
        if box is not None and box.known.any():
            x, y, width, height = box.known_values.T
            # Around a face belong the shoulders and hands that its box does not hold.
            grown = (1.0, 0.6, 2.2) if table == "faces" else (0.0, 0.0, 0.0)
            low = (x - grown[0] * width, y - grown[1] * height)
            high = (x + (1 + grown[0]) * width, y + (1 + grown[2]) * height)
            boxes.append((low[0].min(), low[1].min(), high[0].max(), high[1].max()))
    if not boxes:
        return None
    return np.array([*np.min(boxes, axis=0)[:2], *np.max(boxes, axis=0)[2:]])


def _animal_box(witness: Witness, when: Interval, who: int) -> NDArray[np.float64] | None:
    poses = witness.animals.poses
    rows = (poses.time >= when.start) & (poses.time < when.end)
    if who not in poses.tracks or not rows.any():
        return None
    actor = poses.tracks.index(who)
    shown = [actor]
    if len(poses.tracks) > 1:
        distances = witness.animals.distance[rows, actor]
        if np.isfinite(distances).any():
            shown.append(int(np.nanargmin(np.where(np.isfinite(distances), distances, np.inf).min(axis=0))))
    points = poses.points[rows][:, shown, :, :2].reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    return np.array([*points.min(axis=0), *points.max(axis=0)]) if len(points) else None


def pictures(media: Path, times: Sequence[float], view: View) -> tuple[list[Picture], list[float]]:
    """The pictures at given instants as bare JPEGs, each with its number and time before it.

    Returns
    -------
    tuple
        Pictures, and the presentation times of the frames that they show, s.

    Raises
    ------
    MediaError
        The video cannot be read there.
    """
    from bitflow.media.seek import frames_at

    shown: list[Picture] = []
    at: list[float] = []
    for number, frame in enumerate(frames_at(media, times), 1):
        shown.append(Picture(jpeg(frame, view), f"Frame {number} — t = {frame.time:.3f} s"))
        at.append(float(frame.time))
    return shown, at


def jpeg(frame: Frame, view: View) -> bytes:
    """One picture: the view's square on grey, or the whole frame, its longest side at most 448 px."""
    import cv2

    if view.square is None:
        rgb = np.asarray(frame.rgb())
        scale = min(1.0, SIDE_PX / max(rgb.shape[:2]))
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        made = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    else:
        made = _cropped(frame, view.square)
    return cv2.imencode(".jpg", made[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _cropped(frame: Frame, square: tuple[float, float, float]) -> NDArray[Any]:
    import cv2

    left, top, side = square
    rgb = np.asarray(frame.rgb())
    height, width = rgb.shape[:2]
    x0, y0 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    x1, y1 = min(width, int(np.ceil(left + side))), min(height, int(np.ceil(top + side)))
    edge = max(1, round(side))
    canvas = np.full((edge, edge, 3), _GREY, np.uint8)
    if x1 > x0 and y1 > y0:
        column, row = min(max(0, round(x0 - left)), edge - 1), min(max(0, round(y0 - top)), edge - 1)
        part = rgb[y0 : y0 + min(y1 - y0, edge - row), x0 : x0 + min(x1 - x0, edge - column)]
        canvas[row : row + part.shape[0], column : column + part.shape[1]] = part
    target = min(SIDE_PX, max(224, edge))
    return cv2.resize(canvas, (target, target), interpolation=cv2.INTER_AREA if edge > target else cv2.INTER_CUBIC)
