"""From the chains of a stitched chunk to the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bitflow.tables import Column

if TYPE_CHECKING:
    from bitflow.extractors.tracking.stitch import StitchedChunk
    from bitflow.media import Frame

#: Coordinates are stored to 1/32 px: the rounding error of 0.009 px (rms) is far below that of any model.
PX = 1 / 32
#: What probabilities are rounded to.
SCORE = 1 / 1024


def box_columns(about: str) -> tuple[Column, ...]:
    """Columns of the box about something, upright, in px of the picture."""

    def edge(name: str, description: str, least: float | None = None) -> Column:
        limits = None if least is None else (least, None)
        return Column(name, "float32", "px", description, "image", limits, "linear", quantum=PX)

    return (
        edge("box_x", f"left edge of the box about {about}"),
        edge("box_y", "upper edge of the box"),
        edge("box_width", "width of the box", 0.0),
        edge("box_height", "height of the box", 0.0),
    )


def box_values(low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    """Values of `box_columns` from corners ``(n, 2)``."""
    extent = high - low
    return {"box_x": low[:, 0], "box_y": low[:, 1], "box_width": extent[:, 0], "box_height": extent[:, 1]}


def probability(name: str, description: str) -> Column:
    """A column that holds a probability."""
    return Column(name, "float32", "1", description, None, (0, 1), "linear", quantum=SCORE)


def row_order(
    chunk: StitchedChunk, sampled: Sequence[np.ndarray] | None = None
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Frame, time and track of a chunk's rows, and the order that brings columns into theirs.

    Parameters
    ----------
    chunk
        With one piece at least.
    sampled
        For each piece the entries that have a row; None for all.

    Returns
    -------
    keys
        `frame`, `time`, `track`, sorted by frame and then track.
    order
        ``(rows,)``: apply it to a column that holds the pieces' values one after another.
    """
    entries = [np.arange(len(chain)) for _, chain in chunk.pieces] if sampled is None else sampled
    pairs = list(zip(chunk.pieces, entries, strict=True))
    numbers = np.concatenate([np.full(len(chosen), number, np.int32) for (number, _), chosen in pairs])
    places = np.concatenate([chain.start + chosen for (_, chain), chosen in pairs])
    order = np.lexsort((numbers, places))
    places = places[order]
    keys = {
        "frame": np.array([frame.index for frame in chunk.frames])[places],
        "time": np.array([frame.time for frame in chunk.frames])[places],
        "track": numbers[order],
    }
    return keys, order


def sample_entries(frames: Sequence[Frame], spacing: float = 0.5) -> np.ndarray:
    """Entries at which appearance is sampled: the first, one every `spacing` seconds, and the last."""
    times = np.array([frame.time for frame in frames])
    slots = np.floor((times - times[0]) / spacing)
    firsts = np.flatnonzero(np.diff(slots, prepend=-1.0) > 0)
    return np.unique(np.append(firsts, len(times) - 1))
