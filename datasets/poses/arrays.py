"""NumPy files of plain numbers: MABe22's mice and whatever else is ``(frames, animals, keypoints, 2 or 3)``.

The official MABe22 files are pickled dictionaries; they would run code and are refused. One line turns one into a file
that is taken: ``numpy.savez(out, **{name: s["keypoints"] for name, s in data["sequences"].items()})``, run by somebody
who trusts it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.poses.columns import ONLY
from bitflow.datasets.poses.source import PoseSource, Stretch, no_confidence, renamed, spans, whole
from bitflow.errors import MediaError, SchemaError, UnsafeFileError
from bitflow.poses import PoseFacts

#: Keypoints of MABe22's mouse triplets.
MABE_KEYPOINTS = (
    *("nose", "left_ear", "right_ear", "neck", "left_forepaw", "right_forepaw", "center_back"),
    *("left_hindpaw", "right_hindpaw", "tail_base", "tail_middle", "tail_tip"),
)
_MABE_SKELETON = ((0, 3), (1, 3), (2, 3), (3, 6), (4, 6), (5, 6), (6, 9), (7, 9), (8, 9), (9, 10), (10, 11))

_ARRAY = b"\x93NUMPY"


def looks_like(head: bytes) -> bool:
    """Whether a file beginning so is an array or an archive of arrays."""
    return head.startswith((_ARRAY, b"PK\x03\x04"))


def read(path: Path, keypoints: tuple[str, ...] | None = None) -> list[PoseSource]:
    """Open one: an array, or an archive with one array a sequence.

    Parameters
    ----------
    keypoints
        Names; without them those of MABe22 where there are 3 animals of 12 points, else numbers.

    Raises
    ------
    UnsafeFileError
        It holds pickled objects.
    SchemaError
        Its arrays are not of poses.
    """
    try:
        with path.open("rb") as file:
            single = file.read(len(_ARRAY)) == _ARRAY
        names = [""] if single else _members(path)
        return [_sequence(path, name, keypoints, several=len(names) > 1) for name in names]
    except OSError as error:
        raise MediaError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise SchemaError(f"{path}: the archive is cut short or damaged: {error}") from error


def _members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    if not names:
        raise SchemaError(f"{path}: the archive holds no arrays")
    return names


def _sequence(path: Path, name: str, keypoints: tuple[str, ...] | None, *, several: bool) -> PoseSource:
    shape = _array(path, name, header_only=True).shape
    if len(shape) == 3:
        shape = (shape[0], 1, *shape[1:])
    if len(shape) != 4 or shape[3] not in (2, 3) or not all(shape[1:]):
        raise SchemaError(f"{path}: {name or 'its array'} is of {shape}, (frames, animals, keypoints, 2) expected")
    mabe = shape[1:3] == (3, len(MABE_KEYPOINTS))
    numbered = MABE_KEYPOINTS if mabe else tuple(f"keypoint_{number}" for number in range(shape[2]))
    animals = (ONLY,) if shape[1] == 1 else tuple(f"mouse{n + 1}" if mabe else f"animal_{n}" for n in range(shape[1]))
    facts = PoseFacts(
        renamed(path, numbered, keypoints),
        animals,
        shape[3],
        skeleton=_MABE_SKELETON if mabe and keypoints is None else (),
        unit="px" if shape[3] == 2 else "",
        source={"format": "NumPy array", "missing_code": "NaN, or all points of an animal at 0"},
    )
    notes = ("taken for MABe22's mice, by 3 animals of 12 keypoints",) if mabe and keypoints is None else ()

    def stretches() -> Iterator[Stretch]:
        values = _array(path, name)
        for rows in spans(shape[0], facts):
            points = whole(np.asarray(values[rows], float).reshape(-1, *shape[1:]))
            yield Stretch(np.arange(rows.start, rows.stop), points, no_confidence(points))

    return PoseSource(path, facts, stretches, name if several else "", notes=notes)


def _array(path: Path, name: str, *, header_only: bool = False) -> NDArray[np.floating]:
    try:
        if not name:
            values = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
                values = _header(file) if header_only else np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error) or "Python objects" in str(error):
            raise UnsafeFileError(
                f"{path}: holds pickled objects, which run code when opened; save its arrays of numbers with "
                "numpy.savez, one a sequence, and import that"
            ) from error
        raise SchemaError(f"{path}: is no whole array: {error}") from error
    if values.dtype.kind not in "fiu":
        raise SchemaError(f"{path}: numbers expected, an array of {values.dtype} came")
    return values


def _header(file: IO[bytes]) -> NDArray[np.floating]:
    """An array of the right shape and type and no memory."""
    version = np.lib.format.read_magic(file)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = reader(file)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
    return np.broadcast_to(np.zeros((), dtype), shape)
