"""py-feat's CSV (a saved `Fex`) as tables, of its versions 0.4 to 2.

Its pose is in radians since version 0.6 and in degrees before; in 2.0 `Pitch` counts nose down and `Yaw` nose to the
subject's right as positive (found by fitting the pose of the 478-point mesh in files that have both), `Roll` as
bitflow does. Its action units are probabilities 0–1, no intensities. It keeps no presentation times: a row
has a frame number and, for videos, the minute and second as text; times come from the video (`media`), from a rate, or
from the one rate that fits those seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.face_points import FACE_SHAPE, POINTS_68, face_shape
from bitflow.datasets.face_scores import EMOTION_CLASSES, EMOTIONS, action_units_schema
from bitflow.datasets.foreign_csv import ForeignCsv, read_foreign_csv
from bitflow.datasets.imported import (
    FACES,
    Imported,
    Origin,
    angle,
    head_pose_schema,
    listed,
    picture_times,
    table_of,
)
from bitflow.datasets.overlap_tracks import overlap_tracks
from bitflow.errors import SchemaError, UsageError
from bitflow.extractors.face_actions import FACE_ACTIONS, facial_geometry
from bitflow.extractors.landmarks import blendshapes, mesh
from bitflow.extractors.landmarks.head import rotation_from_angles
from bitflow.tables import TRACK_KEYS, Column, Schema
from bitflow.tables.pictures import FRAMES, frames_batch

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1"

_RATES_HZ = (10, 12, 12.5, 15, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 90, 100, 119.88, 120, 240)

#: Where the seconds in the file leave several rates open, times may differ by this much (s) before they are refused.
_UNSURE_S = 0.05

_BOX = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")
_POSE = ("Pitch", "Yaw", "Roll")
_SIGHT = ("gaze_pitch", "gaze_yaw")
_UNIT = re.compile(r"AU(\d\d)")
_EMOTIONS = {"happy": "happiness", "sad": "sadness", "angry": "anger"}
_MESH = [f"mesh_{axis}_{k}" for axis in "xyz" for k in range(478)]
_POINTS = [f"{axis}_{k}" for axis in "xy" for k in range(68)]

FACE_LANDMARKS = Schema(
    "face_landmarks",
    "frame",
    (*TRACK_KEYS, Column("points", "float32", "px", "mesh of the face; z in the same scale", "image", shape=(478, 3))),
    "meshes of faces",
    tracks="face",
)

GAZE = Schema(
    "gaze",
    "frame",
    (
        *TRACK_KEYS,
        angle("pitch", "camera", "up is positive; relative to the recording's median"),
        angle("yaw", "camera", "to the subject's left, right in the picture, is positive; relative to the median"),
        angle("head_pitch", "head", "eyes in the head, up is positive; relative to the recording's median"),
        angle("head_yaw", "head", "eyes in the head, to the subject's left is positive; relative to the median"),
    ),
    "where eyes point",
    tracks="face",
)


@dataclass(frozen=True, eq=False)
class _Faces:
    csv: ForeignCsv
    rows: NDArray[np.int64]
    keys: dict[str, NDArray[Any]]

    def has(self, *names: str) -> bool:
        return all(name in self.csv.numbers for name in names)

    def number(self, name: str) -> NDArray[np.float64]:
        return self.csv.number(name)[self.rows]

    def points(self, names: list[str], axes: int) -> NDArray[np.float64] | None:
        if not all(name in self.csv for name in names):
            return None
        return self.csv.table(names)[self.rows].reshape(len(self.rows), axes, -1).transpose(0, 2, 1)


def read_pyfeat(path: Path, recording: str, *, rate_hz: float | None = None, media: Path | None = None) -> Imported:
    """Read one CSV.

    Parameters
    ----------
    recording
        Id that it gets.
    rate_hz
        Pictures a second of the video.
    media
        The video: its presentation times are those of its pictures.

    Raises
    ------
    SchemaError
        It is no such CSV; the message names line and column.
    UsageError
        It has no times, and neither `rate_hz` nor `media` gives them.
    """
    csv = read_foreign_csv(path, numeric=("frame", *_BOX, "FaceScore", *_POSE))
    if not all(name in csv for name in (*_BOX, "FaceScore")):
        raise SchemaError(
            f"{path}, line 1: no CSV of py-feat: {listed([n for n in (*_BOX, 'FaceScore') if n not in csv])} missing; "
            f"it begins with {listed(csv.names, 4)}"
        )
    _refuse_several_videos(csv)
    frames = _frames(csv)
    times, clock = _times(csv, frames, rate_hz, media)
    faces = _faces(csv, frames, times)
    notes = [f"imported from {path.name} (py-feat), times from {clock}"]
    missing = int(csv.rows - len(faces.rows))
    if missing:
        notes.append(f"{path.name}: {missing} of {csv.rows} rows hold no face and are missing rows here")
    own = _own(csv, notes)
    pictures, at = np.unique(frames, return_index=True)
    tables = [(FRAMES, frames_batch(pictures, times[at])), *_tables(faces, notes)]
    if own:
        tables.append(_leftovers(faces, own))
    parameters = {} if rate_hz is None else {"rate_hz": rate_hz}
    last = times[at]
    step = float(np.median(np.diff(last))) if len(last) > 1 else 0.0
    origin = Origin(path, csv.sha256, "pyfeat", VERSION, parameters)
    return Imported(recording, origin, tuple(tables), tuple(notes), float(last[-1]) + step)


def fitting_rates(frames: NDArray[np.int64], stamps: list[str | None]) -> list[float]:
    """Usual frame rates, Hz, under which every frame falls into the second that its stamp ``mm:ss`` names.

    >>> fitting_rates(np.array([0, 24, 26]), ["00:00", "00:00", "00:01"])
    [25]
    """
    low, high = 0.0, math.inf
    for frame, stamp in zip(frames.tolist(), stamps, strict=True):
        match = re.fullmatch(r"(?:(\d+):)?(\d+):(\d\d)", stamp or "")
        if match is None:
            return []
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        whole = 3600 * hours + 60 * minutes + seconds
        low = max(low, frame / (whole + 1))
        high = min(high, frame / whole) if whole else high
    return [rate for rate in _RATES_HZ if low < rate <= high]


def _frames(csv: ForeignCsv) -> NDArray[np.int64]:
    if "frame" not in csv:
        raise SchemaError(f"{csv.path}, line 1: no CSV of py-feat: the column 'frame' is missing")
    numbers = csv.number("frame")
    wrong = ~np.isfinite(numbers) | (numbers < 0) | (numbers != np.round(numbers))
    _refuse(csv, "frame", wrong, "is no frame number")
    return numbers.astype(np.int64)


def _refuse_several_videos(csv: ForeignCsv) -> None:
    inputs = csv.texts.get("input")
    if inputs is None:
        return
    first = next((name for name in inputs if name), None)
    for row, name in enumerate(inputs):
        if name and name != first and PureWindowsPath(name).suffix.lower() not in (".jpg", ".jpeg", ".png", ".bmp"):
            raise SchemaError(
                f"{csv.path}, line {csv.line(row)}, column 'input': {name!r} after {first!r}: a recording is one "
                f"video; save one CSV a video"
            )


def _times(
    csv: ForeignCsv, frames: NDArray[np.int64], rate_hz: float | None, media: Path | None
) -> tuple[NDArray[np.float64], str]:
    if media is not None:
        shown = picture_times(media)
        beyond = frames >= len(shown)
        _refuse(csv, "frame", beyond, f"is no picture of {media.name}, which has {len(shown)}")
        return shown[frames], f"the pictures of {media.name}"
    if rate_hz is not None:
        return frames / rate_hz, f"{rate_hz:g} pictures a second, as given"
    stamps = csv.texts.get("approx_time")
    rates = fitting_rates(frames, stamps) if stamps else []
    last = float(frames.max())
    if rates and last / rates[0] - last / rates[-1] <= _UNSURE_S:
        rate = rates[-1] if 30 not in rates else 30.0
        return frames / rate, f"{rate:g} pictures a second, the rate that fits its column approx_time"
    choice = f" ({' or '.join(f'{rate:g}' for rate in rates)} Hz would fit)" if rates else ""
    raise UsageError(
        f"{csv.path}: py-feat keeps no exact times{choice}: name the video with --media FILE, or its pictures a second "
        f"with --rate HZ"
    )


def _faces(csv: ForeignCsv, frames: NDArray[np.int64], times: NDArray[np.float64]) -> _Faces:
    boxes = csv.table(_BOX)
    found = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    found = found[np.argsort(frames[found], kind="stable")]
    tracks = _identities(csv, found)
    if tracks is None or _twice(frames[found], tracks):
        tracks = overlap_tracks(frames[found], times[found], boxes[found])
    order = np.lexsort((tracks, frames[found]))
    found, tracks = found[order], tracks[order]
    return _Faces(csv, found, {"frame": frames[found], "time": times[found], "track": tracks})


def _identities(csv: ForeignCsv, rows: NDArray[np.int64]) -> NDArray[np.int32] | None:
    """Tracks by py-feat's own identities, numbered as they come; None where a face has none."""
    names = csv.texts.get("Identity")
    if names is None:
        numbers = csv.numbers.get("Identity")
        if numbers is None or not np.isfinite(numbers[rows]).all():
            return None
        names = [str(number) for number in numbers]
    chosen = [names[row] for row in rows]
    if any(name is None for name in chosen):
        return None
    order = {name: number for number, name in enumerate(dict.fromkeys(chosen))}
    return np.array([order[name] for name in chosen], np.int32)


