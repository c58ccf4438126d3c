"""Tables as NumPy archives: one a recording, with an array ``<table>/<column>`` each. Nothing in them is pickled."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import drafted
from bitflow.exporting.content import dense

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from bitflow.exporting.content import TableContent


def write_contents(path: Path, contents: Iterable[TableContent]) -> int:
    """Write the tables of a recording, one array after another; returns the number of rows."""
    rows = 0

    def arrays() -> Iterator[tuple[str, Any]]:
        nonlocal rows
        for content in contents:
            name = content.schema.name
            table = content.read()
            rows += table.num_rows
            for column in content.schema.columns:
                yield f"{name}/{column.name}", dense(table, column)

    _write(path, arrays())
    return rows


def write_frame(path: Path, frame: pd.DataFrame) -> int:
    """Write the columns of a DataFrame; returns its number of rows."""
    import numpy as np

    def arrays() -> Iterator[tuple[str, np.ndarray]]:
        for name in frame.columns:
            values = frame[name]
            if values.dtype == object:
                yield name, np.array(["" if value is None else str(value) for value in values], str)
            elif str(values.dtype) == "boolean":
                yield name, values.astype("float64", errors="ignore").to_numpy("float64", na_value=np.nan)
            else:
                yield name, values.to_numpy()

    _write(path, arrays())
    return len(frame)


def _write(path: Path, arrays: Iterator[tuple[str, np.ndarray]]) -> None:
    import numpy as np

    with (
        drafted(path) as draft,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
    ):
        for name, array in arrays:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
