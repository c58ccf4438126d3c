"""Where eyes point, from geometry: the iris between the eye's corners, turned with the head.

Honest about what it is: uncalibrated, ±5–10° horizontally at best and worse vertically, where the lids
hide the iris. Useful relative to the person's own median — toward, left, right, averted — and not as a
point of regard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from bitflow.errors import UsageError
from bitflow.extractors.face_actions import facial_geometry
from bitflow.extractors.landmarks import mesh
from bitflow.extractors.landmarks.head import rotation_from_angles
from bitflow.tables import TRACK_KEYS, Column, Schema, tensor

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.tables import ReferenceFrame, TableFile

_DEG = 1 / 64

#: Half an eye's width over the radius of the eyeball (15 mm over 12 mm, less the corners' own depth):
#: turns an offset of the iris in half eye widths into the sine of the eye's rotation.
_HALF_WIDTH_IN_RADII = 1.2
#: Different models place the iris centre 1–2 % of the inter-ocular distance (90 mm) apart; one eyeball
#: radius is 12 mm.
_IRIS_ERROR = 0.015
_OCULAR_IN_RADII = 90.0 / 12.0
#: Absolute error of the head's own rotation, degrees, and its growth with the turn of the head.
_HEAD_ERROR = 5.0
_HEAD_ERROR_PER_DEG = 0.15
#: Eyes below this aspect ratio are closed as far as gaze is concerned.
_CLOSED = 0.15


def _angle(name: str, frame: ReferenceFrame, description: str) -> Column:
    return Column(name, "float32", "deg", description, frame, (-180, 180), "linear", quantum=_DEG)


def _sigma(name: str, description: str) -> Column:
    return Column(name, "float32", "deg", description, None, (0, 180), "linear", quantum=_DEG)


GAZE = Schema(
    "gaze",
    "frame",
    (
        *TRACK_KEYS,
        _angle("pitch", "camera", "both eyes, up is positive; relative to the median of the eyes in the head"),
        _angle("yaw", "camera", "both eyes, to the subject's left (right in the picture) is positive; relative too"),
        _angle("head_pitch", "head", "both eyes in the head, up is positive; relative to the recording's median"),
        _angle("head_yaw", "head", "both eyes in the head, to the subject's left is positive; relative to the median"),
        _angle("left_pitch", "head", "left eye in the head, relative to its median"),
        _angle("left_yaw", "head", "left eye in the head, relative to its median"),
        _angle("right_pitch", "head", "right eye in the head, relative to its median"),
        _angle("right_yaw", "head", "right eye in the head, relative to its median"),
        _sigma("sigma", "standard error of yaw: uncalibrated, 7° at best"),
        _sigma("sigma_pitch", "standard error of pitch, which the lids make larger"),
    ),
    "where eyes point, from geometry and uncalibrated",
    tracks="face",
)


@dataclass(frozen=True)
class Gaze:
    """Gaze from irises and head pose.

    Parameters
    ----------
    neutral_seconds
        Tracks shorter than this are centred on the median of all tracks of the recording, longer ones on
        their own.
    """

    neutral_seconds: float = 10.0

    name: ClassVar[str] = "gaze"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("face_landmarks", "head_pose")
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (GAZE,)

    def __post_init__(self) -> None:
        if self.neutral_seconds < 0:
            raise UsageError(f"gaze.neutral_seconds is a length of time, not {self.neutral_seconds}")

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Nothing to settle."""
        return self

    def models(self) -> tuple[str, ...]:
        """None: geometry only."""
        return ()

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """One row a face and frame; the angles of a closed or missing eye are NaN."""
        landmarks, pose = upstream["face_landmarks"], upstream["head_pose"]
        offsets, openness, sizes = [], [], []
        for batch in landmarks.batches(("points",)):
            points = tensor(batch.column("points"), landmarks.schema["points"]).astype(np.float64)
            geometry = facial_geometry(points)
            offsets.append(iris_offsets(points))
            openness.append(np.stack([geometry["eye_openness_right"], geometry["eye_openness_left"]], axis=1))
            across = points[:, mesh.LEFT_EYE_OUTER] - points[:, mesh.RIGHT_EYE_OUTER]
            sizes.append(np.linalg.norm(across, axis=1))
        if not offsets:
            return
        keys = {key.name: pose.column(key.name) for key in TRACK_KEYS}
        turned = {name: pose.column(name).astype(np.float64) for name in ("pitch", "yaw", "roll")}
        columns = gaze_angles(
            np.concatenate(offsets),
            np.concatenate(openness),
            np.concatenate(sizes),
            turned,
            keys["track"],
            keys["time"],
            self.neutral_seconds,
        )
        yield "gaze", GAZE.batch({**keys, **columns})


