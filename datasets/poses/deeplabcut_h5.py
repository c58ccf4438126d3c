"""DeepLabCut's HDF5 files, which pandas writes through PyTables: read by h5py alone, without unpickling.

Two forms. In ``fixed`` tables names are levels and codes, and levels are sorted, so that only the codes tell the order.
In ``table`` form the names of columns are a pickle in an attribute, which `pickled_values` reads. Level arrays of
pickled objects (pandas does that to scorers) are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.poses import hdf5
from bitflow.datasets.poses.columns import PoseColumns, frame_numbers
from bitflow.datasets.poses.pickled_values import pickled_values
from bitflow.datasets.poses.source import PoseSource, Stretch, spans
from bitflow.errors import SchemaError, UnsafeFileError

if TYPE_CHECKING:
    import h5py

#: Columns of one block of values: their names, and the rows that a slice asks for ``(n, columns)``.
_Block = tuple[list[tuple[str, ...]], Callable[[slice], NDArray[np.float64]]]


def key_of(file: h5py.File) -> str | None:
    """Name of the group that pandas wrote, where there is one."""
    import h5py

    return next(
        (name for name in file if isinstance(file.get(name), h5py.Group) and "pandas_type" in file[name].attrs), None
    )


def read(path: Path, prefixes: Sequence[str] = ()) -> PoseSource:
    """Open one.

    Raises
    ------
    UnsafeFileError
        Names of columns are a pickle that would run code, or lie in pickled objects.
    SchemaError
        The tables are not as pandas writes them.
    """
    with hdf5.opened(path) as file:
        key = key_of(file)
        if key is None:
            raise SchemaError(f"{path}: holds no table that pandas wrote; it has {', '.join(map(str, [*file][:12]))}")
        table = hdf5.group(file, key)
        names, index = _names(path, table), _index(path, table)
    levels = len(names[0]) if names else 0
    if levels not in (2, 3, 4) or any(len(each) != levels for each in names):
        raise SchemaError(f"{path}: columns of scorer, body part and coordinate expected, not of {levels} levels")
    # From the right: coordinate, body part, individual, scorer; a file of two levels has no scorer.
    named = [(each[-3] if levels == 4 else "", each[-2], each[-1].lower()) for each in names]
    columns = PoseColumns.of(path, named, names[0][0] if levels > 2 else "", prefixes)
    missing = "NaN, likelihood 0, or all points of an animal at 0"
    facts = columns.facts("DeepLabCut HDF5", missing)
    frames = frame_numbers(path, index)

    def stretches() -> Iterator[Stretch]:
        with hdf5.opened(path) as file:
            blocks = _blocks(path, hdf5.group(file, key))
            for rows in spans(len(frames), facts):
                values = np.concatenate([part(rows) for _, part in blocks], axis=1)
                yield columns.stretch(frames[rows], values)

    return PoseSource(path, facts, stretches, notes=columns.notes)


def _names(path: Path, group: h5py.Group) -> list[tuple[str, ...]]:
    return [name for names, _ in _blocks(path, group) for name in names]


def _blocks(path: Path, group: h5py.Group) -> list[_Block]:
    kind = hdf5.text(group.attrs["pandas_type"])
    if kind == "frame":
        return [_fixed(path, group, number) for number in range(int(hdf5.attribute(group, "nblocks")))]
    if kind == "frame_table":
        return _appendable(path, group)
    raise SchemaError(f"{path}: pandas wrote a {kind!r}, a table of poses is a frame")


def _fixed(path: Path, group: h5py.Group, number: int) -> _Block:
    names = _levels(path, group, f"block{number}_items")
    rows = _rows(group)
    values = hdf5.dataset(group, f"block{number}_values", axes=2)
    if values.shape == (rows, len(names)):
        return names, lambda part: hdf5.numbers(values[part])
    if values.shape == (len(names), rows):
        return names, lambda part: hdf5.numbers(values[:, part]).T
    raise SchemaError(f"{path}: {rows} rows and {len(names)} columns expected, values of {values.shape} came")


def _rows(group: h5py.Group) -> int:
    first = "axis1" if "axis1" in group else "axis1_label0"
    return int(hdf5.dataset(group, first).shape[0])


def _levels(path: Path, group: h5py.Group, axis: str) -> list[tuple[str, ...]]:
    """Names from levels and codes; the scorer's may be unreadable, no other may."""
    count = int(hdf5.attribute(group, f"{axis}_nlevels", 0))
    if not 1 <= count <= 6:
        raise SchemaError(f"{path}: columns of several levels expected; was the table written by DeepLabCut?")
    parts: list[list[str]] = []
    for level in range(count):
        held, codes = hdf5.dataset(group, f"{axis}_level{level}"), hdf5.dataset(group, f"{axis}_label{level}")[()]
        if held.dtype.kind == "O" and "PSEUDOATOM" in held.attrs:
            if level > 0:
                raise UnsafeFileError(
                    f"{path}: names of columns are pickled objects ({axis}_level{level}), which are not opened; export "
                    "the poses as CSV with DeepLabCut"
                )
            parts.append([""] * len(codes))
            continue
        texts = hdf5.texts(held[()])
        if len(codes) and not (codes.min() >= 0 and codes.max() < len(texts)):
            raise SchemaError(f"{path}: codes of {axis}_label{level} lie outside its {len(texts)} names")
        parts.append([texts[code] for code in codes])
    return list(zip(*parts, strict=True))


