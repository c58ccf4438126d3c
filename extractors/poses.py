"""Poses of an animal by a network of the user's own: an ONNX file that DeepLabCut or SLEAP exported.

The network gives one map a keypoint and, with DeepLabCut, offsets from the map's cells to the points. Which output is
which, and where their channels stand, follows from their shapes and the number of keypoints. One animal is looked for
in each picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from bitflow.errors import AssetError, UsageError
from bitflow.inference.heatmaps import peaks
from bitflow.poses import PoseFacts, PoseSeries, Scale, poses_schema
from bitflow.poses.facts import read_keypoint_names
from bitflow.poses.table import FACTS_KEY, pose_batch
from bitflow.tables import Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.inference import Session, TensorSpec
    from bitflow.media import Frame, FrameChunk

#: Pictures that go through the network together.
BATCH = 8

#: DeepLabCut trains offsets divided by this many px (`locref_stdev`).
LOCREF_STDEV = 7.2801

#: A network of any size of picture gets a multiple of this many px: down and up again must meet.
MULTIPLE = 32

#: Mean and deviation of ImageNet's colours, which DeepLabCut's PyTorch networks are given pictures in.
_IMAGENET = (np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32))

#: The name of the one animal.
ANIMAL = "animal"

_ONE_POINT = PoseFacts(("point",), (ANIMAL,))


@dataclass(frozen=True)
class Poses:
    """Extractor of the table `poses`.

    Parameters
    ----------
    model
        Path of the ONNX file.
    keypoints
        Path of a text file with the names of the keypoints, one a line, in the order of the network's maps.
    convention
        Whose export it is. ``dlc``: a map's cell stands for the middle of its square of pixels, offsets are in px over
        `LOCREF_STDEV`. ``sleap``: a cell stands for its square's first pixel, offsets are in px.
    pixels
        What the network takes: values of 0 to 255, 0 to 1, or ImageNet's. ``auto``: 0 to 255 for DeepLabCut and for
        networks that take bytes, 0 to 1 for SLEAP.
    logits
        Whether the maps are to be put through a logistic function.
    cm_per_px
        Scale of the picture, where it is known.
    sha256
        Of the network and the names: settled by reading them, or given, and then others are refused.
    """

    model: str = ""
    keypoints: str = ""
    convention: Literal["dlc", "sleap"] = "dlc"
    pixels: Literal["auto", "0-255", "0-1", "imagenet"] = "auto"
    logits: bool = False
    cm_per_px: float | None = None
    sha256: str = ""

    name: ClassVar[str] = "poses"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("video",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (poses_schema(_ONE_POINT),)
    on_request: ClassVar[tuple[str, ...]] = ("poses",)

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Look the network up, and how many keypoints it has."""
        if not self.model:
            raise UsageError("poses: name the network with --pose-model FILE.onnx, and its points with --keypoints")
        if not self.keypoints:
            raise UsageError("poses: name the network's keypoints with --keypoints FILE, one name a line")
        path = Path(self.model)
        if path.suffix != ".onnx" or not path.is_file():
            raise AssetError(f"poses.model: {path}: there is no such ONNX file")
        digest = _digest(path, Path(self.keypoints))
        if self.sha256 not in ("", digest):
            raise AssetError(
                f"{path}: the sha256 with its keypoints' names is {digest}, and {self.sha256} was asked for"
            )
        facts = self._facts()
        _check(path, len(facts.keypoints))
        resolved = replace(self, sha256=digest)
        # Of the names, and so of the instance: a class can only say that there are points.
        object.__setattr__(resolved, "tables", (poses_schema(facts),))
        return resolved

    def models(self) -> tuple[str, ...]:
        """None that has a name here: the file's hash is a parameter."""
        return ()

    def details(self, recording: RecordingInfo) -> Mapping[str, Any]:
        """What the table's file says beside its columns."""
        return {FACTS_KEY: self._of(recording).as_dict()}

    def open(self, recording: RecordingInfo, runtime: Runtime) -> Callable[[FrameChunk], PoseSeries]:
        """One thread's session."""
        facts = self._of(recording)
        network = _Network(runtime.session(Path(self.model), backend="auto"), self, len(facts.keypoints))

        def work(chunk: FrameChunk) -> PoseSeries:
            found = [network.look(chunk.frames[at : at + BATCH]) for at in range(0, len(chunk.frames), BATCH)]
            points, confidence = (np.concatenate(part) for part in zip(*found, strict=True))
            frames = np.array([frame.index for frame in chunk.frames], np.int64)
            times = np.array([frame.time for frame in chunk.frames])
            return PoseSeries(frames, times, points[:, None], confidence[:, None], facts, (0,))

        return work

    def join(
        self, parts: Iterator[PoseSeries], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Rows as they come: there is one animal, and nothing to be stitched."""
        for part in parts:
            yield "poses", pose_batch(part)

    def _facts(self) -> PoseFacts:
        return PoseFacts(
            read_keypoint_names(Path(self.keypoints)),
            (ANIMAL,),
            scale=Scale(self.cm_per_px),
            source={"format": f"ONNX network ({self.convention})", "model": Path(self.model).name},
        )

    def _of(self, recording: RecordingInfo) -> PoseFacts:
        video = recording.media.video
        if video is None:
            return self._facts()
        return replace(self._facts(), fps=video.average_rate_hz or None, image_size=(video.width, video.height))


class _Network:
    """A session, and how its pictures and maps are laid out."""

    def __init__(self, session: Session, how: Poses, keypoints: int) -> None:
        self._session, self._how, self._keypoints = session, how, keypoints
        self._input = _Input.of(session.inputs, how.model)
        bytes_taken = session.inputs[0].dtype == np.uint8
        asked = how.pixels if how.pixels != "auto" else "0-255" if bytes_taken or how.convention == "dlc" else "0-1"
        self._pixels = asked

    def look(self, frames: tuple[Frame, ...]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Points ``(n, K, 2)`` px of the pictures, and confidences ``(n, K)``."""
        height, width, factor = self._input.size(frames[0].height, frames[0].width)
        # Index (0, 0) of the input is the middle of its first pixel, and so it stays through the resizing.
        matrix = np.array([[factor, 0.0, (factor - 1) / 2], [0.0, factor, (factor - 1) / 2]])
        pictures = np.stack([frame.warp(matrix, (width, height), border="zero") for frame in frames])
        outputs = self._session.run(self._prepared(pictures))
        maps, offsets = _maps(outputs, self._keypoints, self._how.model, self._input.channels_first)
        if self._how.logits:
            maps = 1 / (1 + np.exp(-maps))
        stride = np.array([width / maps.shape[3], height / maps.shape[2]])
        if offsets is not None:
            unit = LOCREF_STDEV if self._how.convention == "dlc" else 1.0
            offsets = offsets * (unit / stride)[:, None, None]
        cells, confidence = peaks(maps, offsets)
        places = cells * stride + (stride / 2 if self._how.convention == "dlc" else 0.0)
        points = places * factor + (factor - 1) / 2
        return np.where(np.isfinite(confidence)[..., None], points, np.nan), confidence

    def _prepared(self, pictures: NDArray[np.uint8]) -> NDArray[Any]:
        if self._input.channels == 1:
            pictures = np.stack([cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in pictures])[..., None]
        values: NDArray[Any] = pictures
        if self._pixels != "0-255":
            values = pictures.astype(np.float32) / 255
        if self._pixels == "imagenet":
            mean, deviation = _IMAGENET
            values = (values - mean) / deviation
        values = values.astype(self._input.dtype)
        return values.transpose(0, 3, 1, 2) if self._input.channels_first else values


@dataclass(frozen=True)
class _Input:
    """What a network takes: None where any height or width will do."""

    height: int | None
    width: int | None
    channels: int
    channels_first: bool
    dtype: Any

    @classmethod
    def of(cls, inputs: tuple[TensorSpec, ...], model: str) -> _Input:
        shape = inputs[0].shape if len(inputs) == 1 else ()
        if len(shape) == 4 and shape[3] in (1, 3):
            return cls(shape[1], shape[2], int(shape[3]), False, inputs[0].dtype)
        if len(shape) == 4 and shape[1] in (1, 3):
            return cls(shape[2], shape[3], int(shape[1]), True, inputs[0].dtype)
        taken = ", ".join(f"{spec.name} {spec.shape}" for spec in inputs)
        raise AssetError(f"{model}: takes {taken}; one batch of pictures of 1 or 3 channels was expected")

    def size(self, height: int, width: int) -> tuple[int, int, float]:
        """Height and width of what the network gets, and px of the picture to one of it."""
        if self.height is None or self.width is None:
            return -(-height // MULTIPLE) * MULTIPLE, -(-width // MULTIPLE) * MULTIPLE, 1.0
        return self.height, self.width, max(height / self.height, width / self.width)


def _maps(
    outputs: tuple[NDArray[Any], ...], keypoints: int, model: str, channels_first: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Maps ``(n, K, h, w)`` and offsets ``(n, K, 2, h, w)``, found among the outputs by their channels."""
    maps = offsets = None
    for output in outputs:
        channels = _channels_first(output, keypoints, channels_first)
        if channels is None:
            continue
        if channels.shape[1] == keypoints and maps is None:
            maps = channels
        elif channels.shape[1] == 2 * keypoints and offsets is None:
            offsets = channels.reshape(len(channels), keypoints, 2, *channels.shape[2:])
    if maps is None or (offsets is not None and offsets.shape[3:] != maps.shape[2:]):
        given = ", ".join(str(output.shape) for output in outputs)
        raise AssetError(
            f"{model}: gives {given}; maps of {keypoints} keypoints were expected, as many as names were given, and "
            f"perhaps offsets of {2 * keypoints} channels of the same size"
        )
    return maps.astype(np.float64), None if offsets is None else offsets.astype(np.float64)


def _channels_first(output: NDArray[Any], keypoints: int, usual: bool) -> NDArray[Any] | None:
    """An output with its channels on the second axis; where both may hold them, they stand as the input's do."""
    if output.ndim != 4:
        return None
    first, last = (output.shape[axis] in (keypoints, 2 * keypoints) for axis in (1, 3))
    if last and not (first and usual):
        return output.transpose(0, 3, 1, 2)
    return output if first else None


def _check(path: Path, keypoints: int) -> None:
    """Run the network once on nothing, so that one that does not fit is refused before any recording is opened."""
    from bitflow.inference import open_session

    session = open_session(path)
    taken = _Input.of(session.inputs, str(path))
    height, width, _ = taken.size(8 * MULTIPLE, 8 * MULTIPLE)
    shape = (1, taken.channels, height, width) if taken.channels_first else (1, height, width, taken.channels)
    _maps(session.run(np.zeros(shape, taken.dtype)), keypoints, str(path), taken.channels_first)


def _digest(path: Path, keypoints: Path) -> str:
    """Of the network and the names of its keypoints."""
    import hashlib

    return hashlib.sha256(path.read_bytes() + "\n".join(read_keypoint_names(keypoints)).encode()).hexdigest()
