"""OpenFace 2's CSV as tables: its camera angles, millimetres and radians in bitflow's signs and units.

OpenFace's camera axes are x right, y down, z away from the camera; ``pose_R`` are Euler angles (radians) of
R = Rx · Ry · Rz, ``pose_T`` millimetres, eye 0 the left one in the picture, which is the subject's right. `frame`
counts from 1. Its `timestamp` is the frame number over the frame rate that it took the file to have, no presentation
time. Rows with ``success = 0`` hold leftovers of the last face; they become missing rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.face_points import FACE_SHAPE, POINTS_68, face_shape
from bitflow.datasets.face_scores import action_units_schema
from bitflow.datasets.foreign_csv import ForeignCsv, read_foreign_csv
from bitflow.datasets.imported import (
    FACES,
    Imported,
    Origin,
    angle,
    head_pose_schema,
    listed,
    table_of,
)
from bitflow.errors import SchemaError
from bitflow.extractors.landmarks.head import pose_angles
from bitflow.tables import TRACK_KEYS, Column, Schema
from bitflow.tables.pictures import FRAMES, frames_batch

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1"

#: Mean error of OpenFace's gaze on MPIIGaze, deg (Baltrušaitis et al. 2018, OpenFace 2.0).
GAZE_ERROR_DEG = 9.1

#: More pictures a second than this are no video's: OpenFace stamps pictures of a folder 1 ms apart.
_FASTEST_HZ = 480.0

_POSE_T = ("pose_Tx", "pose_Ty", "pose_Tz")
_POSE_R = ("pose_Rx", "pose_Ry", "pose_Rz")
_GAZE = tuple(f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz")
_KEYS = ("frame", "face_id", "timestamp", "confidence", "success")
_INTENSITY = re.compile(r"AU(\d\d)_r")
_PRESENCE = re.compile(r"AU(\d\d)_c")
_OWN = (
    (re.compile(r"gaze_angle_[xy]"), "rad", "gaze in camera axes as OpenFace averages it"),
    (re.compile(r"eye_lmk_[xy]_\d+"), "px", "landmark of the eyes"),
    (re.compile(r"eye_lmk_[XYZ]_\d+"), "mm", "landmark of the eyes in camera axes"),
    (re.compile(r"p_scale|p_\d+"), "1", "parameter of OpenFace's face shape model"),
    (re.compile(r"p_r[xyz]"), "rad", "rotation of OpenFace's face shape model"),
    (re.compile(r"p_t[xy]"), "px", "place of OpenFace's face shape model"),
)

_FLIP = np.diag([1.0, -1.0, -1.0])

GAZE = Schema(
    "gaze",
    "frame",
    (
        *TRACK_KEYS,
        angle("pitch", "camera", "mean of both eyes, up is positive; relative to the recording's median"),
        angle("yaw", "camera", "mean of both eyes, to the subject's left is positive; relative to the median"),
        *(
            angle(f"{part}_{name}", "head", f"{what}, relative to the recording's median")
            for part, what in (("head", "both eyes in the head"), ("left", "left eye"), ("right", "right eye"))
            for name in ("pitch", "yaw")
        ),
        Column("sigma", "float32", "deg", "error that the tool's authors report", None, (0, 180), "linear"),
    ),
    "where eyes point",
    tracks="face",
)


@dataclass(frozen=True, eq=False)
class _Faces:
    """The rows in which a face was found, in order of pictures and tracks."""

    csv: ForeignCsv
    rows: NDArray[np.int64]
    keys: dict[str, NDArray[Any]]

    def number(self, name: str) -> NDArray[np.float64]:
        return self.csv.number(name)[self.rows]

    def table(self, names: tuple[str, ...]) -> NDArray[np.float64]:
        return self.csv.table(names)[self.rows]

    def points(self, axes: str) -> NDArray[np.float64] | None:
        """``(rows, 68, axes)`` where the file has all of them."""
        names = [f"{axis}_{k}" for axis in axes for k in range(68)]
        if not all(name in self.csv for name in names):
            return None
        return self.csv.table(names)[self.rows].reshape(-1, len(axes), 68).transpose(0, 2, 1)


def read_openface(path: Path, recording: str, *, rate_hz: float | None = None) -> Imported:
    """Read one CSV of OpenFace's FeatureExtraction or FaceLandmarkVid tools.

    Parameters
    ----------
    recording
        Id that it gets.
    rate_hz
        Pictures a second, where the file's own time stamps are wrong.

    Raises
    ------
    MediaError
        The file cannot be read.
    SchemaError
        It is no such CSV; the message names line and column.
    """
    csv = read_foreign_csv(path, numeric=_KEYS)
    for name in ("frame", "timestamp", "success"):
        if name not in csv:
            raise SchemaError(
                f"{path}, line 1: no OpenFace 2 CSV: the column {name!r} is missing; it begins with "
                f"{listed(csv.names, 4)}"
            )
    frames, times, shown = _clock(csv, rate_hz)
    faces = _faces(csv, frames, times)
    notes = list(_notes(csv, faces, times, rate_hz))
    own, unknown = _own(csv)
    if unknown:
        notes.append(
            f"{path.name}: columns that OpenFace 2 does not write are kept in the table openface: {listed(unknown)}"
        )
    tables = [(FRAMES, frames_batch(*shown)), *_tables(faces, notes)]
    if own:
        tables.append(_leftovers(faces, own))
    parameters = {} if rate_hz is None else {"rate_hz": rate_hz}
    origin = Origin(path, csv.sha256, "openface", VERSION, parameters)
    last = shown[1]
    step = float(np.median(np.diff(last))) if len(last) > 1 else 0.0
    return Imported(recording, origin, tuple(tables), tuple(notes), float(last[-1]) + step)


def camera_rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotations ``(n, 3, 3)`` in bitflow's axes (x right, y up, z toward the viewer) of ``pose_R`` ``(n, 3)`` rad."""
    from scipy.spatial.transform import Rotation

    return _FLIP @ Rotation.from_euler("XYZ", angles).as_matrix() @ _FLIP


