"""Tables as CSV: UTF-8, a header, dots in numbers, missing values empty."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import drafted
from bitflow.exporting.content import flat_arrays, flat_columns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from bitflow.exporting.content import TableContent


#: Texts that a spreadsheet would compute, and those that have the mark against it already.
FORMULA = r"(?s)^('*(?:[=@\t\r]|[+-].*[=(|!]))"


def inert(text: str) -> str:
    """A text that a spreadsheet takes for text: an apostrophe stands before what it would compute.

    Examples
    --------
    >>> inert("=1+1"), inert("-3 points"), inert("'=1+1")
    ("'=1+1", '-3 points', "''=1+1")
    """
    return re.sub(FORMULA, r"'\1", text)


def as_written(text: str) -> str:
    """The text that `inert` was given."""
    return re.sub(r"(?s)^'('*(?:[=@\t\r]|[+-].*[=(|!]))", r"\1", text)


def write_content(path: Path, content: TableContent) -> int:
    """Write a table; returns its number of rows."""
    import pyarrow as pa

    names = [part.name for column in content.schema.columns for part in flat_columns(column)]

    def flat() -> Iterator[pa.RecordBatch]:
        for batch in content.batches():
            arrays = dict(flat_arrays(batch, content.schema))
            yield pa.RecordBatch.from_arrays([_inert(arrays[name]) for name in names], names=names)

    return write_rows(path, [names], flat())


def _inert(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(array.type):
        return array
    return pc.replace_substring_regex(array, pattern=FORMULA, replacement=r"'\1")  # pyright: ignore[reportAttributeAccessIssue]


def write_frame(path: Path, frame: pd.DataFrame) -> int:
    """Write a DataFrame without its index; returns its number of rows."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)  # NaN becomes null
    return write_rows(path, [table.column_names], iter(table.to_batches()))


def write_rows(path: Path, heading: Sequence[list[str]], batches: Iterator[pa.RecordBatch]) -> int:
    """Write heading lines and rows, in one step; returns the number of rows."""
    import csv

    import pyarrow.csv

    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    rows = 0
    writer: Any = None
    with drafted(path) as draft, draft.open("wb") as file:
        file.writelines(_line(csv, names) for names in heading)
        for batch in batches:
            if writer is None:
                writer = pyarrow.csv.CSVWriter(file, batch.schema, write_options=options)
            if batch.num_rows:
                writer.write(batch)
            rows += batch.num_rows
        if writer is not None:
            writer.close()
    return rows


def _line(csv: Any, names: list[str]) -> bytes:
    import io

    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(names)
    return text.getvalue().encode()
