"""Schemas with units, and the Parquet files that carry them.

A `Schema` is the one list of a table's columns. It travels inside the Parquet file (field metadata), so that a
table read years later by any program still says what its numbers mean. `TableWriter` refuses rows that break
the schema and makes the finished file appear in one step, by a rename.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from bitflow.drafts import draft_path
from bitflow.errors import SchemaError, StoreError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

Rows = Literal["frame", "signal", "interval", "entity"]
Resample = Literal["linear", "nearest", "previous", "mean", "overlap"]
ReferenceFrame = Literal["image", "camera", "head", "world"]

#: Rows are gathered to row groups of about this many bytes of values: small enough to stream, large enough to pack.
ROW_GROUP_BYTES = 4 << 20

_METADATA_KEY = b"bitflow"
_NUMPY_DTYPES = ("bool", "int8", "int16", "int32", "int64", "float32", "float64")


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, and how it may be resampled.

    Parameters
    ----------
    name
        Lower case, as it stands in the file.
    dtype
        A numpy type name, or ``"string"``.
    unit
        UCUM-like: ``px``, ``deg``, ``cm``, ``s``, ``Hz``, ``dB``; ``1`` for a pure number, empty for none.
    frame
        Reference frame of a spatial quantity.
    range
        Smallest and largest valid value, either may be None. NaN and null are always allowed unless `nullable`
        is false.
    resample
        How `bitflow.align` brings the column to another clock; None leaves it out.
    shape
        Of a fixed-shape tensor held in one cell; ``()`` for a scalar.
    quantum
        Values are rounded to multiples of this on writing (a power of two keeps float32 compressible).
    period
        Of a circular quantity (360 for degrees), so that 359 → 1 is resampled through 0.
    """

    name: str
    dtype: str
    unit: str = ""
    description: str = ""
    frame: ReferenceFrame | None = None
    range: tuple[float | None, float | None] | None = None
    resample: Resample | None = None
    shape: tuple[int, ...] = ()
    quantum: float | None = None
    period: float | None = None
    nullable: bool = True

    def __post_init__(self) -> None:
        if self.dtype not in _NUMPY_DTYPES and self.dtype != "string":
            raise SchemaError(f"column {self.name}: unknown dtype {self.dtype!r}")
        if self.shape and self.dtype == "string":
            raise SchemaError(f"column {self.name}: a tensor of strings cannot be stored")

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of a cell."""
        import pyarrow as pa

        value = pa.string() if self.dtype == "string" else pa.type_for_alias(self.dtype)
        return pa.fixed_shape_tensor(value, self.shape) if self.shape else value

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, defaults left out; the inverse of `from_dict`."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Column:
        """Build a column from what `as_dict` gave, after a trip through JSON; later additions are left out."""
        known = {field.name for field in fields(cls)}
        values = {key: value for key, value in described.items() if key in known}
        for key in ("range", "shape"):
            if values.get(key) is not None:
                values[key] = tuple(values[key])
        return cls(**values)


@dataclass(frozen=True)
class Schema:
    """A table's name, what one row stands for, and its columns in order.

    `rows` is ``frame`` (keys `frame`, `time`), ``signal`` (key `time`), ``interval`` (keys `start`, `end`) or
    ``entity`` (no clock). `tracks` says whose tracks the column `track` counts (``face``, ``body``, ``hand``,
    ``speaker``, ``animal``): reading joins them with the `people` table to a `person`.
    """

    name: str
    rows: Rows
    columns: tuple[Column, ...]
    description: str = ""
    tracks: str | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SchemaError(f"table {self.name}: column {repeated[0]!r} is declared twice")
        needed = (*CLOCK_KEYS[self.rows], *(("track",) if self.tracks else ()))
        missing = [key for key in needed if key not in names]
        if missing:
            raise SchemaError(f"table {self.name}: column {missing[0]!r} is needed")

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"table {self.name} has no column {name!r}; it has {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, which `from_dict` reads back."""
        return {
            "name": self.name,
            "rows": self.rows,
            "description": self.description,
            "tracks": self.tracks,
            "columns": [column.as_dict() for column in self.columns],
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Schema:
        """Build a schema from what `as_dict` gave."""
        columns = tuple(Column.from_dict(column) for column in described["columns"])
        return cls(
            described["name"],
            described["rows"],
            columns,
            described.get("description", ""),
            described.get("tracks"),
        )

    def arrow(self, metadata: Mapping[str, Any] | None = None) -> pa.Schema:
        """The Arrow schema: units and descriptions as field metadata, `metadata` beside the schema itself."""
        import pyarrow as pa

        declared = [
            pa.field(
                column.name,
                column.arrow_type,
                nullable=column.nullable,
                metadata={
                    "unit": column.unit,
                    "description": column.description,
                    "reference_frame": column.frame or "",
                },
            )
            for column in self.columns
        ]
        header = {"schema": self.as_dict(), **(metadata or {})}
        return pa.schema(declared, metadata={_METADATA_KEY: canonical_json(header)})

    @classmethod
    def from_arrow(cls, schema: pa.Schema) -> Schema:
        """Read the schema back from a file that bitflow wrote; SchemaError when it carries none."""
        return cls.from_dict(read_metadata(schema)["schema"])

    def batch(self, columns: Mapping[str, Any]) -> pa.RecordBatch:
        """Rows from arrays.

        Parameters
        ----------
        columns
            One entry a column: array ``(rows, *shape)``, or a list in which None stands for null; None for a
            column of nulls.

        Raises
        ------
        SchemaError
            A column is missing, unknown, of another length or shape.
        """
        import numpy as np
        import pyarrow as pa

        unknown = [name for name in columns if name not in self]
        missing = [name for name in self.names if name not in columns]
        if unknown or missing:
            wrong = f"unknown column {unknown[0]!r}" if unknown else f"column {missing[0]!r} is missing"
            raise SchemaError(f"table {self.name}: {wrong}")
        rows = next((len(values) for values in columns.values() if values is not None), 0)
        arrays: list[pa.Array] = []
        for column in self.columns:
            values = columns[column.name]
            if values is None:
                array = pa.nulls(rows, column.arrow_type)
            elif column.dtype == "string":
                array = pa.array([None if v is None else str(v) for v in values], pa.string())
            elif isinstance(values, list) and None in values:
                array = pa.array(values, column.arrow_type)
            else:
                dense = np.asarray(values, dtype=column.dtype)
                if dense.shape[1:] != column.shape:
                    raise SchemaError(
                        f"table {self.name}, column {column.name}: cells of shape {column.shape} expected, "
                        f"{dense.shape[1:]} came"
                    )
                array = _dense_array(dense, column)
            if len(array) != rows:
                raise SchemaError(f"table {self.name}, column {column.name}: {len(array)} rows, the others have {rows}")
            arrays.append(array)
        return pa.RecordBatch.from_arrays(arrays, schema=self.arrow())

    def empty(self) -> pa.RecordBatch:
        """No rows, all columns."""
        import pyarrow as pa

        schema = self.arrow()
        return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)