def _clock(csv: ForeignCsv, rate_hz: float | None) -> tuple[NDArray[Any], NDArray[Any], tuple[Any, Any]]:
    """Frame and time of every row, and of every picture."""
    numbers = csv.number("frame")
    _refuse(csv, "frame", ~np.isfinite(numbers) | (numbers != np.round(numbers)) | (numbers < 0), "is no frame number")
    first = 1 if numbers.min() >= 1 else 0
    frames = numbers.astype(np.int64) - first
    times = csv.number("timestamp") if rate_hz is None else frames / rate_hz
    _refuse(csv, "timestamp", ~np.isfinite(times), "is no time")
    order = np.argsort(frames, kind="stable")
    late = np.zeros(len(frames), bool)
    same = np.diff(frames[order]) == 0
    steps = np.diff(times[order])
    late[order[1:]] = np.where(same, np.abs(steps) > 1e-6, steps <= 0)
    _refuse(csv, "timestamp", late, "does not come after the time of the picture before it")
    pictures, at = np.unique(frames, return_index=True)
    return frames, times, (pictures, times[at])


def _faces(csv: ForeignCsv, frames: NDArray[np.int64], times: NDArray[np.float64]) -> _Faces:
    ids = csv.number("face_id") if "face_id" in csv else np.zeros(csv.rows)
    _refuse(csv, "face_id", ~np.isfinite(ids) | (ids < 0), "is no number of a face")
    tracks = ids.astype(np.int32)
    order = np.lexsort((tracks, frames))
    twice = np.zeros(csv.rows, bool)
    twice[order[1:]] = (np.diff(frames[order]) == 0) & (np.diff(tracks[order]) == 0)
    _refuse(csv, "frame", twice, "has this face twice")
    found = order[csv.number("success")[order] == 1]
    return _Faces(csv, found, {"frame": frames[found], "time": times[found], "track": tracks[found]})


