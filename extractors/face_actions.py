"""What a face does: blendshape scores where their model can run, and openings and heights from geometry
always.

Lengths are taken in three dimensions and divided by the distance of the outer eye corners, so that neither
the size of the face nor a turn of the head changes them; eye openness is the eye aspect ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np

from bitflow.assets import fetch
from bitflow.errors import AssetError, UsageError
from bitflow.extractors.landmarks import blendshapes, mesh
from bitflow.tables import TRACK_KEYS, Column, Schema, tensor

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.tables import TableFile

_STEP = 1 / 4096

_GEOMETRY = {
    "eye_openness_left": "eye aspect ratio: mean of three lid distances over the eye's width (Soukupová & Čech 2016)",
    "eye_openness_right": "eye aspect ratio: mean of three lid distances over the eye's width (Soukupová & Čech 2016)",
    "mouth_opening": "inner lips apart, over the inter-ocular distance",
    "mouth_height": "upper edge of the upper to lower edge of the lower lip, over the inter-ocular distance",
    "lip_width": "distance of the mouth corners, over the inter-ocular distance",
    "mouth_corner_lift_left": "mouth corner above the middle of the lips, over the inter-ocular distance",
    "mouth_corner_lift_right": "mouth corner above the middle of the lips, over the inter-ocular distance",
    "brow_height_left": "middle of the brow above the line of the eye corners, over the inter-ocular distance",
    "brow_height_right": "middle of the brow above the line of the eye corners, over the inter-ocular distance",
    "brow_inner_height_left": "inner end of the brow above the line of the eye corners, likewise",
    "brow_inner_height_right": "inner end of the brow above the line of the eye corners, likewise",
    "brow_distance": "inner ends of the brows apart, over the inter-ocular distance",
    "chin_distance": "nose tip to chin, over the inter-ocular distance: grows as the jaw drops",
}

FACE_ACTIONS = Schema(
    "face_actions",
    "frame",
    (
        *TRACK_KEYS,
        *(
            Column(name, "float32", "1", described, "head", None, "linear", quantum=_STEP)
            for name, described in _GEOMETRY.items()
        ),
        *(
            Column(name, "float32", "1", f"blendshape {name}", None, (0, 1), "linear", quantum=_STEP)
            for name in blendshapes.NAMES
        ),
    ),
    "what faces do: openings, heights and 52 blendshape scores",
    tracks="face",
)

_UNAVAILABLE = (
    "face_actions: no blendshapes, because {reason}; their 52 columns are NaN, those from geometry are complete"
)


@dataclass(frozen=True)
class FaceActions:
    """Blendshapes and facial geometry.

    Parameters
    ----------
    blendshapes
        ``auto`` runs the blendshape model where its file can be had and the meshes are of mesh478; ``off``
        leaves the 52 columns NaN.
    """

    blendshapes: Literal["auto", "on", "off"] = "auto"

    name: ClassVar[str] = "face_actions"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("face_landmarks",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (FACE_ACTIONS,)

    def __post_init__(self) -> None:
        if self.blendshapes not in ("auto", "on", "off"):
            raise UsageError(f"face_actions.blendshapes is auto, on or off, not {self.blendshapes!r}")

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Settle ``auto`` by whether the model can be had."""
        if self.blendshapes != "auto":
            return self
        try:
            fetch("face_blendshapes")
        except AssetError:
            return replace(self, blendshapes="off")
        return replace(self, blendshapes="on")

    def models(self) -> tuple[str, ...]:
        """The blendshape model, when it is used."""
        return ("face_blendshapes",) if self.blendshapes == "on" else ()

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """One row a face and frame."""
        source = upstream["face_landmarks"]
        reason = self._why_not(source)
        if reason and source.rows:
            runtime.note(_UNAVAILABLE.format(reason=reason))

        def open_worker() -> Callable[[pa.RecordBatch], pa.RecordBatch]:
            # 0.4 ms a face on a CPU, in operators of its own: it stays in the runtime that it was made for
            session = None if reason else runtime.session("face_blendshapes", device="cpu", backend="litert")

            def work(batch: pa.RecordBatch) -> pa.RecordBatch:
                points = tensor(batch.column("points"), source.schema["points"]).astype(np.float64)
                scores = np.full((len(points), len(blendshapes.NAMES)), np.nan, np.float32)
                if session is not None:
                    seen = points[:, blendshapes.POINTS, :2].astype(np.float32)
                    scores = np.clip(session.run(seen)[0].reshape(scores.shape), 0.0, 1.0)
                keys = {key.name: batch.column(key.name).to_numpy() for key in TRACK_KEYS}
                named = dict(zip(blendshapes.NAMES, scores.T, strict=True))
                return FACE_ACTIONS.batch({**keys, **facial_geometry(points), **named})

            return work

        for rows in runtime.map(open_worker, source.batches()):
            yield "face_actions", rows

    def _why_not(self, source: TableFile) -> str | None:
        """Why there are no blendshapes, or None when there are."""
        if self.blendshapes == "off":
            return "their model was switched off or could not be had"
        provenance = source.metadata.get("provenance", {})
        model = provenance.get("parameters", {}).get("face_landmarks", {}).get("model")
        if model == "mesh468":
            return "they are scored from meshes of model mesh478, and these are of mesh468"
        return None