#: Columns that place a row on the clock, by kind of row.
CLOCK_KEYS: dict[str, tuple[str, ...]] = {
    "frame": ("frame", "time"),
    "signal": ("time",),
    "interval": ("start", "end"),
    "entity": (),
}

TIME = Column("time", "float64", "s", "presentation time on the media clock", nullable=False)
FRAME = Column("frame", "int64", "1", "number of the decoded frame", range=(0, None), nullable=False)
TRACK = Column(
    "track", "int32", "1", "continuous sighting; never changes once written", range=(-1, None), nullable=False
)

#: First columns of a table with one row a frame, and of one with one row a frame and track.
FRAME_KEYS = (FRAME, TIME)
TRACK_KEYS = (FRAME, TIME, TRACK)

#: First columns of every interval table: events, turns, words, segments, captions, predictions, annotations.
INTERVAL_KEYS = (
    Column("start", "float64", "s", "first instant, included", nullable=False),
    Column("end", "float64", "s", "last instant, not included", nullable=False),
    Column("name", "string", "", "what the interval is called"),
    Column("track", "int32", "1", "whose interval it is; -1 when nobody's", range=(-1, None)),
    Column("target", "int32", "1", "track of whom it is directed at; -1 when nobody", range=(-1, None)),
    Column("value", "float64", "1", "strength, where the interval has one"),
    Column("confidence", "float64", "1", "how sure the source is", range=(0, 1)),
    Column("source", "string", "", "program, model or annotator that said so"),
    Column("coverage", "float64", "1", "fraction of the interval in which the input was seen", range=(0, 1)),
)


