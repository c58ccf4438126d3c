"""What a table holds: its columns with names, types, units and reference frames."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from bitflow.errors import SchemaError
from bitflow.tables.cells import dense_array, string_array

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Literal["frame", "signal", "interval", "entity"]
Resample = Literal["linear", "nearest", "previous", "mean", "overlap"]
ReferenceFrame = Literal["image", "camera", "head", "world"]

#: Under this key bitflow's own metadata lies in a Parquet file, as JSON.
METADATA_KEY = b"bitflow"

_NUMPY_DTYPES = ("bool", "int8", "int16", "int32", "int64", "float32", "float64")


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, and how it may be resampled.

    Parameters
    ----------
    name
        Lower case, as it stands in the file.
    dtype
        A numpy type name, ``"string"``, or ``"records"``: a list of records of texts in one cell, see `members`.
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
    members
        Names of the texts that each of a cell's records holds.
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
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dtype not in _NUMPY_DTYPES and not self.is_text:
            raise SchemaError(f"column {self.name}: unknown dtype {self.dtype!r}")
        if self.shape and self.is_text:
            raise SchemaError(f"column {self.name}: a tensor of strings cannot be stored")
        if bool(self.members) != (self.dtype == "records"):
            raise SchemaError(f"column {self.name}: records, and only they, have members")

    @property
    def is_text(self) -> bool:
        """Whether cells hold texts, one or many."""
        return self.dtype in ("string", "records")

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of a cell."""
        import pyarrow as pa

        if self.dtype == "records":
            return pa.list_(pa.struct([pa.field(name, pa.string()) for name in self.members]))
        value = pa.string() if self.dtype == "string" else pa.type_for_alias(self.dtype)
        return pa.fixed_shape_tensor(value, self.shape) if self.shape else value

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, defaults left out; the inverse of `from_dict`."""
        return dict(self._described)

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Column:
        """Build a column from what `as_dict` gave, after a trip through JSON; later additions are left out."""
        values = {key: value for key, value in described.items() if key in cls.__dataclass_fields__}
        for key in ("range", "shape", "members"):
            if values.get(key) is not None:
                values[key] = tuple(values[key])
        return cls(**values)

    @cached_property
    def _described(self) -> dict[str, Any]:
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }


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
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        try:
            return self._by_name[name]
        except KeyError:
            raise SchemaError(f"table {self.name} has no column {name!r}; it has {', '.join(self.names)}") from None

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
        if not metadata:
            return self._arrow
        header = {"schema": self.as_dict(), **metadata}
        return self._arrow.with_metadata({METADATA_KEY: canonical_json(header)})

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
                array = string_array(values)
            elif column.dtype == "records" or (isinstance(values, list) and None in values):
                array = pa.array(values, column.arrow_type)
            else:
                dense = np.asarray(values, dtype=column.dtype)
                if dense.shape[1:] != column.shape:
                    raise SchemaError(
                        f"table {self.name}, column {column.name}: cells of shape {column.shape} expected, "
                        f"{dense.shape[1:]} came"
                    )
                array = dense_array(dense, column)
            if len(array) != rows:
                raise SchemaError(f"table {self.name}, column {column.name}: {len(array)} rows, the others have {rows}")
            arrays.append(array)
        return pa.RecordBatch.from_arrays(arrays, schema=self.arrow())

    def empty(self) -> pa.RecordBatch:
        """No rows, all columns."""
        import pyarrow as pa

        schema = self.arrow()
        return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)

    # Stores of many short recordings write one schema thousands of times.
    @cached_property
    def _by_name(self) -> dict[object, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def _arrow(self) -> pa.Schema:
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
        return pa.schema(declared, metadata={METADATA_KEY: canonical_json({"schema": self.as_dict()})})


#: Columns that place a row on the clock, by kind of row.
CLOCK_KEYS: dict[str, tuple[str, ...]] = {
    "frame": ("frame", "time"),
    "signal": ("time",),
    "interval": ("start", "end"),
    "entity": (),
}


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
    packed = (schema.metadata or {}).get(METADATA_KEY)
    if packed is None:
        raise SchemaError("the file carries no bitflow schema: it was written by another program")
    return json.loads(packed)
