"""What a table gives to an export: its rows with `person`, batch after batch, under the schema they then have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bitflow.tables import Column, Schema, tensor

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    from bitflow.store import Recording

PERSON = Column("person", "int32", "1", "one number a human in the recording; -1 when not known", range=(-1, None))

#: What the last axis of a tensor column holds, by its length.
_AXES = {2: ("x", "y"), 3: ("x", "y", "z"), 4: ("x", "y", "z", "visibility")}

Change = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True)
class TableContent:
    """One table of one recording, as it leaves the store.

    Parameters
    ----------
    schema
        The columns that leave, `person` among them where the table has tracks.
    changes
        Columns whose values are replaced on the way, by a function of a batch's values.
    """

    recording: Recording
    schema: Schema
    changes: Mapping[str, Change] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording, table: str) -> TableContent:
        """The whole table, and `person` after `track`."""
        schema = recording.schema(table)
        columns = list(schema.columns)
        if schema.tracks and "person" not in schema:
            columns.insert(schema.names.index("track") + 1, PERSON)
        return cls(recording, replace(schema, columns=tuple(columns)))

    def without_tensors(self) -> TableContent:
        """The columns with one value a row."""
        return replace(self, schema=replace(self.schema, columns=tuple(c for c in self.schema.columns if not c.shape)))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows in order, with the columns of `schema`."""
        import pyarrow as pa

        file = self.recording.file(self.schema.name)
        stored = file.schema
        persons = self._persons() if "person" in self.schema and "person" not in stored else None
        names = [name for name in self.schema.names if name in stored]
        read = [*names, *(["track"] if persons is not None and "track" not in names else [])]
        for batch in file.batches(read):
            arrays = []
            for column in self.schema.columns:
                if column.name == "person" and persons is not None:
                    tracks = batch.column("track").to_pylist()
                    array = pa.array([persons.get(track, -1) for track in tracks], pa.int32())
                else:
                    array = batch.column(column.name)
                if column.name in self.changes:
                    array = pa.array(self.changes[column.name](array.to_pylist()), array.type)
                arrays.append(array)
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema.arrow())

    def read(self) -> pa.Table:
        """All rows at once."""
        import pyarrow as pa

        return pa.Table.from_batches(self.batches(), self.schema.arrow())

    def frame(self) -> pd.DataFrame:
        """All rows of columns with one value a row, as `bitflow.align` takes them."""
        return self.without_tensors().read().to_pandas()

    def _persons(self) -> dict[int, int]:
        from bitflow.people import persons_of

        return persons_of(self.recording, self.schema.tracks or "")


def flat_columns(column: Column) -> list[Column]:
    """The scalar columns that a tensor column becomes where a cell holds one value: ``points_000_x`` and so on.

    Examples
    --------
    >>> [c.name for c in flat_columns(Column("points", "float32", "px", shape=(2, 3)))][:4]
    ['points_0_x', 'points_0_y', 'points_0_z', 'points_1_x']
    """
    from itertools import product

    if not column.shape:
        return [column]
    labels = [_labels(size, last=axis == len(column.shape) - 1) for axis, size in enumerate(column.shape)]
    return [replace(column, name="_".join((column.name, *place)), shape=(), quantum=None) for place in product(*labels)]


def flat_arrays(batch: pa.RecordBatch, schema: Schema) -> Iterator[tuple[str, pa.Array]]:
    """The columns of a batch with tensors taken apart; missing numbers are null."""
    import numpy as np
    import pyarrow as pa

    for column in schema.columns:
        array = batch.column(column.name)
        if column.shape:
            cells = tensor(array, column).reshape(len(array), -1)
            known = np.asarray(array.is_valid())
            for number, part in enumerate(flat_columns(column)):
                values = cells[:, number]
                missing = ~known | (np.isnan(values) if values.dtype.kind == "f" else False)
                yield part.name, pa.array(values, mask=missing)
        elif column.dtype.startswith("float"):
            values = tensor(array, column)
            yield column.name, pa.array(values, mask=~np.isfinite(values))
        elif column.dtype == "records":
            yield column.name, pa.array(_as_json(array), pa.string())
        else:
            yield column.name, array


def dense(table: pa.Table, column: Column) -> np.ndarray:
    """One column ``(rows, *shape)``; text as unicode, with null as the empty string."""
    import numpy as np

    if column.is_text:
        cells = table.column(column.name)
        values = _as_json(cells) if column.dtype == "records" else cells.to_pylist()
        return np.array(["" if value is None else value for value in values], str)
    return tensor(table.column(column.name), column)


def _as_json(cells: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """Records as one text a cell, for files without lists."""
    return [None if cell is None else json.dumps(cell, ensure_ascii=False) for cell in cells.to_pylist()]


def _labels(size: int, *, last: bool) -> tuple[str, ...]:
    if last and size in _AXES:
        return _AXES[size]
    digits = len(str(size - 1))
    return tuple(f"{number:0{digits}d}" for number in range(size))
