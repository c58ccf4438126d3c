"""Tables on disk: Parquet files that carry their schema and appear whole, by a rename."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bitflow.drafts import draft_path, publish
from bitflow.errors import SchemaError, StoreError
from bitflow.places import UnreachableError, is_remote, place
from bitflow.tables.cells import dense_array, flat_values, tensor
from bitflow.tables.checks import RowCheck
from bitflow.tables.schema import METADATA_KEY, Schema, canonical_json, read_metadata

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

#: Rows are gathered to row groups of about this many bytes of values: small enough to stream, large enough to pack.
ROW_GROUP_BYTES = 4 << 20


class TableWriter:
    """Write one table to `path`; the file appears whole on `commit`, or not at all.

    Rows are checked against the schema as they come and regrouped, so that the bytes depend on the rows alone and
    not on how they were batched. Use as a context manager: leaving it without `commit` removes the draft. `durable`
    waits until the disk has it, so that a power cut after `commit` loses nothing; what is made again in seconds can go
    without.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        schema: Schema,
        metadata: Mapping[str, Any] | None = None,
        *,
        durable: bool = True,
    ):
        self.path = place(path)
        self._durable = durable
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
                writer.add_key_value_metadata({METADATA_KEY.decode(): canonical_json(header)})
            writer.close()
            self._writer = None
            publish(self._draft, self.path, durable=self._durable)
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
        with suppress(OSError):  # a disk that has become read-only
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
                write_page_checksum=True,
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
            values = flat_values(batch.column(index))
            step = np.dtype(column.dtype).type(column.quantum)
            rounded = np.multiply(np.rint(values / step), step, dtype=column.dtype)
            batch = batch.set_column(
                index, batch.schema.field(index), dense_array(rounded.reshape(-1, *column.shape), column)
            )
        return batch


def write_table(
    path: str | os.PathLike[str],
    schema: Schema,
    batches: Iterable[pa.RecordBatch],
    metadata: Mapping[str, Any] | None = None,
    *,
    durable: bool = True,
) -> int:
    """Write a whole table in one step; returns the number of rows."""
    with TableWriter(path, schema, metadata, durable=durable) as writer:
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
        with self._damage():
            return Schema.from_arrow(self._arrow_schema())

    @property
    def metadata(self) -> dict[str, Any]:
        """What was written beside the columns: fingerprint, provenance, notes."""
        with self._damage():
            return read_metadata(self._arrow_schema())

    @property
    def rows(self) -> int:
        """Number of rows, from the footer."""
        with self._damage():
            return self._footer().num_rows

    def batches(self, columns: Iterable[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Row groups one after another, in order."""
        with self._opened() as file:
            wanted = None if columns is None else list(columns)
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=wanted).combine_chunks().to_batches()

    def read(self, columns: Iterable[str] | None = None, *, threads: bool = True) -> pa.Table:
        """All rows, as an Arrow table; without `threads` for small tables, of which many are read at once."""
        with self._opened() as file:
            return file.read(columns=None if columns is None else list(columns), use_threads=threads)

    def distinct(self, name: str) -> set[int | None]:
        """Different values of a column of whole numbers, None for null; by the footer where that says it is but one."""
        with self._opened() as file:
            place = file.schema_arrow.get_field_index(name)
            groups = [file.metadata.row_group(group).column(place) for group in range(file.num_row_groups)]
            told = [group.statistics for group in groups if group.num_values]
            if all(each is not None and each.has_min_max and each.null_count == 0 for each in told):
                ends = {end for each in told for end in (each.min, each.max)}
                if len(ends) <= 1:
                    return ends
            return set(file.read([name], use_threads=False)[name].unique().to_pylist())

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
        # The footer's own key wins over the schema given on opening: it holds what `commit` added.
        footer = self._footer()
        schema = footer.schema.to_arrow_schema()
        packed = (footer.metadata or {}).get(METADATA_KEY)
        return schema if packed is None else schema.with_metadata({METADATA_KEY: packed})

    def _footer(self) -> Any:
        import pyarrow.parquet as pq

        with self._bytes() as source:
            return pq.read_metadata(source)

    @contextmanager
    def _bytes(self) -> Iterator[Any]:
        """What pyarrow reads from: the path, or the open file of another place."""
        if is_remote(self.path):
            with self.path.open("rb") as file:
                yield file
        else:
            yield self.path

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow.parquet as pq

        with self._damage(), self._bytes() as source, pq.ParquetFile(source, page_checksum_verification=True) as file:
            yield file

    @contextmanager
    def _damage(self) -> Iterator[None]:
        """Say which file it is that cannot be read, whatever its broken bytes make the readers stumble over."""
        try:
            yield
        except UnreachableError as error:
            raise StoreError(f"{self.path}: {error.strerror}") from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
            sentence = " ".join(str(error).split())
            raise StoreError(
                f"{self.path}: damaged, or not a Parquet file ({sentence}); delete it and extract again"
            ) from error


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
        32 if column.is_text else np.dtype(column.dtype).itemsize * int(np.prod(column.shape or (1,)))
        for column in schema.columns
    )
    return sum(widths)