def canonical_json(value: Any) -> str:
    """JSON with one spelling a value, so that equal things have equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_metadata(schema: pa.Schema) -> dict[str, Any]:
    """What bitflow wrote beside the columns: ``schema``, and for store tables ``fingerprint``, ``provenance``.

    Raises
    ------
    SchemaError
        The file was not written by bitflow.
    """
    packed = (schema.metadata or {}).get(_METADATA_KEY)
    if packed is None:
        raise SchemaError("the file carries no bitflow schema: it was written by another program")
    return json.loads(packed)


class RowCheck:
    """Hold the rows of a table against its schema, batch after batch; the first that breaks it raises SchemaError."""

    def __init__(self, schema: Schema):
        self.schema = schema
        self.rows = 0
        self._expected = schema.arrow()
        self._last_time = -float("inf")

    def __call__(self, batch: pa.RecordBatch) -> None:
        """Hold the next rows against the schema."""
        if not batch.schema.equals(self._expected, check_metadata=False):
            for column, field in zip(self.schema.columns, batch.schema, strict=False):
                if column.name != field.name or column.arrow_type != field.type:
                    raise SchemaError(
                        f"table {self.schema.name}: column {column.name} of type {column.arrow_type} expected, "
                        f"{field.name} of type {field.type} came"
                    )
            raise SchemaError(
                f"table {self.schema.name}: columns {', '.join(self.schema.names)} expected, "
                f"{', '.join(batch.schema.names)} came"
            )
        for index, column in enumerate(self.schema.columns):
            self._check_column(column, batch.column(index))
        self._check_clock(batch)
        self.rows += batch.num_rows

    def _check_column(self, column: Column, array: pa.Array) -> None:
        import numpy as np

        if not column.nullable and array.null_count:
            row = self.rows + int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
            raise SchemaError(f"table {self.schema.name}, column {column.name}, row {row}: no value")
        if column.range is None or column.dtype == "string" or not len(array):
            return
        low, high = column.range
        values = _flat_values(array)
        outside = np.zeros(values.shape, bool)
        if low is not None:
            outside |= values < low
        if high is not None:
            outside |= values > high
        if outside.any():
            at = int(np.argmax(outside))
            row = self.rows + at // max(1, int(np.prod(column.shape)))
            raise SchemaError(
                f"table {self.schema.name}, column {column.name}, row {row}: {values[at]:g} lies outside "
                f"[{'−∞' if low is None else low}, {'∞' if high is None else high}] {column.unit}".rstrip()
            )

    def _check_clock(self, batch: pa.RecordBatch) -> None:
        import numpy as np

        if not batch.num_rows or self.schema.rows == "entity":
            return
        name = "start" if self.schema.rows == "interval" else "time"
        times = batch.column(self.schema.names.index(name)).to_numpy()
        if not np.isfinite(times).all():
            row = self.rows + int(np.argmin(np.isfinite(times)))
            raise SchemaError(f"table {self.schema.name}, column {name}, row {row}: not a finite time")
        steps = np.diff(times, prepend=self._last_time)
        if (steps < 0).any():
            row = self.rows + int(np.argmax(steps < 0))
            raise SchemaError(f"table {self.schema.name}, column {name}, row {row}: time runs backwards")
        self._last_time = float(times[-1])
        if self.schema.rows == "interval":
            ends = batch.column(self.schema.names.index("end")).to_numpy()
            if not (ends >= times).all():
                row = self.rows + int(np.argmax(~(ends >= times)))
                raise SchemaError(f"table {self.schema.name}, column end, row {row}: ends before it starts")


class TableWriter:
    """Write one table to `path`; the file appears whole on `commit`, or not at all.

    Rows are checked against the schema as they come and regrouped, so that the bytes depend on the rows alone and
    not on how they were batched. Use as a context manager: leaving it without `commit` removes the draft.
    """

    def __init__(self, path: str | os.PathLike[str], schema: Schema, metadata: Mapping[str, Any] | None = None):
        self.path = Path(path)
        self.schema = schema
        self._metadata = dict(metadata or {})
        self._draft = draft_path(self.path)
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._group_rows = max(256, ROW_GROUP_BYTES // max(1, _row_bytes(schema)))
        self._check = RowCheck(schema)
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.discard()

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return self._check.rows

    def write(self, batch: pa.RecordBatch) -> None:
        """Check and add rows.

        Raises
        ------
        SchemaError
            Names the column and the row that break the schema.
        StoreError
            The file cannot be written.
        """
        self._check(batch)
        self._pending.append(self._quantised(batch))
        self._pending_rows += batch.num_rows
        while self._pending_rows >= self._group_rows:
            self._flush(self._group_rows)

    def commit(self, extra: Mapping[str, Any] | None = None) -> Path:
        """Finish the file and move it to its place; `extra` joins the metadata."""
        if self._pending_rows:
            self._flush(self._pending_rows)
        try:
            writer = self._open()
            if extra:
                header = {"schema": self.schema.as_dict(), **self._metadata, **extra}
                writer.add_key_value_metadata({_METADATA_KEY.decode(): canonical_json(header)})
            writer.close()
            self._writer = None
            with self._draft.open("rb+") as file:
                os.fsync(file.fileno())
            self._draft.replace(self.path)
        except OSError as error:
            self.discard()
            raise StoreError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        return self.path

    def discard(self) -> None:
        """Remove the draft; harmless after `commit`."""
        self._pending, self._pending_rows = [], 0
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with suppress(OSError):  # a full disk: the draft goes either way
                writer.close()
        self._draft.unlink(missing_ok=True)

    def _open(self) -> Any:
        if self._writer is None:
            import pyarrow.parquet as pq

            self._writer = pq.ParquetWriter(
                self._draft,
                self.schema.arrow(self._metadata),
                compression="zstd",
                compression_level=3,
                use_dictionary=[  # pyright: ignore[reportArgumentType]: pyarrow takes names too
                    column.name for column in self.schema.columns if column.dtype == "string"
                ],
                column_encoding=_encodings(self.schema) or None,
                write_statistics=True,
            )
        return self._writer

    def _flush(self, rows: int) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._pending)
        try:
            self._open().write_table(table.slice(0, rows), row_group_size=rows)
        except OSError as error:
            self.discard()
            raise StoreError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        rest = table.slice(rows)
        self._pending, self._pending_rows = rest.to_batches(), rest.num_rows

    def _quantised(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import numpy as np

        for index, column in enumerate(self.schema.columns):
            if column.quantum is None:
                continue
            values = _flat_values(batch.column(index))
            step = np.dtype(column.dtype).type(column.quantum)
            rounded = np.multiply(np.rint(values / step), step, dtype=column.dtype)
            batch = batch.set_column(
                index, batch.schema.field(index), _dense_array(rounded.reshape(-1, *column.shape), column)
            )
        return batch


def write_table(
    path: str | os.PathLike[str],
    schema: Schema,
    batches: Iterable[pa.RecordBatch],
    metadata: Mapping[str, Any] | None = None,
) -> int:
    """Write a whole table in one step; returns the number of rows."""
    with TableWriter(path, schema, metadata) as writer:
        for batch in batches:
            writer.write(batch)
        writer.commit()
        return writer.rows


@dataclass(frozen=True)
class TableFile:
    """One committed table: its schema at hand, its rows read as needed."""

    path: Path

    @property
    def schema(self) -> Schema:
        """The schema that the file carries."""
        return Schema.from_arrow(self._arrow_schema())

    @property
    def metadata(self) -> dict[str, Any]:
        """What was written beside the columns: fingerprint, provenance, notes."""
        return read_metadata(self._arrow_schema())

    @property
    def rows(self) -> int:
        """Number of rows, from the footer."""
        import pyarrow.parquet as pq

        return pq.read_metadata(self.path).num_rows

    def batches(self, columns: Iterable[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Row groups one after another, in order."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            wanted = None if columns is None else list(columns)
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=wanted).combine_chunks().to_batches()

    def read(self, columns: Iterable[str] | None = None) -> pa.Table:
        """All rows, as an Arrow table."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            return file.read(columns=None if columns is None else list(columns))

    def column(self, name: str) -> np.ndarray:
        """One column ``(rows, *shape)``; nulls of a numeric column become NaN."""
        declared = self.schema[name]
        return tensor(self.read([name]).column(name), declared)

    def points(self, name: str = "points") -> np.ndarray:
        """A tensor column as one array ``(rows, *shape)``."""
        if not self.schema[name].shape:
            raise SchemaError(f"table {self.schema.name}, column {name}: not a tensor; read it with `column`")
        return self.column(name)

    def frame(self, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """All rows as a pandas DataFrame; a tensor cell is a flat float array."""
        return self.read(columns).to_pandas()

    def _arrow_schema(self) -> pa.Schema:
        import pyarrow.parquet as pq

        try:
            # The footer's own key wins over the schema given on opening: it holds what `commit` added.
            footer = pq.read_metadata(self.path)
            schema = footer.schema.to_arrow_schema()
            packed = (footer.metadata or {}).get(_METADATA_KEY)
            return schema if packed is None else schema.with_metadata({_METADATA_KEY: packed})
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.path}: not a readable Parquet file: {error}") from error


