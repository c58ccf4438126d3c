"""CSV files as OpenFace 2 writes them, for scripts that read those: one a face, one row a picture.

Conventions are OpenFace's: camera axes x right, y down, z away from the camera; `pose_R` are Euler angles in radians
with R = Rx · Ry · Rz, so that Rx > 0 is nose down, Ry > 0 nose to the left of the picture, Rz > 0 clockwise in the
picture; `pose_T` in mm; eye 0 is the left one in the picture, the subject's right. `frame` counts from 1.

What bitflow does not measure is left out and not made up: action units (unless an `action_units` table was
imported), 3-D landmarks, eye landmarks and the parameters of OpenFace's shape model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import UsageError
from bitflow.exporting import csv_files

if TYPE_CHECKING:
    from bitflow.store import Recording
    from bitflow.tables import TableFile

#: The 68 points of iBUG 300-W that OpenFace uses, as numbers of the 468-point mesh: jaw from the left of the picture
#: to the right, brows, nose, eyes, outer and inner lips. The mesh's silhouette stands in for the jaw line.
LANDMARKS = np.array(
    [
        *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
        *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
        *(168, 197, 5, 4, 75, 97, 2, 326, 305),
        *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
    ]
)

NOTE = (
    "openface: action units (AU…_r, AU…_c), X_ Y_ Z_, eye_lmk_ and p_ columns are left out: bitflow does not measure "
    "them, and blendshapes are no action units; gaze is relative to the recording's median"
)

#: Scores of action units (``au12``), and whether they are present (``au12_c``).
_AU = re.compile(r"au(\d\d)(_c)?")

#: OpenFace's intensities run to this; scores of another scale are no intensities.
_AU_TOP = 5.0

_SIGHT = ("gaze_0_x", "gaze_0_y", "gaze_0_z", "gaze_1_x", "gaze_1_y", "gaze_1_z", "gaze_angle_x", "gaze_angle_y")
_POSE = ("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")


def head_rotation(pitch: np.ndarray, yaw: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """Rotations of heads in OpenFace's camera axes.

    Parameters
    ----------
    pitch, yaw, roll
        ``(n,)`` degrees with the signs of the `head_pose` table.

    Returns
    -------
    numpy.ndarray
        ``(n, 3, 3)``.
    """
    from scipy.spatial.transform import Rotation

    # The table's axes are x right, y up, z toward the viewer, and nose up turns about -x.
    ours = Rotation.from_euler("YXZ", np.column_stack([yaw, -np.asarray(pitch), roll]), degrees=True).as_matrix()
    flip = np.diag([1.0, -1.0, -1.0])
    return flip @ ours @ flip


def pose_angles(pitch: np.ndarray, yaw: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """`pose_Rx`, `pose_Ry`, `pose_Rz` ``(n, 3)`` in radians from the `head_pose` table's degrees.

    Examples
    --------
    >>> pose_angles(np.array([10.0]), np.array([0.0]), np.array([0.0])).round(4).tolist()[0][0]
    -0.1745
    """
    rotation = head_rotation(pitch, yaw, roll)
    y = np.arcsin(np.clip(rotation[:, 0, 2], -1.0, 1.0))
    x = np.arctan2(-rotation[:, 1, 2], rotation[:, 2, 2])
    z = np.arctan2(-rotation[:, 0, 1], rotation[:, 0, 0])
    return np.column_stack([x, y, z])


def eye_directions(rotation: np.ndarray, pitch: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """Unit vectors ``(n, 3)`` in OpenFace's camera axes of eyes turned by degrees within heads ``(n, 3, 3)``."""
    p, y = np.radians(pitch), np.radians(yaw)
    # Straight ahead is toward the camera, -z; up is -y.
    ahead = np.stack([np.sin(y) * np.cos(p), -np.sin(p), -np.cos(y) * np.cos(p)], axis=1)
    return np.einsum("nij,nj->ni", rotation, ahead)


