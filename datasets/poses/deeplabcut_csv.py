"""DeepLabCut's CSV, and of programs that write the same: single, several animals, labelled, 3-D, Lightning Pose.

Three or four header rows, each called by its first cell: ``scorer``, ``individuals``, ``bodyparts``, ``coords``. The
scorer row is not relied on: pandas numbers its repetitions. Columns are found by name, in whatever order.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bitflow.datasets.foreign_csv import MISSING
from bitflow.datasets.poses.columns import PoseColumns, frame_numbers
from bitflow.datasets.poses.source import PoseSource, Stretch
from bitflow.errors import MediaError, SchemaError

#: The header rows lie within this many bytes.
_HEAD_BYTES = 8 << 20

_BLOCK_BYTES = 8 << 20


def looks_like(head: bytes) -> bool:
    """Whether a file beginning so is one."""
    first = head.decode("utf-8-sig", "replace").lstrip().split(",", 1)[0].strip().strip('"').lower()
    return first in ("scorer", "individuals", "bodyparts")


def read(path: Path, prefixes: Sequence[str] = ()) -> PoseSource:
    """Open one.

    Raises
    ------
    SchemaError
        Header rows are missing or contradict each other.
    """
    rows, skipped = _header(path)
    keys = {row[0].strip().lower(): row for row in rows}
    for needed in ("bodyparts", "coords"):
        if needed not in keys:
            raise SchemaError(f"{path}: the header row {needed!r} is missing; there are {', '.join(keys)}")
    width = len(keys["coords"])
    uneven = next((name for name, row in keys.items() if len(row) != width), None)
    if uneven is not None:
        raise SchemaError(f"{path}: the header row {uneven!r} has {len(keys[uneven])} cells, `coords` has {width}")
    # Newer labelled files name images in three columns, over which the header's cells are empty.
    lead = next((n for n in range(1, width) if keys["coords"][n].strip()), width)
    individuals = keys.get("individuals", [""] * width)
    names = [(individuals[n], keys["bodyparts"][n], keys["coords"][n].strip().lower()) for n in range(lead, width)]
    scorer = keys.get("scorer", ["", ""])
    columns = PoseColumns.of(path, names, scorer[lead] if len(scorer) > lead else "", prefixes)
    facts = columns.facts("DeepLabCut CSV", "empty cell, or likelihood 0")
    numeric = _numbered(path, skipped, lead)

    def stretches() -> Iterator[Stretch]:
        for index, values in _blocks(path, skipped, lead, width, numeric):
            yield columns.stretch(frame_numbers(path, index), values)

    return PoseSource(path, facts, stretches, notes=columns.notes)


def _header(path: Path) -> tuple[list[list[str]], int]:
    """The header rows, and how many lines they take."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8-sig", "replace")
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(head))
    try:
        for row in reader:
            rows.append(row)
            if row and row[0].strip().lower() == "coords":
                return rows, reader.line_num
            if len(rows) == 6:
                break
    except csv.Error as error:
        raise SchemaError(f"{path}, line {reader.line_num}: no CSV: {error}") from error
    raise SchemaError(f"{path}: the header row 'coords' is missing in the first lines; the file may be cut short")


def _numbered(path: Path, skipped: int, lead: int) -> bool:
    """Whether rows are numbered, and not named after images."""
    with path.open("rb") as file:
        for _ in range(skipped):
            file.readline()
        first = file.readline().decode("utf-8", "replace").split(",", 1)[0].strip()
    return lead == 1 and first.removesuffix(".0").isdigit()


def _blocks(path: Path, skipped: int, lead: int, width: int, numeric: bool) -> Iterator[tuple[list[Any], np.ndarray]]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [f"c{n}" for n in range(width)]
    types = {name: pa.float64() for name in names[lead:]}
    types |= {name: pa.float64() if numeric else pa.string() for name in names[:lead]}
    try:
        with path.open("rb") as file:
            reader = arrow_csv.open_csv(
                file,
                arrow_csv.ReadOptions(column_names=names, skip_rows=skipped, block_size=_BLOCK_BYTES),
                arrow_csv.ParseOptions(ignore_empty_lines=True),
                arrow_csv.ConvertOptions(column_types=types, null_values=list(MISSING), strings_can_be_null=False),
            )
            for batch in reader:
                if not batch.num_rows:
                    continue
                values = np.column_stack([batch.column(n).to_numpy(zero_copy_only=False) for n in range(lead, width)])
                yield _index(path, batch, lead, numeric), values
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):  # no rows below the header
            return
        sentence = str(error).splitlines()[0].removeprefix("CSV parse error: ")[:160]
        raise SchemaError(f"{path}: a row below the header is not as it says: {sentence}") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error


def _index(path: Path, batch: Any, lead: int, numeric: bool) -> list[Any]:
    if not numeric:
        parts = [batch.column(n).to_pylist() for n in range(lead)]
        return ["/".join(cells) for cells in zip(*parts, strict=True)]
    values = batch.column(0).to_numpy(zero_copy_only=False)
    wrong = ~(np.isfinite(values) & (values == np.round(values)) & (values >= 0) & (values < 2**53))
    if wrong.any():
        raise SchemaError(f"{path}: the index {values[int(np.argmax(wrong))]:g} is no number of a frame")
    return [int(value) for value in values]
