"""What a network of the user's own makes of faces or pictures: one vector each, at a chosen rate.

Faces are cropped where the table `faces` has them, so that a vector belongs to a track. As the tracks are only known
when that table is committed, the pictures are read a second time; only the chosen ones are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from bitflow.errors import AssetError, UsageError
from bitflow.extractors.landmarks.roi import around_box
from bitflow.inference.backbone import Backbone, description_of
from bitflow.tables import FRAME_KEYS, TRACK_KEYS, Column, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.extraction.protocol import RecordingInfo, Runtime
    from bitflow.media import Frame
    from bitflow.tables import TableFile

#: Crops that go through the network together.
BATCH = 16


def embeddings_schema(length: int, *, faces: bool) -> Schema:
    """The table's schema for vectors of `length` numbers, a row a face and frame, or a row a frame."""
    vector = Column("vector", "float32", "1", "output of the network; its length is the network's", shape=(length,))
    if faces:
        return Schema("embeddings", "frame", (*TRACK_KEYS, vector), "what a network makes of faces", tracks="face")
    return Schema("embeddings", "frame", (*FRAME_KEYS, vector), "what a network makes of pictures")


EMBEDDINGS = embeddings_schema(1, faces=True)


@dataclass(frozen=True)
class Embeddings:
    """Extractor of the table `embeddings`.

    Parameters
    ----------
    model
        Path of an ONNX file; beside it lies a TOML file that says what it takes (`bitflow.inference.backbone`).
    region
        ``face``: a square about each face; ``frame``: the whole picture, stretched to the network's size.
    rate
        Pictures a second that are looked at.
    margin
        Side of the square about a face, in long sides of its box.
    sha256
        Of the network and its TOML file together: settled by reading them, or given, and then others are refused.
    """

    model: str = ""
    region: Literal["face", "frame"] = "face"
    rate: float = 5.0
    margin: float = 1.25
    sha256: str = ""

    name: ClassVar[str] = "embeddings"
    version: ClassVar[str] = "1"
    needs: ClassVar[tuple[str, ...]] = ("faces",)
    uses: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[Schema, ...]] = (EMBEDDINGS,)
    on_request: ClassVar[tuple[str, ...]] = ("embeddings",)

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise UsageError(f"embeddings.rate is above 0 Hz, not {self.rate:g}")
        if not 0.1 <= self.margin <= 10:
            raise UsageError(f"embeddings.margin lies between 0.1 and 10 box sides, not {self.margin:g}")
        if self.region == "frame":
            object.__setattr__(self, "needs", ())

    def resolve(self, wanted: frozenset[str]) -> Self:
        """Look the network up, and how long its vectors are."""
        if not self.model:
            raise UsageError(
                "embeddings: name the network with --set embeddings.model=FILE.onnx; "
                "`bitflow assets export` makes one from a PyTorch backbone"
            )
        path = Path(self.model)
        if path.suffix != ".onnx" or not path.is_file():
            raise AssetError(f"embeddings.model: {path}: there is no such ONNX file")
        backbone = Backbone.read(path)
        digest = _digest(path)
        if self.sha256 not in ("", digest):
            raise AssetError(f"{path}: the sha256 with its TOML file is {digest}, and {self.sha256} was asked for")
        resolved = replace(self, sha256=digest)
        # Of the network, and so of the instance: a class can only say that there is a vector.
        schema = embeddings_schema(_vector_length(path, backbone), faces=self.region == "face")
        object.__setattr__(resolved, "tables", (schema,))
        return resolved

    def models(self) -> tuple[str, ...]:
        """None that has a name here: the file's hash is a parameter."""
        return ()

    def derive(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, runtime: Runtime
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """One row a face or picture looked at."""
        if recording.media.video is None:
            return
        (schema,) = self.tables
        path = Path(self.model)
        backbone = Backbone.read(path)

        def open_worker() -> Callable[[list[_Look]], pa.RecordBatch]:
            session = runtime.session(path, backend="auto")
            output = _output_index(session.outputs, backbone.output, path)

            def work(looks: list[_Look]) -> pa.RecordBatch:
                crops = np.stack([look.crop for look in looks])
                vectors = session.run(backbone.prepared(crops))[output].reshape(len(looks), -1)
                keys = {key: np.array([getattr(look, key) for look in looks]) for key in schema.names[:-1]}
                return schema.batch({**keys, "vector": vectors.astype(np.float32)})

            return work

        for rows in runtime.map(open_worker, _batches(self._looks(upstream, recording, backbone.size))):
            yield schema.name, rows

    def _looks(
        self, upstream: Mapping[str, TableFile], recording: RecordingInfo, size: tuple[int, int]
    ) -> Iterator[_Look]:
        """What is looked at, in order of time and track."""
        from bitflow.media import VideoReader

        if self.region == "frame":
            for frame in VideoReader(recording.path, rate_hz=self.rate):
                yield _Look(frame.index, frame.time, -1, _crop(frame, 0.0, 0.0, frame.width, frame.height, size))
            return
        faces = upstream["faces"]
        names = ("frame", "time", "track", "box_x", "box_y", "box_width", "box_height")
        columns = {name: faces.column(name) for name in names}
        chosen = np.flatnonzero(np.isin(columns["frame"], _thinned(columns["frame"], columns["time"], self.rate)))
        rows = {
            int(number): chosen[columns["frame"][chosen] == number] for number in np.unique(columns["frame"][chosen])
        }
        if not rows:
            return
        last = max(rows)
        for frame in VideoReader(recording.path):
            for row in rows.get(frame.index, ()):
                x, y, width, height = (float(columns[name][row]) for name in names[3:])
                cx, cy, side, _ = around_box((x, y, x + width, y + height), 0.0, self.margin)
                crop = _crop(frame, cx - side / 2, cy - side / 2, side, side, size)
                yield _Look(frame.index, frame.time, int(columns["track"][row]), crop)
            if frame.index >= last:
                return


@dataclass(frozen=True, eq=False)
class _Look:
    """One region of one picture, at the network's size: ``(height, width, 3)`` uint8 RGB."""

    frame: int
    time: float
    track: int
    crop: np.ndarray


def _crop(frame: Frame, left: float, top: float, across: float, down: float, size: tuple[int, int]) -> np.ndarray:
    """A region (px) of a picture at another size; beyond the picture its edge goes on."""
    x, y = across / size[0], down / size[1]
    # Pixel centres on pixel centres: the first of the crop lies in the middle of what it covers.
    return frame.warp(np.array([[x, 0.0, left + x / 2 - 0.5], [0.0, y, top + y / 2 - 0.5]]), size)


def _thinned(frames: np.ndarray, times: np.ndarray, rate: float) -> np.ndarray:
    """Of pictures with faces, the first in every 1/rate s."""
    numbers, first = np.unique(frames, return_index=True)
    _, chosen = np.unique(np.floor(times[first] * rate + 1e-6), return_index=True)
    return numbers[chosen]


def _batches(looks: Iterator[_Look]) -> Iterator[list[_Look]]:
    held: list[_Look] = []
    for look in looks:
        held.append(look)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


def _vector_length(path: Path, backbone: Backbone) -> int:
    """Numbers that the network gives for one picture, by giving it one."""
    from bitflow.inference import open_session

    session = open_session(path)
    if len(session.inputs) != 1 or len(session.inputs[0].shape) != 4:
        raise AssetError(f"{path}: takes {_shapes(session.inputs)}, and one batch of pictures was expected")
    expected = backbone.input_shape
    if any(there is not None and there != n for there, n in zip(session.inputs[0].shape[1:], expected, strict=True)):
        raise AssetError(
            f"{path}: takes pictures of shape {session.inputs[0].shape[1:]}, and {description_of(path)} says {expected}"
        )
    width, height = backbone.size
    found = session.run(backbone.prepared(np.zeros((1, height, width, 3), np.uint8)))
    return int(found[_output_index(session.outputs, backbone.output, path)][0].size)


def _output_index(outputs: Any, wanted: int | str, path: Path) -> int:
    names = [spec.name for spec in outputs]
    if isinstance(wanted, str) and wanted in names:
        return names.index(wanted)
    if isinstance(wanted, int) and 0 <= wanted < len(names):
        return wanted
    raise AssetError(f"{path}: has no output {wanted!r}; it has {', '.join(names)}")


def _shapes(specs: Any) -> str:
    return ", ".join(f"{spec.name} {spec.shape}" for spec in specs)


def _digest(path: Path) -> str:
    """Of the network and of the file that says what it takes."""
    import hashlib

    return hashlib.sha256(path.read_bytes() + description_of(path).read_bytes()).hexdigest()
