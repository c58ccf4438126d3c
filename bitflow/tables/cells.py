"""Cells of a column as numpy arrays, and back: scalars, strings and fixed-shape tensors.

Where nothing is missing, arrays are made from memory and memory from arrays: pyarrow's own ways import pandas, which
takes as long as everything else that an extraction imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from bitflow.tables.schema import Column


def tensor(values: pa.Array | pa.ChunkedArray, column: Column) -> np.ndarray:
    """Arrow values of one column as a dense array ``(rows, *shape)``; strings and records as an object array."""
    import numpy as np
    import pyarrow as pa

    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    if column.is_text:
        parts = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty(0, object)
    parts = [flat_values(chunk).reshape(-1, *column.shape) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty((0, *column.shape), column.dtype)


def dense_array(dense: np.ndarray, column: Column) -> pa.Array:
    """An array ``(rows, *shape)`` as the Arrow column that holds it."""
    import numpy as np
    import pyarrow as pa

    if dense.dtype == bool:
        values = pa.py_buffer(np.packbits(dense.reshape(-1), bitorder="little"))
    else:
        values = pa.py_buffer(np.ascontiguousarray(dense))
    flat = pa.Array.from_buffers(pa.type_for_alias(column.dtype), dense.size, [None, values])
    if not column.shape:
        return flat
    storage = pa.FixedSizeListArray.from_arrays(flat, int(np.prod(column.shape)))
    return pa.ExtensionArray.from_storage(column.arrow_type, storage)


def string_array(values: Sequence[object]) -> pa.Array:
    """Values as strings; None is null."""
    import numpy as np
    import pyarrow as pa

    there = np.array([value is not None for value in values], bool)
    packed = [b"" if value is None else str(value).encode() for value in values]
    ends = np.cumsum([0, *map(len, packed)], dtype=np.int32)
    mask = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.StringArray.from_buffers(len(packed), pa.py_buffer(ends), pa.py_buffer(b"".join(packed)), mask)


def flat_values(array: pa.Array) -> np.ndarray:
    """Values in row order without the tensor shape; nulls as NaN (numbers) or as the storage has them."""
    import numpy as np
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray):
        return flat_values(array.storage.flatten())
    if array.null_count or not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return array.to_numpy(zero_copy_only=False)
    dtype = np.dtype(array.type.to_pandas_dtype())
    if not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=array.offset * dtype.itemsize)
