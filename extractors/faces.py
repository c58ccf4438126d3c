"""Faces: where they are, their meshes, and what tells one person from another.

One pass over the pictures makes three tables. Detectors look at the start of every chunk, the mesh follows
each face from frame to frame, and the ordered join makes tracks of it (`extractors.tracking`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from bitflow.assets import fetch_first
from bitflow.errors import UsageError
from bitflow.extractors.landmarks import mesh
from bitflow.extractors.landmarks.face import MESHES, FaceFollower
from bitflow.extractors.landmarks.iris import IrisRefiner
from bitflow.extractors.landmarks.roi import to_image
from bitflow.extractors.tracking import appearance
from bitflow.extractors.tracking.chain import Chain, FollowedChunk, Rules, follow_chunk
from bitflow.extractors.tracking.rows import PX, SCORE, box_columns, box_values, probability, row_order, sample_entries
from bitflow.extractors.tracking.stitch import StitchedChunk, stitch
from bitflow.extractors.tracking.windows import follow_windows
from bitflow.tables import TRACK_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import Frame, FrameChunk

#: Inter-ocular distance in px from which more resolution adds nothing to the meshes.
_ENOUGH_PX = 48.0

FACES = Schema(
    "faces",
    "frame",
    (
        *TRACK_KEYS,
        *box_columns("the mesh"),
        probability("score", "probability that a face is there"),
        Column(
            "quality",
            "float32",
            "1",
            "score × resolution (1 from 48 px between the eyes) × frontality × share inside the picture",
            None,
            (0, 1),
            "linear",
            quantum=SCORE,
        ),
        Column(
            "size",
            "float32",
            "px",
            "distance of the outer eye corners, in 3-D and so corrected for yaw",
            "image",
            (0, None),
            "linear",
            quantum=PX,
        ),
    ),
    "where faces are",
    tracks="face",
)

FACE_LANDMARKS = Schema(
    "face_landmarks",
    "frame",
    (
        *TRACK_KEYS,
        Column(
            "points",
            "float32",
            "px",
            "mesh of 468 points, then 5 of each iris: x, y, and z of the same scale, smaller nearer the camera",
            "image",
            None,
            "linear",
            shape=(mesh.MESH_POINTS + mesh.IRIS_POINTS, 3),
            quantum=PX,
        ),
        probability("presence", "probability that a face is there"),
    ),
    "face meshes",
    tracks="face",
)

FACE_APPEARANCE = Schema(
    "face_appearance",
    "frame",
    (
        *TRACK_KEYS,
        Column(
            "vector",
            "float32",
            "1",
            "CIELAB colours of 13 spots of face, hair and torso; NaN outside the picture",
            shape=(appearance.LENGTH,),
            quantum=1 / 16,
        ),
        Column("weight", "float32", "1", "how much the sample is worth: the face's quality", None, (0, 1)),
    ),
    "what a face looks like, twice a second: which tracks show one person is settled by it",
    tracks="face",
)

#: Seconds below which a track is no face: what a detector makes of two heads side by side lasts a few frames.
_SHORTEST = 0.25

_LANDMARKS: dict[str, Any] = {"table": "face_landmarks"}

#: Tables that are made from the irises or from the lids that the iris model corrects.
_IRIS_READERS = frozenset({"gaze", "face_actions"})


@dataclass(frozen=True)
class Faces:
    """Faces and their meshes.

    Parameters
    ----------
    max_people
        Most faces followed at once; the largest at first sight are.
    min_score
        Detections below this probability are left out.
    min_presence
        A face is lost where the mesh model's own probability falls below this.
    min_size
        Detections narrower than this many px are left out.
    probe
        Frames between detections while fewer faces are followed than were seen a moment before.
    model
        ``mesh478`` (the face landmarker's 478 points, which blendshapes need), ``mesh468`` (the older mesh
        with the iris model) or ``auto``, the first of these that can be had. The two differ by 1–2 % of
        the inter-ocular distance.
    irises
        Whether mesh468 also runs the iris model, which costs more than the mesh itself: without it the ten
        iris points are NaN, and the lids are the mesh's own, which under-close. ``auto`` runs it when gaze or
        face actions are made. mesh478 always has them.
    """

    max_people: int = 4
    min_score: float = 0.5
    min_presence: float = 0.5
    min_size: float = 12.0
    probe: int = 6
    model: Literal["auto", "mesh478", "mesh468"] = field(default="auto", metadata=_LANDMARKS)
    irises: Literal["auto", "on", "off"] = field(default="auto", metadata=_LANDMARKS)

    name: ClassVar[str] = "faces"
    version: ClassVar[str] = "2"
    needs: ClassVar[tuple[str, ...]] = ("video",)
    in_spans: ClassVar[bool] = True
    frame_ms: ClassVar[float] = 0.9
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (FACES, FACE_LANDMARKS, FACE_APPEARANCE)

    def __post_init__(self) -> None:
        if self.max_people < 1:
            raise UsageError(f"faces.max_people is at least 1, not {self.max_people}")
        if self.probe < 1:
            raise UsageError(f"faces.probe is at least 1 frame, not {self.probe}")
        for name in ("min_score", "min_presence"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise UsageError(f"faces.{name} lies between 0 and 1, not {getattr(self, name)}")
        if self.model not in ("auto", *MESHES):
            raise UsageError(f"face_landmarks.model is auto, mesh478 or mesh468, not {self.model!r}")

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Settle the model by what can be had, and irises by who reads them."""
        model = self.model
        if model == "auto":
            asset, _ = fetch_first([MESHES[name].asset for name in ("mesh478", "mesh468")])
            model = "mesh478" if asset == MESHES["mesh478"].asset else "mesh468"
        needed = model == "mesh478" or not wanted.isdisjoint(_IRIS_READERS)
        irises = self.irises
        if irises == "auto" or model == "mesh478":
            irises = "on" if needed else "off"
        return replace(self, model=model, irises=irises)

    def models(self) -> tuple[str, ...]:
        """Detectors, mesh, and the iris model where the mesh has no irises."""
        detectors = ("face_detection_short", "face_detection_full")
        eyes = ("iris",) if self.model == "mesh468" and self.irises != "off" else ()
        return (*detectors, MESHES[self.model].asset, *eyes)

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[FrameChunk], FollowedChunk]:
        """One thread's detectors and meshes."""
        follower, finish, rules = self._follower(runtime), self._finisher(runtime), self._rules()
        follow = follow_windows if runtime.in_batches else follow_chunk

        def work(chunk: FrameChunk) -> FollowedChunk:
            part = follow(chunk.frames, follower, rules)
            for chain in part.chains:
                finish(chunk.frames, chain)
            return part

        return work

    def join(
        self, parts: Iterator[FollowedChunk], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Tracks over chunk borders, and rows."""
        finish: Callable[[Sequence[Frame], Chain], None] | None = None
        most, when = 0, 0.0
        for chunk in stitch(parts, lambda: self._follower(runtime), self._rules()):
            if chunk.seen > most:
                most, when = chunk.seen, chunk.seen_at
            for _, chain in chunk.pieces:
                if chain.result is None:
                    finish = finish or self._finisher(runtime)
                    finish(chunk.frames, chain)
            if chunk.pieces:
                runtime.note(_MODEL_NOTES[self.model])
            yield from _rows(chunk)
        if most > self.max_people:
            runtime.note(
                f"{most} faces were seen at once (at {when:.1f} s); the {self.max_people} largest are followed, "
                "more with faces.max_people"
            )

    def _follower(self, runtime: Runtime) -> FaceFollower:
        return FaceFollower(
            runtime,
            "mesh478" if self.model == "mesh478" else "mesh468",
            min_score=self.min_score,
            min_size=self.min_size,
            thorough=self.max_people > 1,
        )

    def _rules(self) -> Rules:
        return Rules(
            max_tracks=self.max_people,
            min_presence=self.min_presence,
            look_every=self.probe,
            min_seconds=_SHORTEST,
        )

    def _finisher(self, runtime: Runtime) -> Callable[[Sequence[Frame], Chain], None]:
        size = MESHES[self.model].size
        refiner = IrisRefiner(runtime) if self.model == "mesh468" and self.irises != "off" else None

        def finish(frames: Sequence[Frame], chain: Chain) -> None:
            seen = frames[chain.start : chain.stop]
            points = to_image(np.stack([values[0] for values in chain.values]), np.array(chain.rois), size)
            if refiner is not None:
                points = refiner.refine(seen, points)
            elif points.shape[1] == mesh.MESH_POINTS:
                points = np.pad(points, ((0, 0), (0, mesh.IRIS_POINTS), (0, 0)), constant_values=np.nan)
            chain.result = _Result.of(seen, points, np.array(chain.presence))

        return finish


_MODEL_NOTES = {
    "mesh478": "face landmarks: mesh478, the 478-point model of the face landmarker bundle",
    "mesh468": "face landmarks: mesh468, the 468-point mesh (irises from the iris model); blendshapes need mesh478",
}


@dataclass(frozen=True)
class _Result:
    """The columns of one chain; all arrays have one entry a frame, but for the appearance samples."""

    points: np.ndarray  # (n, 478, 3) float32 px
    columns: dict[str, np.ndarray]
    sampled: np.ndarray  # (m,) entries that have an appearance
    vectors: np.ndarray  # (m, LENGTH)

    @classmethod
    def of(cls, frames: Sequence[Frame], points: np.ndarray, presence: np.ndarray) -> _Result:
        skin = points[:, : mesh.MESH_POINTS, :2]
        low, high = skin.min(axis=1), skin.max(axis=1)
        limits = np.array([frames[0].width, frames[0].height], np.float64)
        extent = np.maximum(high - low, 1e-6)
        inside = np.clip(np.minimum(high, limits) - np.maximum(low, 0.0), 0.0, None) / extent
        across = points[:, mesh.LEFT_EYE_OUTER] - points[:, mesh.RIGHT_EYE_OUTER]
        size = np.linalg.norm(across, axis=1)
        frontality = np.linalg.norm(across[:, :2], axis=1) / np.maximum(size, 1e-6)
        quality = presence * np.minimum(size / _ENOUGH_PX, 1.0) * frontality * inside.prod(axis=1)
        columns = {
            **box_values(low, high),
            "score": presence,
            "quality": np.clip(quality, 0.0, 1.0),
            "size": size,
        }
        sampled = sample_entries(frames)
        vectors = np.stack([appearance.describe(frames[i], points[i]) for i in sampled])
        return cls(points.astype(np.float32), columns, sampled, vectors)


def _rows(chunk: StitchedChunk) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows of one chunk, by frame and then track."""
    if not chunk.pieces:
        return
    results: list[_Result] = [chain.result for _, chain in chunk.pieces]
    keys, order = row_order(chunk)
    columns = {name: np.concatenate([result.columns[name] for result in results])[order] for name in results[0].columns}
    yield "faces", FACES.batch({**keys, **columns})
    points = np.concatenate([result.points for result in results])[order]
    yield "face_landmarks", FACE_LANDMARKS.batch({**keys, "points": points, "presence": columns["score"]})
    keys, order = row_order(chunk, [result.sampled for result in results])
    vectors = np.concatenate([result.vectors for result in results])[order]
    weights = np.concatenate([result.columns["quality"][result.sampled] for result in results])[order]
    yield "face_appearance", FACE_APPEARANCE.batch({**keys, "vector": vectors, "weight": weights})