def tensor(values: pa.Array | pa.ChunkedArray, column: Column) -> np.ndarray:
    """Arrow values of one column as a dense array ``(rows, *shape)``; strings as an object array."""
    import numpy as np
    import pyarrow as pa

    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    if column.dtype == "string":
        parts = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty(0, object)
    parts = [_flat_values(chunk).reshape(-1, *column.shape) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty((0, *column.shape), column.dtype)


def _dense_array(dense: np.ndarray, column: Column) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    if not column.shape:
        return pa.array(dense)
    size = int(np.prod(column.shape))
    storage = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(dense).reshape(-1)), size)
    return pa.ExtensionArray.from_storage(column.arrow_type, storage)


def _flat_values(array: pa.Array) -> np.ndarray:
    """Values in row order without the tensor shape; nulls as NaN (numbers) or as the storage has them."""
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray):
        return array.storage.flatten().to_numpy(zero_copy_only=False)
    return array.to_numpy(zero_copy_only=False)


def _encodings(schema: Schema) -> dict[str, str]:
    """Parquet encodings: split bytes for floats, deltas for whole numbers; they halve landmark tables."""
    chosen: dict[str, str] = {}
    for column in schema.columns:
        path = f"{column.name}.list.element" if column.shape else column.name
        if column.dtype in ("float32", "float64"):
            chosen[path] = "BYTE_STREAM_SPLIT"
        elif column.dtype in ("int32", "int64"):
            chosen[path] = "DELTA_BINARY_PACKED"
    return chosen


def _row_bytes(schema: Schema) -> int:
    import numpy as np

    widths = (
        32 if column.dtype == "string" else np.dtype(column.dtype).itemsize * int(np.prod(column.shape or (1,)))
        for column in schema.columns
    )
    return sum(widths)
