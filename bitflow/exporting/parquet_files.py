"""Tables as Parquet: tensors whole, units and descriptions as field metadata."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bitflow.drafts import drafted
from bitflow.errors import StoreError
from bitflow.tables import write_table

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.exporting.content import TableContent
    from bitflow.exporting.dictionary import Entry


def write_content(path: Path, content: TableContent) -> int:
    """Write a table under its schema, without what the store keeps about how it was made; returns its rows."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    return write_table(path, content.schema, content.batches())


def write_frame(path: Path, frame: pd.DataFrame, described: Iterable[Entry]) -> int:
    """Write a DataFrame with its columns' units and descriptions; returns its number of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {entry.column: entry for entry in described}
    table = pa.Table.from_pandas(frame, preserve_index=False)
    declared = [
        field.with_metadata({"unit": about[field.name].unit, "description": about[field.name].description})
        if field.name in about
        else field
        for field in table.schema
    ]
    table = table.cast(pa.schema(declared))
    with drafted(path) as draft:
        pq.write_table(table, draft, compression="zstd")
    return table.num_rows
