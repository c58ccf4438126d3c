"""The table `poses` in a store: one row a frame and animal in which at least one point is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import SchemaError, StoreError, UsageError
from bitflow.poses.facts import PoseFacts
from bitflow.poses.series import PoseSeries
from bitflow.tables import TRACK_KEYS, Column, Schema, TableFile, tensor
from bitflow.tables.pictures import FRAMES, frames_batch

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.store import Recording

TABLE = "poses"

#: Under this key the table's metadata holds its `PoseFacts`.
FACTS_KEY = "poses"

#: Frames that `stream_poses` gives at once unless asked otherwise: five minutes at 30 a second.
BLOCK_FRAMES = 9000


def poses_schema(facts: PoseFacts) -> Schema:
    """Schema of the table for so many keypoints and coordinates."""
    count, space = len(facts.keypoints), facts.dimensions == 3
    return Schema(
        TABLE,
        "frame",
        (
            *TRACK_KEYS,
            Column(
                "points",
                "float32",
                facts.unit,
                f"{'x, y, z' if space else 'x, y'} of each keypoint; NaN where it is missing",
                "world" if space else "image",
                None,
                "linear",
                shape=(count, facts.dimensions),
            ),
            Column(
                "confidence",
                "float32",
                "1",
                "of each keypoint, as the source has it; NaN where it has none; heat-map values may exceed 1",
                shape=(count,),
            ),
        ),
        "poses of animals; names, skeleton and scale are in the file's metadata",
        tracks="animal",
    )


def pose_batch(poses: PoseSeries) -> pa.RecordBatch:
    """Rows of the table by frame and track; animals of which nothing is known have none."""
    seen = poses.valid.any(axis=2)
    at, who = np.nonzero(seen)
    return poses_schema(poses.facts).batch(
        {
            "frame": poses.frames[at],
            "time": poses.time[at],
            "track": np.asarray(poses.tracks, np.int32)[who],
            "points": poses.points[at, who],
            "confidence": poses.confidence[at, who],
        }
    )


def write_poses(
    recording: Recording,
    poses: PoseSeries | Iterable[PoseSeries],
    *,
    provenance: Mapping[str, Any],
    notes: Iterable[str] = (),
    facts: Mapping[str, Any] | None = None,
    replace_frames: bool = False,
) -> TableFile:
    """Write poses into a recording, and its `frames` when it has none.

    Parameters
    ----------
    poses
        One series, or stretches of one in order of time; all with the same facts.
    provenance, notes, facts
        As of `Recording.write`.
    replace_frames
        Whether the table `frames` is written anew from the poses' clock where there is one.

    Raises
    ------
    UsageError
        There are no poses at all.
    """
    blocks = iter([poses] if isinstance(poses, PoseSeries) else poses)
    first = next(blocks, None)
    if first is None:
        raise UsageError(f"recording {recording.id!r}: there are no poses to write")
    clocks: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []

    def batches() -> Iterator[pa.RecordBatch]:
        yield from _noted(first, clocks)
        for block in blocks:
            if block.facts != first.facts:
                raise SchemaError(f"recording {recording.id!r}: stretches of poses with different names or scale")
            yield from _noted(block, clocks)

    kept = list(notes)
    file = recording.write(
        poses_schema(first.facts),
        batches(),
        provenance=provenance,
        notes=kept,
        facts=facts,
        metadata={FACTS_KEY: first.facts.as_dict()},
    )
    if replace_frames or "frames" not in recording:
        frames, time = (np.concatenate(part) for part in zip(*clocks, strict=True))
        recording.write(FRAMES, [frames_batch(frames, time)], provenance=provenance, notes=kept, facts=facts)
    return file


def read_facts(recording: Recording) -> PoseFacts:
    """Names, skeleton and scale of a recording's poses.

    Raises
    ------
    StoreError
        It has no poses.
    SchemaError
        Its table was not written as poses are.
    """
    described = _file(recording).metadata.get(FACTS_KEY)
    if described is None:
        raise SchemaError(f"recording {recording.id!r}: the table {TABLE!r} does not say what its keypoints are")
    return PoseFacts.from_dict(described)


def read_poses(recording: Recording) -> PoseSeries:
    """All poses of a recording, on every frame of its `frames` table.

    Raises
    ------
    StoreError
        It has no poses.
    """
    blocks = list(stream_poses(recording, frames=np.iinfo(np.int64).max))
    return blocks[0] if blocks else _dense(read_facts(recording), np.empty(0, np.int64), np.empty(0), [])


def stream_poses(recording: Recording, *, frames: int = BLOCK_FRAMES, overlap: int = 0) -> Iterator[PoseSeries]:
    """Poses of a recording, so many frames at a time.

    Parameters
    ----------
    frames
        Of a block, those that it shares with others not counted.
    overlap
        Frames before and after that a block has beside its own, so that windows near its border are whole.
    """
    if frames < 1 or overlap < 0:
        raise UsageError(f"blocks of at least one frame and an overlap of none or more, not {frames} and {overlap}")
    numbers, times = read_clock(recording)
    frames = min(frames, max(len(numbers), 1))
    yield from stretches_of(
        recording,
        numbers,
        times,
        (
            (max(0, first - overlap), min(len(numbers), first + frames + overlap))
            for first in range(0, len(numbers), frames)
        ),
    )


def stretches_of(
    recording: Recording,
    numbers: NDArray[np.int64],
    times: NDArray[np.float64],
    ranges: Iterable[tuple[int, int]],
) -> Iterator[PoseSeries]:
    """Poses at half-open ranges of a recording's clock, which `read_clock` gives; neither end may go back."""
    file, facts = _file(recording), read_facts(recording)
    batches = file.batches()
    held: list[pa.RecordBatch] = []
    ended = False
    for start, stop in ranges:
        low, high = int(numbers[start]), int(numbers[stop - 1])
        held = [batch for batch in held if int(batch.column("frame")[-1].as_py()) >= low]
        while not ended and not (held and int(held[-1].column("frame")[-1].as_py()) > high):
            batch = next(batches, None)
            ended = batch is None
            if batch is not None and batch.num_rows and int(batch.column("frame")[-1].as_py()) >= low:
                held.append(batch)
        yield _dense(facts, numbers[start:stop], times[start:stop], held)


