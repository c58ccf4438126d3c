"""Other programs' CSV files: read fast, and refused with the line and column of what is wrong."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import MediaError, SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

#: What programs write where they have no number; Windows' C library prints the longer ones.
MISSING = ("", "nan", "NaN", "NAN", "-nan", "NA", "N/A", "null", "None", "-nan(ind)", "nan(ind)", "-nan(snan)")


@dataclass(frozen=True, eq=False)
class ForeignCsv:
    """The rows of a CSV file by column.

    Parameters
    ----------
    names
        As they stand in the file, spaces around them taken off.
    numbers
        Columns of numbers, ``(rows,)``, NaN where there is none.
    texts
        The other columns; None where a cell is empty.
    """

    path: Path
    sha256: str
    names: tuple[str, ...]
    rows: int
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    texts: dict[str, list[str | None]] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def line(self, row: int) -> int:
        """Number of the line that holds a row, as an editor counts them."""
        return row + 2

    def number(self, name: str) -> NDArray[np.float64]:
        """A column that must hold numbers.

        Raises
        ------
        SchemaError
            It is not there, or a cell is no number; the message names line and column.
        """
        if name in self.numbers:
            return self.numbers[name]
        if name not in self.texts:
            raise SchemaError(f"{self.path}, line 1: there is no column {name!r}")
        row, cell = next(
            (row, cell) for row, cell in enumerate(self.texts[name]) if cell is not None and _number(cell) is None
        )
        raise SchemaError(f"{self.path}, line {self.line(row)}, column {name!r}: {cell!r} is not a number")

    def table(self, names: Iterable[str]) -> NDArray[np.float64]:
        """Several columns, ``(rows, names)``."""
        return np.column_stack([self.number(name) for name in names])


def read_foreign_csv(path: Path, *, numeric: Sequence[str] = ()) -> ForeignCsv:
    """Read a CSV file with a header.

    Parameters
    ----------
    numeric
        Columns that must hold numbers where the file has them; others that do not are taken as text.

    Raises
    ------
    MediaError
        The file cannot be read, or holds no text.
    SchemaError
        It has no header or no rows, a name twice, or a row of another length; the message names the line.
    """
    import pyarrow as pa

    try:
        content = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    digest = hashlib.sha256(content).hexdigest()
    names = _header(path, content)
    table = _parsed(path, content, names, {})
    # Arrow would read py-feat's minutes and seconds as hours and minutes.
    dated = {name: pa.string() for name in names if pa.types.is_temporal(table.column(name).type)}
    if dated:
        table = _parsed(path, content, names, dated)
    found = ForeignCsv(path, digest, names, table.num_rows)
    for name in names:
        _take(found, name, table.column(name).combine_chunks())
    if not found.rows:
        raise SchemaError(f"{path}: there are no rows below the header")
    for name in numeric:
        if name in found:
            found.number(name)
    return found


def _parsed(path: Path, content: bytes, names: tuple[str, ...], types: dict[str, pa.DataType]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    try:
        return arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(column_names=list(names), skip_rows=1, block_size=64 << 20),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types, null_values=list(MISSING), strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        raise SchemaError(f"{path}{_fault(content, names)}: {_first_line(error)}") from error


def _take(found: ForeignCsv, name: str, column: pa.Array | pa.ChunkedArray) -> None:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_null(kind):
        found.numbers[name] = np.full(len(column), np.nan)
    elif pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        found.numbers[name] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    else:
        cells: list[str | None] = [None if cell is None else str(cell).strip() for cell in column.to_pylist()]
        values = [math.nan if cell in (None, *MISSING) else _number(cell) for cell in cells]
        if all(value is not None for value in values):
            found.numbers[name] = np.array(values, float)
        else:
            found.texts[name] = [None if cell in MISSING else cell for cell in cells]


def _number(cell: str | None) -> float | None:
    if cell is None or cell.strip() in MISSING:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return None


def _header(path: Path, content: bytes) -> tuple[str, ...]:
    if not content.strip():
        raise SchemaError(f"{path}: is empty")
    if b"\0" in content[:4096]:
        raise SchemaError(f"{path}: is no CSV file: it holds bytes that are no text")
    first = next(_lines(content[: 4 << 20]), [])
    names = tuple(name.strip() for name in first)
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SchemaError(f"{path}, line 1: the column {repeated!r} is there twice")
    return names


def _lines(content: bytes) -> Iterator[list[str]]:
    text = content.decode("utf-8-sig", "replace")
    yield from csv.reader(text.splitlines())


def _fault(content: bytes, names: tuple[str, ...]) -> str:
    """Where a row has too few or too many cells, as ``, line 7``."""
    for number, cells in enumerate(_lines(content), 1):
        if cells and len(cells) != len(names):
            return f", line {number}, column {min(len(cells), len(names)) + (len(cells) > len(names))}"
    return ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("CSV parse error: ")[:200]
