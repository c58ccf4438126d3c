"""One row a decoded frame: when it is shown, how bright and blurred it is, how much moved since the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import cv2
import numpy as np

from bitflow.tables import FRAME_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import Frame, FrameChunk

#: Longer side of the picture on which blur is measured, and of the one on which changes are, in px.
BLUR_SIDE = 320
CHANGE_SIDE = 160

#: A cut changes the picture by at least this much, and by this many times what its neighbours change
#: (the two thresholds of PySceneDetect's adaptive detector, on a scale of 1).
CUT_CHANGE = 15 / 255
CUT_RATIO = 3.0

#: No part of a repeated frame changes by more than this: what lossy coding leaves of nothing.
DUPLICATE_CHANGE = 0.5 / 255

FRAMES = Schema(
    "frames",
    "frame",
    (
        *FRAME_KEYS,
        Column("keyframe", "bool", description="decodable without its neighbours"),
        Column("duration", "float64", "s", "how long the frame is shown", range=(0, None)),
        Column("brightness", "float32", "1", "mean luma, 0 black, 1 white", range=(0, 1), resample="mean"),
        Column("blur", "float32", "1", "blur effect (Crété 2007), 0 sharp, 1 blurred", range=(0, 1), resample="mean"),
        Column(
            "motion_energy",
            "float32",
            "1",
            "mean absolute change of luma since the frame before; missing for the first",
            range=(0, 1),
            resample="mean",
        ),
        Column("is_duplicate", "bool", description="shows the same picture as the frame before", resample="overlap"),
        Column("is_cut", "bool", description="first frame of a new shot", resample="overlap"),
        Column("is_corrupt", "bool", description="the decoder reported damage in this frame", resample="overlap"),
    ),
    "one row a decoded frame",
)


@dataclass(frozen=True)
class Frames:
    """Extractor of the table `frames`."""

    name: ClassVar[str] = "frames"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("video",)
    in_spans: ClassVar[bool] = True
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (FRAMES,)

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Nothing is left open."""
        return self

    def models(self) -> tuple[str, ...]:
        """None."""
        return ()

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[FrameChunk], _Part]:
        """A worker that measures each frame of a chunk and the changes between them."""
        return _measure

    def join(
        self, parts: Iterator[_Part], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Changes over chunk borders, then cuts, which need the next frame's change to be told from fast motion."""
        held: _Part | None = None
        for part in parts:
            if held is not None:
                part.compare_first(held.last)
                yield FRAMES.name, held.rows(after=part.change[0])
                part.change_before = float(held.change[-1])
            held = part
        if held is not None:
            yield FRAMES.name, held.rows(after=np.nan)


def blur_effect(luma: np.ndarray) -> float:
    """How blurred a picture is, from how little a strong blur changes it.

    Parameters
    ----------
    luma
        ``(height, width)`` uint8.

    Returns
    -------
    float
        0 for a sharp picture to 1 for one without edges.

    Notes
    -----
    Crété, Dolmiere, Ladret & Nicolas 2007, "The blur effect: perception and estimation with a new no-reference
    perceptual blur metric": the larger of the horizontal and the vertical figure, with a mean filter 11 px long.
    One grey level of each step is taken for rounding, without which a very smooth picture would seem sharp.
    """
    picture = luma.astype(np.float32)
    figures = []
    for axis, length in ((1, (11, 1)), (0, (1, 11))):
        blurred = cv2.blur(picture, length, borderType=cv2.BORDER_REFLECT)
        sharp_steps = np.maximum(0, np.abs(np.diff(picture, axis=axis)) - 1)
        lost = np.maximum(0, sharp_steps - np.abs(np.diff(blurred, axis=axis)))
        total = float(sharp_steps.sum())
        figures.append((total - float(lost.sum())) / total if total else 1.0)
    return max(figures)


class _Part:
    """What one chunk's worker found; `change` ``(frames,)`` is filled for the first frame by the join."""

    def __init__(self, frames: tuple[Frame, ...]):
        self.keys = {
            "frame": np.array([frame.index for frame in frames]),
            "time": np.array([frame.time for frame in frames]),
            "keyframe": np.array([frame.keyframe for frame in frames]),
            "duration": np.array([frame.duration for frame in frames]),
            "is_corrupt": np.array([frame.corrupt for frame in frames]),
        }
        count = len(frames)
        self.brightness = np.empty(count)
        self.blur = np.empty(count)
        self.motion = np.full(count, np.nan)
        self.change = np.full(count, np.nan)  # of luma or chroma, whichever changes more
        self.largest = np.full(count, np.nan)
        self.change_before = np.nan
        previous: np.ndarray | None = None
        for at, frame in enumerate(frames):
            luma, u, v = frame.planes
            self.brightness[at] = cv2.mean(luma)[0] / 255
            reduced = _reduced(luma, BLUR_SIDE)
            self.blur[at] = blur_effect(reduced)
            small = _reduced(reduced, CHANGE_SIDE)
            size = (small.shape[1], small.shape[0])
            picture = np.stack([small, *(cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (u, v))])
            if previous is None:
                self.first = picture
            else:
                self._compare(at, previous, picture)
            previous = picture
        self.last = previous

    def compare_first(self, before: np.ndarray | None) -> None:
        """Fill the change of the first frame from the chunk before."""
        if before is not None and before.shape == self.first.shape:
            self._compare(0, before, self.first)

    def rows(self, after: float) -> pa.RecordBatch:
        """The chunk's rows; `after` is the change at the next chunk's first frame."""
        around = np.concatenate([[self.change_before], self.change, [after]])
        neighbours = np.fmax(np.fmax(around[:-2], around[2:]), 1e-6)
        is_cut = (self.change >= CUT_CHANGE) & (self.change >= CUT_RATIO * np.nan_to_num(neighbours, nan=1e-6))
        return FRAMES.batch(
            {
                **self.keys,
                "brightness": np.clip(self.brightness, 0, 1),
                "blur": self.blur,
                "motion_energy": self.motion,
                "is_duplicate": self.largest <= DUPLICATE_CHANGE,
                "is_cut": is_cut,
            }
        )

    def _compare(self, at: int, before: np.ndarray, now: np.ndarray) -> None:
        difference = cv2.absdiff(before, now)
        by_plane = difference.reshape(3, -1).mean(axis=1) / 255
        self.motion[at] = by_plane[0]
        self.change[at] = by_plane.max()
        self.largest[at] = difference.max() / 255


def _measure(chunk: FrameChunk) -> _Part:
    return _Part(chunk.frames)


def _reduced(plane: np.ndarray, side: int) -> np.ndarray:
    height, width = plane.shape
    scale = min(1.0, side / max(height, width))
    if scale == 1.0:
        return plane
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
