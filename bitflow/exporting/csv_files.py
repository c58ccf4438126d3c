"""Tables as CSV: UTF-8, a header, dots in numbers, missing values empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import drafted
from bitflow.exporting.content import flat_arrays, flat_columns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from bitflow.exporting.content import TableContent


def write_content(path: Path, content: TableContent) -> int:
    """Write a table; returns its number of rows."""
    import pyarrow as pa

    names = [part.name for column in content.schema.columns for part in flat_columns(column)]

    def flat() -> Iterator[pa.RecordBatch]:
        for batch in content.batches():
            arrays = dict(flat_arrays(batch, content.schema))
            yield pa.RecordBatch.from_arrays([arrays[name] for name in names], names=names)

    return write_rows(path, [names], flat())


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
