"""Head pose from face meshes: where the head is and how it is turned, in cm and degrees.

The reported pose is the one of MediaPipe's face geometry: the mesh, depth included, is aligned with the
canonical face by weighted Procrustes analysis under an assumed field of view. A perspective-n-point fit of
the same 33 points stands beside it as a check. Relative change is good to about 0.5°; absolute angles
without calibration are no better than ±5° near frontal and ±10–15° for turned heads, because the depth
scale of the mesh, the person's face shape and the field of view are not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from bitflow.errors import UsageError
from bitflow.extractors.landmarks.head import (
    face_pose,
    pose_angles,
    refine_pnp,
    reprojection_error,
    rotation_between,
)
from bitflow.tables import TRACK_KEYS, Column, Schema, tensor

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.tables import TableFile

_DEG = 1 / 128
_CM = 1 / 256


def _angle(name: str, description: str) -> Column:
    return Column(name, "float32", "deg", description, "camera", (-180, 180), "linear", quantum=_DEG, period=360)


def _place(name: str, description: str) -> Column:
    return Column(name, "float32", "cm", description, "camera", None, "linear", quantum=_CM)


HEAD_POSE = Schema(
    "head_pose",
    "frame",
    (
        *TRACK_KEYS,
        _angle("pitch", "nose up is positive"),
        _angle("yaw", "nose to the subject's left, which is right in the picture, is positive"),
        _angle("roll", "toward the subject's right shoulder, anticlockwise in the picture, is positive"),
        _place("tx", "head to the right of the optical axis; origin of the canonical face, inside the head"),
        _place("ty", "head below the optical axis"),
        _place("tz", "head in front of the camera; exact only for a face of average size and the true field of view"),
        Column(
            "reprojection_error",
            "float32",
            "px",
            "root mean square distance of the 33 points from the posed canonical face",
            "image",
            (0, None),
            "linear",
            quantum=1 / 128,
        ),
        Column(
            "pnp_disagreement",
            "float32",
            "deg",
            "angle to the rotation that a perspective-n-point fit gives: an uncertainty of the absolute pose",
            "camera",
            (0, 180),
            "linear",
            quantum=_DEG,
        ),
    ),
    "how heads are turned and where they are",
    tracks="face",
)


@dataclass(frozen=True)
class HeadPose:
    """Head pose by Procrustes analysis of the mesh.

    Parameters
    ----------
    fov
        Vertical field of view of the camera in degrees. 63° is MediaPipe's assumption; phones held upright
        have about 65°, webcams 40–50°. A wrong value shifts angles by a degree or two, distances in
        proportion.
    """

    fov: float = 63.0

    name: ClassVar[str] = "head_pose"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("face_landmarks",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (HEAD_POSE,)

    def __post_init__(self) -> None:
        if not 5.0 <= self.fov <= 150.0:
            raise UsageError(f"head_pose.fov is a vertical field of view of 5 to 150 degrees, not {self.fov}")

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Nothing to settle."""
        return self

    def models(self) -> tuple[str, ...]:
        """None: geometry only."""
        return ()

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """One row a face and frame; none where there is sound alone."""
        video = recording.media.video
        if video is None:
            return
        width, height = video.width, video.height
        source = upstream["face_landmarks"]
        for batch in source.batches():
            points = tensor(batch.column("points"), source.schema["points"]).astype(np.float64)
            pose = face_pose(points, width, height, self.fov)
            pitch, yaw, roll = pose_angles(pose.rotation)
            check = refine_pnp(points, pose, width, height, self.fov)
            yield (
                "head_pose",
                HEAD_POSE.batch(
                    {
                        **{key.name: batch.column(key.name).to_numpy() for key in TRACK_KEYS},
                        "pitch": pitch,
                        "yaw": yaw,
                        "roll": roll,
                        "tx": pose.translation[:, 0],
                        "ty": -pose.translation[:, 1],
                        "tz": -pose.translation[:, 2],
                        "reprojection_error": reprojection_error(points, pose, width, height, self.fov),
                        "pnp_disagreement": rotation_between(pose.rotation, check.rotation),
                    }
                ),
            )
