"""The bodies' extractor run over pictures in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from bitflow.extraction.protocol import RecordingInfo
from bitflow.extraction.scheduler import LocalRuntime, StreamTask, WorkerPool, run_stream
from bitflow.extractors.bodies import Bodies
from bitflow.inference.engine import ON_CPU
from bitflow.media import Frame, FrameChunk, VideoReader
from bitflow.tables import tensor


def pictures(path: Path, count: int) -> list[np.ndarray]:
    """The first RGB pictures of a clip."""
    with VideoReader(path) as reader:
        return [frame.rgb() for frame, _ in zip(reader, range(count), strict=False)]


def chunks(rgb: Sequence[np.ndarray], size: int = 12) -> list[FrameChunk]:
    frames = [Frame.from_rgb(picture, index=i, time=i / 25) for i, picture in enumerate(rgb)]
    return [FrameChunk(k, tuple(frames[at : at + size])) for k, at in enumerate(range(0, len(frames), size))]


def extract(
    made: Sequence[FrameChunk], tables: Sequence[str] = ("bodies", "body_appearance", "hands"), threads: int = 1
) -> dict[str, dict[str, np.ndarray]]:
    """Columns by table and name."""
    extractor = Bodies()
    rows: dict[str, list[pa.RecordBatch]] = {schema.name: [] for schema in extractor.tables}
    with WorkerPool(threads) as pool:
        runtime = LocalRuntime(ON_CPU, pool, frozenset(tables))
        task = StreamTask(extractor, runtime, lambda name, batch: rows[name].append(batch))
        recording = RecordingInfo("made", Path("made"), None)  # type: ignore[arg-type]
        run_stream(made, [task], recording, pool, lambda seconds: None)
    if task.error is not None:
        raise task.error
    found = {}
    for schema in extractor.tables:
        table = pa.Table.from_batches(rows[schema.name], schema=schema.arrow())
        found[schema.name] = {column.name: tensor(table.column(column.name), column) for column in schema.columns}
    return found
