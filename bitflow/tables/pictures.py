"""The table `frames` of a recording whose video was not decoded: what another program's file tells of its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitflow.tables.keys import FRAME_KEYS
from bitflow.tables.schema import Column, Schema

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

FRAMES = Schema(
    "frames",
    "frame",
    (*FRAME_KEYS, Column("duration", "float64", "s", "how long the frame is shown", range=(0, None))),
    "one row a picture that the imported file speaks about",
)


def frames_batch(frames: NDArray[np.int64], times: NDArray[np.float64]) -> pa.RecordBatch:
    """Rows of `FRAMES` for pictures in order; the last is shown as long as the median of the others."""
    import numpy as np

    steps = np.diff(times)
    last = float(np.median(steps)) if len(steps) else 0.0
    durations = np.append(np.maximum(steps, 0.0), last)[: len(times)]
    return FRAMES.batch({"frame": frames, "time": times, "duration": durations})
