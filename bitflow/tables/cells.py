"""Cells of a column as numpy arrays, and back: scalars, strings and fixed-shape tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from bitflow.tables.schema import Column


def tensor(values: pa.Array | pa.ChunkedArray, column: Column) -> np.ndarray:
    """Arrow values of one column as a dense array ``(rows, *shape)``; strings as an object array."""
    import numpy as np
    import pyarrow as pa

    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    if column.dtype == "string":
        parts = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty(0, object)
    parts = [flat_values(chunk).reshape(-1, *column.shape) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty((0, *column.shape), column.dtype)


def dense_array(dense: np.ndarray, column: Column) -> pa.Array:
    """An array ``(rows, *shape)`` as the Arrow column that holds it."""
    import numpy as np
    import pyarrow as pa

    if not column.shape:
        return pa.array(dense)
    size = int(np.prod(column.shape))
    storage = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(dense).reshape(-1)), size)
    return pa.ExtensionArray.from_storage(column.arrow_type, storage)


def flat_values(array: pa.Array) -> np.ndarray:
    """Values in row order without the tensor shape; nulls as NaN (numbers) or as the storage has them."""
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray):
        return array.storage.flatten().to_numpy(zero_copy_only=False)
    return array.to_numpy(zero_copy_only=False)
