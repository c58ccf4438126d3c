"""Rows held against their schema: the first that breaks it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitflow.errors import SchemaError
from bitflow.tables.cells import flat_values

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.tables.schema import Column, Schema


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
        if column.range is None or column.is_text or not len(array):
            return
        low, high = column.range
        values = flat_values(array)
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
        times = flat_values(batch.column(self.schema.names.index(name)))
        if not np.isfinite(times).all():
            row = self.rows + int(np.argmin(np.isfinite(times)))
            raise SchemaError(f"table {self.schema.name}, column {name}, row {row}: not a finite time")
        steps = np.diff(times, prepend=self._last_time)
        if (steps < 0).any():
            row = self.rows + int(np.argmax(steps < 0))
            raise SchemaError(f"table {self.schema.name}, column {name}, row {row}: time runs backwards")
        self._last_time = float(times[-1])
        if self.schema.rows == "interval":
            ends = flat_values(batch.column(self.schema.names.index("end")))
            if not (ends >= times).all():
                row = self.rows + int(np.argmax(~(ends >= times)))
                raise SchemaError(f"table {self.schema.name}, column end, row {row}: ends before it starts")
