"""Tables of spans joined to the recording's: every frame once, its number counted through, one number a track.

What two spans saw in the pictures that both read tells which of their tracks are one: their boxes lie on each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.extraction.spans import OVERLAP_S, Span
from bitflow.tables import Schema, TableFile

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Tracks are one when their boxes' intersection over union, on the pictures that both are in, is this on average.
SAME_TRACK = 0.5

_BOX = ("box_x", "box_y", "box_width", "box_height")

#: Pictures of two spans are the same one when their times agree to this, in s.
_TICK_S = 1e-6


@dataclass(frozen=True)
class Counted:
    """What reading a span counted: pictures before it and inside, and the times of the first inside and after."""

    before: int
    inside: int
    first: float | None
    following: float | None

    @classmethod
    def of(cls, span: Span, times: Sequence[float]) -> Counted:
        """From the times of all that was decoded, sorted."""
        low, high = np.searchsorted(times, (span.start, span.stop)).tolist()
        at = [times[place] if place < len(times) else None for place in (low, high)]
        return cls(low, high - low, *at)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


@dataclass(frozen=True)
class SpanTables:
    """One span's tables by name."""

    span: Span
    files: Mapping[str, TableFile]

    @property
    def counted(self) -> Counted:
        """As the tables' metadata has it."""
        return Counted(**next(iter(self.files.values())).metadata["counted"])


def places_tracks(schema: Schema) -> bool:
    """Whether a table says where its tracks are."""
    return bool(schema.tracks) and all(name in schema for name in _BOX)


def fit(parts: Sequence[SpanTables]) -> bool:
    """Whether the spans go through the recording without a gap: the picture after each is the next one's first."""
    counted = [part.counted for part in parts]
    return all(
        before.following is not None and after.first is not None and abs(before.following - after.first) < _TICK_S
        for before, after in itertools.pairwise(counted)
    )


def join_tables(
    tables: Sequence[Schema], wanted: Sequence[str], parts: Sequence[SpanTables]
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Rows of the recording from those of its spans.

    Parameters
    ----------
    tables
        Of one extractor, one row a frame each; those that say where the tracks are come along for every kind of track.
    wanted
        Names of those whose rows are to come.
    parts
        The spans in order.
    """
    counted = [part.counted for part in parts]
    shifts = [sum(c.inside for c in counted[:k]) - counted[k].before for k in range(len(parts))]
    numbers = {
        schema.tracks: _numbers([part.files[schema.name] for part in parts], [part.span for part in parts])
        for schema in tables
        if places_tracks(schema) and schema.name in parts[0].files
    }
    for name in wanted:
        schema = next(schema for schema in tables if schema.name == name)
        for k, part in enumerate(parts):
            tracks = numbers[schema.tracks][k] if schema.tracks else None
            for batch in _in_order(_inside(part, name, shifts[k], tracks), schema):
                yield name, batch


def _numbers(files: Sequence[TableFile], spans: Sequence[Span]) -> list[dict[int, int]]:
    """For each span the recording's number of each of its tracks that has a row inside."""
    numbers: list[dict[int, int]] = []
    known, before = 0, None
    for file, span in zip(files, spans, strict=True):
        rows = file.read(["time", "track", *_BOX]).to_pandas()
        inside = rows.loc[(rows["time"] >= span.start) & (rows["time"] < span.stop), "track"]
        mine: dict[int, int] = {}
        if before is not None:
            mine = {later: numbers[-1][earlier] for earlier, later in _same(before, rows, span.start, numbers[-1])}
        for track in np.unique(inside).tolist():
            if track not in mine:
                mine[track], known = known, known + 1
        numbers.append(mine)
        before = rows
    return numbers


def _same(before: pd.DataFrame, after: pd.DataFrame, border: float, known: Mapping[int, int]) -> list[tuple[int, int]]:
    """Tracks before and after a border that are one: those that lie on each other most, one to one."""
    seen = [_shared(rows, border) for rows in (before[before["track"].isin(list(known))], after)]
    pairs = seen[0].merge(seen[1], on="tick", suffixes=("", "_after"))
    if pairs.empty:
        return []
    overlap = _overlap(pairs[list(_BOX)].to_numpy(), pairs[[f"{name}_after" for name in _BOX]].to_numpy())
    shared = overlap.groupby([pairs["track"], pairs["track_after"]]).agg(["sum", "mean"])
    totals = shared["sum"].where(shared["mean"] >= SAME_TRACK, 0.0).unstack().fillna(0.0)
    rows, columns = _assigned(totals.to_numpy())
    chosen = zip(totals.index[rows], totals.columns[columns], totals.to_numpy()[rows, columns], strict=True)
    return [(int(earlier), int(later)) for earlier, later, total in chosen if total > 0]


def _assigned(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pairs, one to one, that lie on each other most."""
    if 1 in totals.shape:  # one face on a side, as mostly: SciPy takes longer to import than a minute to join
        at = np.unravel_index(int(totals.argmax()), totals.shape)
        return np.array(at[:1]), np.array(at[1:])
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(totals, maximize=True)


def _shared(rows: pd.DataFrame, border: float) -> pd.DataFrame:
    near = rows[(rows["time"] - border).abs() <= OVERLAP_S]
    return near.assign(tick=np.rint(near["time"] / _TICK_S).astype(np.int64))


def _overlap(first: np.ndarray, second: np.ndarray) -> pd.Series:
    """Intersection over union of boxes ``(n, 4)``: x, y, width, height."""
    import pandas as pd

    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=1)
    union = first[:, 2:].prod(axis=1) + second[:, 2:].prod(axis=1) - shared
    return pd.Series(shared / np.maximum(union, 1e-9))


def _inside(part: SpanTables, table: str, shift: int, tracks: Mapping[int, int] | None) -> Iterator[pa.RecordBatch]:
    """A span's own rows, with the recording's numbers of frames and tracks."""
    import pyarrow as pa

    for batch in part.files[table].batches():
        time = batch.column("time").to_numpy()
        batch = batch.filter(pa.array((time >= part.span.start) & (time < part.span.stop)))
        if not batch.num_rows:
            continue
        frame = batch.column("frame").to_numpy() + shift
        batch = batch.set_column(batch.schema.get_field_index("frame"), batch.schema.field("frame"), pa.array(frame))
        if tracks is not None:
            place = batch.schema.get_field_index("track")
            numbers = np.array([tracks[track] for track in batch.column(place).to_pylist()], np.int32)
            batch = batch.set_column(place, batch.schema.field(place), pa.array(numbers))
        yield batch


def _in_order(batches: Iterator[pa.RecordBatch], schema: Schema) -> Iterator[pa.RecordBatch]:
    """Rows of a frame sorted by track, as one pass gives them, though a frame may lie in two batches."""
    import pyarrow as pa

    held: pa.RecordBatch | None = None
    for batch in batches:
        if held is not None:
            batch = pa.Table.from_batches([held, batch]).combine_chunks().to_batches()[0]
        frames = batch.column("frame").to_numpy()
        last = int(np.searchsorted(frames, frames[-1]))
        held = batch.slice(last)
        if last:
            yield _sorted(batch.slice(0, last), schema)
    if held is not None:
        yield _sorted(held, schema)


def _sorted(batch: pa.RecordBatch, schema: Schema) -> pa.RecordBatch:
    import pyarrow as pa

    if schema.tracks:
        order = np.lexsort((batch.column("track").to_numpy(), batch.column("frame").to_numpy()))
        batch = batch.take(pa.array(order))
    return pa.RecordBatch.from_arrays(batch.columns, schema=schema.arrow())
