"""HDF5 files that strangers wrote: opened so that they can neither run code nor reach into other files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import BitflowError, MediaError, SchemaError, UnsafeFileError

if TYPE_CHECKING:
    import h5py

#: First bytes of every HDF5 file without a user block.
SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, for reading; whatever breaks in it becomes one sentence.

    Raises
    ------
    MediaError
        It cannot be read, or is no HDF5 file.
    SchemaError
        It does not hold what its layout demands.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except BitflowError:
        raise
    except OSError as error:
        raise MediaError(f"{path}: cannot be read as HDF5, it may be cut short: {_first(error)}") from error
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, RuntimeError, OverflowError) as error:
        raise SchemaError(f"{path}: does not hold what its layout demands: {_first(error)}") from error


def dataset(group: h5py.Group, name: str, *, axes: int | None = None) -> h5py.Dataset:
    """A dataset that lies in the file itself.

    Raises
    ------
    SchemaError
        There is none of that name, or it has another number of axes.
    UnsafeFileError
        It is a link into another file, or keeps its values in one.
    """
    import h5py

    path, here = group.file.filename, _held(group, name)
    if not isinstance(here, h5py.Dataset):
        raise SchemaError(f"{path}: {name} is no dataset")
    if here.external or here.is_virtual:
        raise UnsafeFileError(f"{path}: {name} keeps its values in another file, which is not read")
    if axes is not None and here.ndim != axes:
        raise SchemaError(f"{path}: {name} has {here.ndim} axes, {axes} expected")
    return here


def group(parent: h5py.Group, name: str) -> h5py.Group:
    """A group that lies in the file itself; errors as of `dataset`."""
    import h5py

    here = _held(parent, name)
    if not isinstance(here, h5py.Group):
        raise SchemaError(f"{parent.file.filename}: {name} is no group")
    return here


def _held(parent: h5py.Group, name: str) -> Any:
    import h5py

    path, here = parent.file.filename, parent
    for part in filter(None, name.split("/")):
        link = here.get(part, getlink=True) if isinstance(here, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink):
            raise UnsafeFileError(f"{path}: {name} leads into another file, which is not opened")
        found: Any = here.get(part) if isinstance(here, h5py.Group) else None
        if found is None:
            raise SchemaError(f"{path}: there is no {name} in {parent.name}; it has {', '.join(list(parent)[:12])}")
        here = found
    return here


def attribute(held: h5py.Group | h5py.Dataset, name: str, default: float | None = None) -> float:
    """A number among the attributes; SchemaError when it is not there and has no default."""
    value: Any = held.attrs.get(name, default)
    flat = np.asarray(value if value is not None else np.nan).ravel()
    if value is None or flat.size != 1 or flat.dtype.kind not in "fiub":
        raise SchemaError(f"{held.file.filename}: {held.name} has no number {name!r} among its attributes")
    return float(flat[0])


def numbers(values: Any) -> NDArray[np.float64]:
    """Values of a dataset as floats; a dataset of anything else is no data."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise SchemaError(f"numbers expected, {array.dtype} came")
    return array.astype(np.float64)


def texts(values: Any) -> list[str]:
    """Strings of a dataset, a fixed-width array or a list of bytes."""
    flat = np.asarray(values).ravel().tolist()
    if not all(isinstance(value, bytes | str) for value in flat):
        raise SchemaError("texts expected, other values came")
    return [text(value) for value in flat]


def text(value: Any) -> str:
    """One string, whatever HDF5 made of it."""
    if isinstance(value, np.ndarray):
        value = value.item() if value.size == 1 else value.tobytes()
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | np.bytes_) else str(value)


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