def facial_geometry(points: np.ndarray) -> dict[str, np.ndarray]:
    """Openings and heights of faces.

    Parameters
    ----------
    points
        ``(n, 468 or more, 3)`` meshes, px, z of the same scale.

    Returns
    -------
    dict
        ``(n,)`` a name, as the `face_actions` table describes them.
    """

    def apart(a: int, b: int) -> np.ndarray:
        return np.linalg.norm(points[:, a] - points[:, b], axis=1)

    ocular = np.maximum(apart(mesh.RIGHT_EYE_OUTER, mesh.LEFT_EYE_OUTER), 1e-6)
    up = _up(points)

    def above(point: int, *line: int) -> np.ndarray:
        """Height of a point above the line through others, along the face."""
        return np.einsum("ni,ni->n", points[:, point] - points[:, list(line)].mean(axis=1), up) / ocular

    def openness(lids: tuple[tuple[int, int], ...], outer: int, inner: int) -> np.ndarray:
        gaps = np.mean([apart(upper, lower) for upper, lower in lids], axis=0)
        return gaps / np.maximum(apart(outer, inner), 1e-6)

    right_eye = (mesh.RIGHT_EYE_OUTER, mesh.RIGHT_EYE_INNER)
    left_eye = (mesh.LEFT_EYE_OUTER, mesh.LEFT_EYE_INNER)
    lips = (mesh.UPPER_OUTER_LIP, mesh.LOWER_OUTER_LIP)
    return {
        "eye_openness_left": openness(mesh.LEFT_LIDS, *left_eye),
        "eye_openness_right": openness(mesh.RIGHT_LIDS, *right_eye),
        "mouth_opening": apart(mesh.UPPER_INNER_LIP, mesh.LOWER_INNER_LIP) / ocular,
        "mouth_height": apart(*lips) / ocular,
        "lip_width": apart(mesh.RIGHT_MOUTH_CORNER, mesh.LEFT_MOUTH_CORNER) / ocular,
        "mouth_corner_lift_left": above(mesh.LEFT_MOUTH_CORNER, *lips),
        "mouth_corner_lift_right": above(mesh.RIGHT_MOUTH_CORNER, *lips),
        "brow_height_left": above(mesh.LEFT_BROW_MIDDLE, *left_eye),
        "brow_height_right": above(mesh.RIGHT_BROW_MIDDLE, *right_eye),
        "brow_inner_height_left": above(mesh.LEFT_BROW_INNER, *left_eye),
        "brow_inner_height_right": above(mesh.RIGHT_BROW_INNER, *right_eye),
        "brow_distance": apart(mesh.RIGHT_BROW_INNER, mesh.LEFT_BROW_INNER) / ocular,
        "chin_distance": apart(mesh.NOSE_TIP, mesh.CHIN) / ocular,
    }


def _up(points: np.ndarray) -> np.ndarray:
    """Unit vectors ``(n, 3)`` up the face: chin to forehead, made square to the line of the eyes."""
    across = points[:, mesh.LEFT_EYE_OUTER] - points[:, mesh.RIGHT_EYE_OUTER]
    across = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    along = points[:, mesh.FOREHEAD] - points[:, mesh.CHIN]
    along = along - np.einsum("ni,ni->n", along, across)[:, None] * across
    return along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