def _appendable(path: Path, group: h5py.Group) -> list[_Block]:
    table = hdf5.dataset(group, "table", axes=1)
    fields = [name for name in table.dtype.names or () if name.startswith("values_block_")]
    if not fields:
        raise SchemaError(f"{path}: the table has no block of values")
    blocks: list[_Block] = []
    for field in fields:
        attribute = f"{field}_kind"
        holder = table.attrs if attribute in table.attrs else group.attrs
        if attribute in holder:
            listed = pickled_values(_packed(holder[attribute]), f"{path}, {attribute}")
        else:
            axes = pickled_values(_packed(group.attrs["non_index_axes"]), f"{path}, non_index_axes")
            listed = axes[0][1] if len(fields) == 1 and axes and len(axes[0]) == 2 else None
        names = _column_names(path, listed)
        width = int(np.prod(table.dtype[field].shape or (1,)))
        if width != len(names):
            raise SchemaError(f"{path}: {field} has {width} columns and names for {len(names)}")
        blocks.append((names, _part(table, field, width)))
    return blocks


def _part(table: h5py.Dataset, field: str, width: int) -> Callable[[slice], NDArray[np.float64]]:
    return lambda rows: hdf5.numbers(table[rows][field]).reshape(-1, width)


def _column_names(path: Path, listed: Any) -> list[tuple[str, ...]]:
    if not isinstance(listed, list) or not all(
        isinstance(each, tuple) and all(isinstance(part, str) for part in each) for each in listed
    ):
        raise SchemaError(f"{path}: the names of its columns are no list of names")
    return listed


def _packed(value: Any) -> bytes:
    return value.tobytes() if isinstance(value, np.ndarray) else bytes(value)


def _index(path: Path, group: h5py.Group) -> list[Any]:
    if "table" in group:
        return _entries(path, hdf5.dataset(group, "table")["index"])
    if "axis1" in group:
        held = hdf5.dataset(group, "axis1")
        if held.dtype.kind == "O" and "PSEUDOATOM" in held.attrs:
            raise UnsafeFileError(
                f"{path}: its index is a pickled object, which is not opened; export the poses as CSV"
            )
        return _entries(path, held[()])
    return ["/".join(parts) for parts in _levels(path, group, "axis1")]


def _entries(path: Path, values: Any) -> list[Any]:
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        return [int(value) for value in array]
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.round(array)).all():
        return [int(value) for value in array]
    if array.dtype.kind in "SUO":
        return list(hdf5.texts(array))
    raise SchemaError(f"{path}: an index of frames or images expected, one of {array.dtype} came")