def _twice(frames: NDArray[np.int64], tracks: NDArray[np.int32]) -> bool:
    return len(np.unique(np.stack([frames, tracks]), axis=1).T) < len(frames)


def _tables(faces: _Faces, notes: list[str]) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    keys, csv = faces.keys, faces.csv
    x, y, width, height = (faces.number(name) for name in _BOX)
    score = np.clip(faces.number("FaceScore"), 0.0, 1.0)
    points = faces.points(_POINTS, 2)
    columns = {"box_x": x, "box_y": y, "box_width": width, "box_height": height, "score": score}
    if points is not None:
        columns["size"] = np.linalg.norm(points[:, 45] - points[:, 36], axis=1)
    yield FACES, table_of(FACES, keys, columns)
    if points is not None:
        yield POINTS_68, table_of(POINTS_68, keys, {"points": points})
    meshes = faces.points(_MESH, 3)
    shapes = {name: faces.number(name) for name in blendshapes.NAMES if name in csv.numbers}
    if meshes is not None:
        # The mesh's depth is in widths of the box: with that scale it fits a rigid face best.
        meshes = meshes * np.stack([np.ones_like(width), np.ones_like(width), width], axis=1)[:, None]
        yield FACE_LANDMARKS, table_of(FACE_LANDMARKS, keys, {"points": meshes})
        columns["size"] = np.linalg.norm(meshes[:, mesh.RIGHT_EYE_OUTER] - meshes[:, mesh.LEFT_EYE_OUTER], axis=1)
        yield FACE_ACTIONS, table_of(FACE_ACTIONS, keys, {**facial_geometry(meshes), **shapes})
    elif points is not None:
        yield FACE_SHAPE, table_of(FACE_SHAPE, keys, face_shape(points))
    head = None
    if faces.has(*_POSE):
        head = _head(faces, notes)
        schema = head_pose_schema(translation=False)
        yield schema, table_of(schema, keys, head)
    if faces.has(*_SIGHT):
        yield GAZE, table_of(GAZE, keys, _sight(faces, head))
    units = {f"au{match[1]}": name for name in csv.names if (match := _UNIT.fullmatch(name))}
    if units:
        for name in units.values():
            values = csv.number(name)
            _refuse(csv, name, (values < 0) | (values > 1), "is no probability")
        schema = action_units_schema(dict.fromkeys(units, 1.0))
        yield schema, table_of(schema, keys, {ours: faces.number(name) for ours, name in units.items()})
    emotions = _emotions(csv)
    if emotions:
        yield EMOTIONS, table_of(EMOTIONS, keys, {ours: faces.number(name) for ours, name in emotions.items()})