def _noted(block: PoseSeries, clocks: list[Any]) -> Iterator[pa.RecordBatch]:
    clocks.append((block.frames, block.time))
    yield pose_batch(block)


def _file(recording: Recording) -> TableFile:
    if TABLE not in recording:
        raise StoreError(
            f"recording {recording.id!r} has no poses; `bitflow import poses FILE -o STORE` brings them in, it has: "
            f"{', '.join(recording.tables) or 'no tables'}"
        )
    return recording.file(TABLE)


def read_clock(recording: Recording) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Frames ``(T,)`` and times ``(T,)`` s of a recording and its poses: a video read at a lower rate has fewer.

    Raises
    ------
    StoreError
        It has no poses.
    """
    file = _file(recording)
    numbers, times = np.empty(0, np.int64), np.empty(0)
    if "frames" in recording:
        rows = recording.file("frames").read(["frame", "time"])
        numbers, times = rows.column("frame").to_numpy(), rows.column("time").to_numpy()
    more: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for batch in file.batches(["frame", "time"]):
        frame, first = np.unique(batch.column("frame").to_numpy(), return_index=True)
        at = np.minimum(np.searchsorted(numbers, frame), max(len(numbers) - 1, 0))
        new = numbers[at] != frame if len(numbers) else np.ones(len(frame), bool)
        if new.any():
            more.append((frame[new], batch.column("time").to_numpy()[first[new]]))
    if more:
        numbers = np.concatenate([numbers, *(frame for frame, _ in more)])
        times = np.concatenate([times, *(time for _, time in more)])
        numbers, first = np.unique(numbers, return_index=True)
        times = times[first]
    return numbers, times


def _dense(
    facts: PoseFacts, numbers: NDArray[np.int64], times: NDArray[np.float64], batches: list[pa.RecordBatch]
) -> PoseSeries:
    schema = poses_schema(facts)
    shape = (len(numbers), len(facts.animals), len(facts.keypoints))
    points = np.full((*shape, facts.dimensions), np.nan)
    confidence = np.full(shape, np.nan, np.float32)
    for batch in batches:
        frame, track = batch.column("frame").to_numpy(), batch.column("track").to_numpy()
        at = np.searchsorted(numbers, frame)
        here = (at < len(numbers)) & (track >= 0) & (track < shape[1])
        here[here] = numbers[at[here]] == frame[here]
        points[at[here], track[here]] = tensor(batch.column("points"), schema["points"])[here]
        confidence[at[here], track[here]] = tensor(batch.column("confidence"), schema["confidence"])[here]
    return PoseSeries(numbers, times, points, confidence, facts, tuple(range(shape[1])))