def _tables(faces: _Faces, notes: list[str]) -> Iterator[tuple[Schema, pa.RecordBatch]]:
    csv, keys = faces.csv, faces.keys
    flat, solid = faces.points("xy"), faces.points("XYZ")
    yield FACES, table_of(FACES, keys, _boxes(faces, flat, solid))
    if flat is not None:
        yield POINTS_68, table_of(POINTS_68, keys, {"points": flat, "world": None if solid is None else solid / 10.0})
        shape = face_shape(solid if solid is not None else flat)
        yield FACE_SHAPE, table_of(FACE_SHAPE, keys, shape)
    rotation = None
    if all(name in csv for name in _POSE_R):
        rotation = camera_rotation(faces.table(_POSE_R))
        pitch, yaw, roll = pose_angles(rotation)
        placed = all(name in csv for name in _POSE_T)
        place = dict(zip(("tx", "ty", "tz"), faces.table(_POSE_T).T / 10.0, strict=True)) if placed else {}
        schema = head_pose_schema(translation=placed)
        yield schema, table_of(schema, keys, {"pitch": pitch, "yaw": yaw, "roll": roll, **place})
    if all(name in csv for name in _GAZE):
        columns, medians = _sight(faces.table(_GAZE), rotation)
        notes.append(
            f"gaze is relative to the recording's median, which was pitch {medians[0]:.1f}, yaw {medians[1]:.1f} deg "
            f"in the camera's axes; its error of {GAZE_ERROR_DEG} deg is that of Baltrušaitis et al. 2018"
        )
        yield GAZE, table_of(GAZE, keys, columns)
    intensities = {f"au{match[1]}": name for name in csv.names if (match := _INTENSITY.fullmatch(name))}
    presences = {f"au{match[1]}_c": name for name in csv.names if (match := _PRESENCE.fullmatch(name))}
    if intensities or presences:
        extra = tuple(
            Column(name, "float32", "1", f"action unit {int(name[2:4])} is present, 0 or 1", None, (0, 1), "nearest")
            for name in presences
        )
        schema = action_units_schema(dict.fromkeys(intensities, 5.0), extra)
        for name in (*intensities.values(), *presences.values()):
            top = 5.0 if name.endswith("_r") else 1.0
            values = csv.number(name)
            _refuse(csv, name, (values < 0) | (values > top), f"lies outside 0 to {top:g}")
        values = {ours: faces.number(theirs) for ours, theirs in (intensities | presences).items()}
        yield schema, table_of(schema, keys, values)


def _boxes(
    faces: _Faces, flat: NDArray[np.float64] | None, solid: NDArray[np.float64] | None
) -> dict[str, NDArray[np.float64]]:
    score = faces.number("confidence") if "confidence" in faces.csv else np.ones(len(faces.rows))
    _refuse(faces.csv, "confidence", *_outside(faces.csv, "confidence", 0.0, 1.0))
    columns = {"score": score}
    if flat is not None and len(flat):
        low, high = flat.min(axis=1), flat.max(axis=1)
        columns |= {"box_x": low[:, 0], "box_y": low[:, 1]}
        columns |= {"box_width": high[:, 0] - low[:, 0], "box_height": high[:, 1] - low[:, 1]}
        columns["size"] = np.linalg.norm(flat[:, 45] - flat[:, 36], axis=1)
        if solid is not None:
            # Turned away, the eye corners come closer in the picture; in space they do not.
            across = solid[:, 45] - solid[:, 36]
            seen = np.hypot(across[:, 0], across[:, 1])
            columns["size"] *= np.linalg.norm(across, axis=1) / np.maximum(seen, 1e-6)
    return columns