def iris_offsets(points: np.ndarray) -> np.ndarray:
    """Where the irises lie between the eye corners.

    Parameters
    ----------
    points
        ``(n, 478, 3)`` meshes, px.

    Returns
    -------
    np.ndarray
        ``(n, 2, 2)``: right and left eye; to the subject's left and up, in half widths of the eye.
    """
    eyes = (
        (mesh.RIGHT_EYE_OUTER, mesh.RIGHT_EYE_INNER, mesh.RIGHT_IRIS_CENTRE),
        (mesh.LEFT_EYE_INNER, mesh.LEFT_EYE_OUTER, mesh.LEFT_IRIS_CENTRE),
    )
    across = points[:, mesh.LEFT_EYE_OUTER] - points[:, mesh.RIGHT_EYE_OUTER]
    along = points[:, mesh.FOREHEAD] - points[:, mesh.CHIN]
    offsets = np.empty((len(points), 2, 2))
    for eye, (first, second, iris) in enumerate(eyes):
        width = points[:, second] - points[:, first]
        half = np.maximum(np.linalg.norm(width, axis=1), 1e-6) / 2.0
        u = width / (2.0 * half)[:, None]
        v = along - np.einsum("ni,ni->n", along, across)[:, None] * across / (across**2).sum(axis=1)[:, None]
        v = v - np.einsum("ni,ni->n", v, u)[:, None] * u
        v = v / np.maximum(np.linalg.norm(v, axis=1), 1e-6)[:, None]
        gap = points[:, iris] - (points[:, first] + points[:, second]) / 2.0
        offsets[:, eye, 0] = np.einsum("ni,ni->n", gap, u) / half
        offsets[:, eye, 1] = np.einsum("ni,ni->n", gap, v) / half
    return offsets


def gaze_angles(
    offsets: np.ndarray,
    openness: np.ndarray,
    sizes: np.ndarray,
    head: Mapping[str, np.ndarray],
    tracks: np.ndarray,
    times: np.ndarray,
    neutral_seconds: float = 10.0,
) -> dict[str, np.ndarray]:
    """Angles of gaze in head and camera.

    Parameters
    ----------
    offsets
        ``(n, 2, 2)`` of `iris_offsets`.
    openness
        ``(n, 2)`` eye aspect ratio, right and left.
    sizes
        ``(n,)`` inter-ocular distance, px.
    head
        `pitch`, `yaw`, `roll` ``(n,)`` of the head, degrees.
    tracks, times
        ``(n,)`` each.
    """
    open_eyes = (openness >= _CLOSED) & np.isfinite(offsets).all(axis=2)
    offsets = np.where(open_eyes[..., None], offsets, np.nan)
    sines = (offsets - _neutral(offsets, head["yaw"], tracks, times, neutral_seconds)) * _HALF_WIDTH_IN_RADII
    eyes = np.degrees(np.arcsin(np.clip(sines, -1.0, 1.0)))

    weights = np.where(open_eyes, openness, 0.0)
    total = weights.sum(axis=1)
    both = np.where(open_eyes[..., None], eyes, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        yaw, pitch = (np.einsum("ne,nea->na", weights, both) / total[:, None]).T

    rotation = rotation_from_angles(head["pitch"], head["yaw"], head["roll"])
    y, p = np.radians(yaw), np.radians(pitch)
    ahead = np.stack([np.sin(y) * np.cos(p), np.sin(p), np.cos(y) * np.cos(p)], axis=1)
    outward = np.einsum("nij,nj->ni", rotation, ahead)
    iris = np.degrees(np.hypot(_IRIS_ERROR * _OCULAR_IN_RADII, 0.5 * _OCULAR_IN_RADII / np.maximum(sizes, 1.0)))
    turned = _HEAD_ERROR + _HEAD_ERROR_PER_DEG * np.abs(head["yaw"])
    return {
        "pitch": np.degrees(np.arcsin(np.clip(outward[:, 1], -1.0, 1.0))),
        "yaw": np.degrees(np.arctan2(outward[:, 0], outward[:, 2])),
        "head_pitch": pitch,
        "head_yaw": yaw,
        "left_pitch": eyes[:, 1, 1],
        "left_yaw": eyes[:, 1, 0],
        "right_pitch": eyes[:, 0, 1],
        "right_yaw": eyes[:, 0, 0],
        "sigma": np.minimum(np.hypot(iris, turned), 180.0),
        "sigma_pitch": np.minimum(np.hypot(1.5 * iris, turned), 180.0),
    }


def _neutral(
    offsets: np.ndarray, yaw: np.ndarray, tracks: np.ndarray, times: np.ndarray, neutral_seconds: float
) -> np.ndarray:
    """The median offset ``(n, 2, 2)`` that each row is measured from: of its track, or of all where that
    is short."""
    frontal = np.abs(yaw) < 35.0
    usable = offsets[frontal] if np.isfinite(offsets[frontal]).any() else offsets
    overall = _median(usable, np.zeros((2, 2)))
    neutral = np.empty_like(offsets)
    for track in np.unique(tracks):
        own = tracks == track
        long = times[own][-1] - times[own][0] >= neutral_seconds
        neutral[own] = _median(offsets[own & frontal], overall) if long else overall
    return neutral


def _median(offsets: np.ndarray, instead: np.ndarray) -> np.ndarray:
    """Median over rows, and `instead` where there is none."""
    found = instead.copy()
    for at in np.ndindex(found.shape):
        values = offsets[(slice(None), *at)]
        values = values[np.isfinite(values)]
        if len(values):
            found[at] = np.median(values)
    return found