def write_recording(
    folder: Path, stem: str, recording: Recording, *, rate_hz: float | None = None, landmarks: bool = True
) -> dict[str, int]:
    """Write the faces of a recording.

    Parameters
    ----------
    folder, stem
        ``<stem>.csv`` for one face or none, ``<stem>_person0.csv`` and so on for several. Where nobody has been told
        apart, a track is a face.
    rate_hz
        One row for each of these instants, with the picture on screen then; by default one for each picture.
    landmarks
        Whether x_ and y_ columns are written.

    Returns
    -------
    dict
        File name to number of rows.

    Raises
    ------
    UsageError
        The recording has no faces table, or none of frames.
    """
    for table in ("faces", "frames"):
        if table not in recording:
            raise UsageError(
                f"recording {recording.id!r} has no table {table!r}, which the OpenFace format needs; "
                "`bitflow extract` with --preset face makes it"
            )
    clock = recording.file("frames").read(["frame", "time"])
    frames, times = clock.column("frame").to_numpy(), clock.column("time").to_numpy()
    stamps = times
    if rate_hz is not None:
        from bitflow.timeline import uniform_clock

        first, last = (float(times[0]), float(times[-1])) if len(times) else (0.0, 0.0)
        stamps = uniform_clock(first, last + 1e-6, rate_hz)
        shown = np.maximum(np.searchsorted(times, stamps + 1e-6, side="right") - 1, 0)[: len(stamps)]
        frames = frames[shown] if len(times) else frames
        stamps = stamps[: len(frames)]
    faces = recording.table("faces", ["frame", "track", "person", "score"])
    key = "person" if (faces["person"] >= 0).any() else "track"
    whos = sorted({int(who) for who in faces[key] if who >= 0}) or [None]
    written: dict[str, int] = {}
    for who in whos:
        mine = faces[faces[key] == who] if who is not None else faces
        # Two tracks of one person in one picture: the likelier one counts.
        mine = mine.sort_values("score", ascending=False).drop_duplicates("frame").set_index("frame")
        name = f"{stem}.csv" if len(whos) == 1 else f"{stem}_{key}{who}.csv"
        columns = dict(_columns(recording, frames, stamps, mine, who or 0, landmarks))
        names = list(columns)
        headed = [names[0], *(f" {name}" for name in names[1:])]  # OpenFace puts a space after its commas
        written[name] = csv_files.write_rows(folder / name, [headed], iter([_batch(columns)]))
    return written


def _columns(
    recording: Recording, frames: np.ndarray, stamps: np.ndarray, faces: Any, who: int, landmarks: bool
) -> Iterator[tuple[str, np.ndarray]]:
    tracks = faces["track"].reindex(frames, fill_value=-1).to_numpy()
    score = faces["score"].reindex(frames, fill_value=0.0).fillna(0.0).to_numpy("float64")
    place = _Placed(frames, tracks)
    yield "frame", frames + 1
    yield "face_id", np.full(len(frames), who)
    yield "timestamp", np.round(stamps, 6)
    yield "confidence", np.round(score, 3)
    yield "success", (tracks >= 0).astype(np.int64)
    yield from _sight(recording, place)
    yield from _pose(recording, place)
    if landmarks:
        points = place.points(recording)
        for axis, letter in enumerate("xy"):
            for number in range(len(LANDMARKS)):
                yield f"{letter}_{number}", np.round(points[:, number, axis], 3)
    yield from _action_units(recording, place)


