"""CSV with one row a frame and one column a behaviour, 1 where it goes on: what BANOS and others read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.drafts import replace_file
from bitflow.errors import SchemaError


def read_binary_csv(path: str | Path) -> dict[str, NDArray[np.bool_]]:
    """Flags ``(frames,)`` by behaviour.

    An empty cell counts as 0; a column with anything but 0 and 1 is no behaviour and left out.

    Raises
    ------
    SchemaError
        The file cannot be read as CSV, has no rows, or no column of 0 and 1.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise SchemaError(f"{path}: cannot be read as CSV of 0/1 columns: {error}") from error
    coded = {}
    for name in table.columns:
        values = pd.to_numeric(table[name], errors="coerce").where(table[name].notna(), 0)
        if len(values) and values.isin([0, 1]).all():
            coded[str(name).strip()] = values.to_numpy() == 1
    if not coded:
        there = ", ".join(map(str, table.columns)) or "none"
        raise SchemaError(f"{path}: no column holds one 0 or 1 a frame (columns: {there})")
    return coded


def write_binary_csv(path: str | Path, coded: Mapping[str, NDArray[Any]]) -> None:
    """Write flags ``(frames,)`` by behaviour, in this order."""
    import pandas as pd

    table = pd.DataFrame({name: np.asarray(flags, bool).astype(int) for name, flags in coded.items()})
    replace_file(Path(path), table.to_csv(index=False, lineterminator="\n").encode())