def _sight(
    directions: NDArray[np.float64], rotation: NDArray[np.float64] | None
) -> tuple[dict[str, NDArray[np.float64]], tuple[float, float]]:
    """Columns of `GAZE` from both eyes' directions ``(n, 6)`` in OpenFace's axes, and the medians taken away."""
    right, left = directions[:, :3] @ _FLIP, directions[:, 3:] @ _FLIP
    both = right + left
    pitch, yaw = _angles(both)
    medians = (_median(pitch), _median(yaw))
    columns = {"pitch": pitch - medians[0], "yaw": yaw - medians[1]}
    if rotation is not None:
        for name, eyes in (("head", both), ("left", left), ("right", right)):
            up, aside = _angles(np.einsum("nji,nj->ni", rotation, eyes))
            columns |= {f"{name}_pitch": up - _median(up), f"{name}_yaw": aside - _median(aside)}
    columns["sigma"] = np.full(len(directions), GAZE_ERROR_DEG)
    return columns, medians


def _angles(directions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pitch and yaw, deg, of directions ``(n, 3)`` in axes x right, y up, z toward the viewer."""
    x, y, z = directions.T
    return np.degrees(np.arctan2(y, np.hypot(x, z))), np.degrees(np.arctan2(x, z))


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0


def _own(csv: ForeignCsv) -> tuple[dict[str, Column], list[str]]:
    """Columns that no table has a place for, and those of them that OpenFace does not write."""
    taken = {*_KEYS, *_POSE_R, *_POSE_T, *_GAZE}
    taken |= {f"{axis}_{k}" for axis in "xyXYZ" for k in range(68)}
    own: dict[str, Column] = {}
    unknown: list[str] = []
    for name in csv.names:
        if name in taken or not name or _INTENSITY.fullmatch(name) or _PRESENCE.fullmatch(name):
            continue
        dtype = "float32" if name in csv.numbers else "string"
        described = next(((unit, what) for pattern, unit, what in _OWN if pattern.fullmatch(name)), None)
        if described is None:
            unknown.append(name)
        unit, what = described or ("", "a column that OpenFace 2 does not write, as it stood in the file")
        own[name] = Column(name, dtype, unit, what, None, None, "linear" if dtype == "float32" else None)
    return own, unknown


def _leftovers(faces: _Faces, own: dict[str, Column]) -> tuple[Schema, pa.RecordBatch]:
    schema = Schema(
        "openface", "frame", (*TRACK_KEYS, *own.values()), "columns of the imported CSV as they stood there", "face"
    )
    values: dict[str, Any] = {}
    for name in own:
        texts = faces.csv.texts.get(name)
        values[name] = faces.number(name) if texts is None else [texts[row] for row in faces.rows]
    return schema, table_of(schema, faces.keys, values)


def _notes(csv: ForeignCsv, faces: _Faces, times: NDArray[np.float64], rate_hz: float | None) -> Iterator[str]:
    name = csv.path.name
    clock = "its own time stamps" if rate_hz is None else f"{rate_hz:g} pictures a second, as given"
    yield f"imported from {name} (OpenFace 2), times from {clock}"
    missing = csv.rows - len(faces.rows)
    if missing:
        yield f"{name}: {missing} of {csv.rows} rows have success = 0 and are missing rows here"
    steps = np.diff(np.unique(times))
    if len(steps) and np.median(steps) < 1 / _FASTEST_HZ:
        yield (
            f"{name}: its time stamps are {1000 * np.median(steps):.3g} ms apart, as OpenFace writes them for pictures "
            f"of a folder: import it again with --rate HZ"
        )


def _outside(csv: ForeignCsv, name: str, low: float, high: float) -> tuple[NDArray[np.bool_], str]:
    if name not in csv:
        return np.zeros(csv.rows, bool), ""
    values = csv.number(name)
    return (values < low) | (values > high), f"lies outside {low:g} to {high:g}"


def _refuse(csv: ForeignCsv, name: str, wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        value = f"{csv.numbers[name][row]:g} " if name in csv.numbers else ""
        raise SchemaError(f"{csv.path}, line {csv.line(row)}, column {name!r}: {value}{what}")