class _Placed:
    """Rows of face tables brought to the rows of the file: by frame and track, NaN where there is none."""

    def __init__(self, frames: np.ndarray, tracks: np.ndarray) -> None:
        import pandas as pd

        self._wanted = pd.MultiIndex.from_arrays([frames, tracks])

    def __len__(self) -> int:
        return len(self._wanted)

    def scalars(self, file: TableFile, names: list[str]) -> Mapping[str, np.ndarray]:
        table = file.frame(["frame", "track", *names]).drop_duplicates(["frame", "track"])
        found = table.set_index(["frame", "track"]).reindex(self._wanted)
        return {name: found[name].to_numpy("float64") for name in names}

    def points(self, recording: Recording) -> np.ndarray:
        """The 68 points ``(rows, 68, 2)`` px."""
        import pandas as pd

        from bitflow.tables import tensor

        result = np.full((len(self), len(LANDMARKS), 2), np.nan)
        if "face_landmarks" not in recording:
            return result
        file = recording.file("face_landmarks")
        column = file.schema["points"]
        for batch in file.batches(["frame", "track", "points"]):
            index = pd.MultiIndex.from_arrays([batch.column("frame").to_numpy(), batch.column("track").to_numpy()])
            rows = index.get_indexer(self._wanted)
            here = np.flatnonzero(rows >= 0)
            if len(here):
                points = tensor(batch.column("points"), column)
                result[here] = points[rows[here]][:, LANDMARKS, :2]
        return result


def _pose(recording: Recording, place: _Placed) -> Iterator[tuple[str, np.ndarray]]:
    if "head_pose" not in recording:
        return
    head = place.scalars(recording.file("head_pose"), ["tx", "ty", "tz", "pitch", "yaw", "roll"])
    angles = _rowwise(pose_angles, head["pitch"], head["yaw"], head["roll"], width=3)
    millimetres = [10.0 * head[name] for name in ("tx", "ty", "tz")]
    for name, values in zip(_POSE, (*millimetres, *angles.T), strict=True):
        yield name, np.round(values, 5)


def _sight(recording: Recording, place: _Placed) -> Iterator[tuple[str, np.ndarray]]:
    if "gaze" not in recording or "head_pose" not in recording:
        return
    head = place.scalars(recording.file("head_pose"), ["pitch", "yaw", "roll"])
    names = ["right_pitch", "right_yaw", "left_pitch", "left_yaw"]
    eyes = place.scalars(recording.file("gaze"), names)

    def directions(*angles: np.ndarray) -> np.ndarray:
        return eye_directions(head_rotation(*angles[:3]), angles[3], angles[4])

    turned = (head["pitch"], head["yaw"], head["roll"])
    right = _rowwise(directions, *turned, eyes["right_pitch"], eyes["right_yaw"], width=3)
    left = _rowwise(directions, *turned, eyes["left_pitch"], eyes["left_yaw"], width=3)
    both = (right + left) / 2
    values = (*right.T, *left.T, np.arctan2(both[:, 0], -both[:, 2]), np.arctan2(both[:, 1], -both[:, 2]))
    for name, column in zip(_SIGHT, values, strict=True):
        yield name, np.round(column, 6)


def _action_units(recording: Recording, place: _Placed) -> Iterator[tuple[str, np.ndarray]]:
    if "action_units" not in recording:
        return
    file = recording.file("action_units")
    schema = file.schema
    found = {
        column.name: f"AU{match[1]}_{'c' if match[2] else 'r'}"
        for column in schema.columns
        if (match := _AU.fullmatch(column.name)) and (match[2] or (column.range or (0, 0))[1] == _AU_TOP)
    }
    values = place.scalars(file, list(found))
    # OpenFace writes all intensities before all presences.
    for name, heading in sorted(found.items(), key=lambda entry: (entry[1][-1] == "c", entry[1])):
        yield heading, values[name]


def _rowwise(function: Any, *columns: np.ndarray, width: int) -> np.ndarray:
    """A function of the rows in which nothing is missing; NaN ``(width,)`` for the others."""
    known = np.logical_and.reduce([np.isfinite(column) for column in columns])
    result = np.full((len(columns[0]), width), np.nan)
    if known.any():
        result[known] = function(*(column[known] for column in columns))
    return result


def _batch(columns: Mapping[str, np.ndarray]) -> Any:
    import pyarrow as pa

    arrays = [
        pa.array(values, mask=np.isnan(values) if values.dtype.kind == "f" else None) for values in columns.values()
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))
