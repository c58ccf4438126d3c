"""Columns of Arrow tables as arrays, from their buffers: Arrow's own conversion loads pandas, which takes longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers ``(rows,)``; NaN where there is none."""
    import pyarrow as pa

    return _values(column.cast(pa.float64()).combine_chunks(), np.float64, np.nan)


def words(column: pa.ChunkedArray, missing: str | None = None) -> NDArray:
    """Texts ``(rows,)`` as objects, equal ones the same object; `missing` where there is none."""
    known, codes = coded(column)
    return np.array([*known, missing], object)[codes]


def places(column: pa.ChunkedArray, known: Mapping[str, int]) -> NDArray[np.int64]:
    """What `known` gives for each text, ``(rows,)``; −1 where it does not know it."""
    named, codes = coded(column)
    return np.array([*(known.get(name, -1) for name in named), -1], np.int64)[codes]


def coded(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int32]]:
    """Different texts, and which of them each row is; −1 for none."""
    encoded: Any = column.dictionary_encode().combine_chunks()
    if not len(encoded):
        return [], np.empty(0, np.int32)
    return encoded.dictionary.to_pylist(), _values(encoded.indices, np.int32, -1)


def _values(column: Any, dtype: type[np.float64 | np.int32], missing: float) -> NDArray:
    """The buffer of a column, which is of this type; `missing` where its bitmap says that there is nothing."""
    if not len(column):
        return np.empty(0, dtype)
    valid, values = column.buffers()
    found = np.frombuffer(values, dtype, len(column), column.offset * np.dtype(dtype).itemsize).copy()
    if column.null_count:
        bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
        found[bits[column.offset : column.offset + len(column)] == 0] = missing
    return found