def _head(faces: _Faces, notes: list[str]) -> dict[str, NDArray[np.float64]]:
    pitch, yaw, roll = (faces.number(name) for name in _POSE)
    largest = max((float(np.nanmax(np.abs(v))) for v in (pitch, yaw, roll) if np.isfinite(v).any()), default=0.0)
    unit = "degrees" if largest > math.pi else "radians"
    notes.append(
        f"{faces.csv.path.name}: Pitch, Yaw, Roll are taken as {unit} with the signs of py-feat 2 (those of versions "
        f"before 0.7 differ), and turned into bitflow's"
    )
    if unit == "radians":
        pitch, yaw, roll = np.degrees(pitch), np.degrees(yaw), np.degrees(roll)
    return {"pitch": -pitch, "yaw": -yaw, "roll": roll}


def _sight(faces: _Faces, head: dict[str, NDArray[np.float64]] | None) -> dict[str, NDArray[np.float64]]:
    up, aside = (faces.number(name) for name in _SIGHT)
    eyes = np.degrees(up), np.degrees(aside)
    columns = {"head_pitch": _centred(eyes[0]), "head_yaw": _centred(eyes[1])}
    if head is not None:
        ahead = np.stack([np.sin(aside) * np.cos(up), np.sin(up), np.cos(aside) * np.cos(up)], axis=1)
        rotation = rotation_from_angles(head["pitch"], head["yaw"], head["roll"])
        x, y, z = np.einsum("nij,nj->ni", rotation, ahead).T
        columns["pitch"] = _centred(np.degrees(np.arctan2(y, np.hypot(x, z))))
        columns["yaw"] = _centred(np.degrees(np.arctan2(x, z)))
    return columns


def _centred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values[np.isfinite(values)]
    return values - (np.median(known) if len(known) else 0.0)


def _emotions(csv: ForeignCsv) -> dict[str, str]:
    """Columns of `EMOTIONS` and what they are called in the file: names differ between versions."""
    found: dict[str, str] = {}
    for name in csv.numbers:
        ours = _EMOTIONS.get(name.lower(), name.lower())
        if ours in (*EMOTION_CLASSES, "valence", "arousal"):
            found[ours] = name
    return found


def _own(csv: ForeignCsv, notes: list[str]) -> dict[str, Column]:
    """Columns without a table of their own; identity vectors and what names the input are described."""
    taken = {*_BOX, "FaceScore", "frame", *_POSE, *_SIGHT, *_POINTS, *_MESH, *blendshapes.NAMES}
    taken |= set(_emotions(csv).values()) | {name for name in csv.names if _UNIT.fullmatch(name)}
    own: dict[str, Column] = {}
    unknown: list[str] = []
    for name in csv.names:
        if name in taken or not name:
            continue
        dtype = "float32" if name in csv.numbers else "string"
        unit, what = "", "a column that py-feat does not write, as it stood in the file"
        if re.fullmatch(r"Identity_\d+", name):
            what = "element of the face's identity vector"
        elif name in ("X", "Y", "Z"):
            what = "place of the head in py-feat's own scale"
        elif name == "gaze_angle":
            unit, what = "rad", "angle of gaze off the head's axis"
        elif name in ("input", "approx_time", "Identity", "FrameHeight", "FrameWidth", "_neutral"):
            what = "as py-feat wrote it"
        else:
            unknown.append(name)
        own[name] = Column(name, dtype, unit, what)
    if unknown:
        notes.append(
            f"{csv.path.name}: columns that py-feat does not write are kept in the table pyfeat: {listed(unknown)}"
        )
    return own


def _leftovers(faces: _Faces, own: dict[str, Column]) -> tuple[Schema, pa.RecordBatch]:
    schema = Schema(
        "pyfeat", "frame", (*TRACK_KEYS, *own.values()), "columns of the imported CSV as they stood there", "face"
    )
    values: dict[str, Any] = {}
    for name in own:
        texts = faces.csv.texts.get(name)
        values[name] = faces.number(name) if texts is None else [texts[row] for row in faces.rows]
    return schema, table_of(schema, faces.keys, values)


def _refuse(csv: ForeignCsv, name: str, wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise SchemaError(f"{csv.path}, line {csv.line(row)}, column {name!r}: {csv.numbers[name][row]:g} {what}")
