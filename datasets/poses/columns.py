"""Columns named by individual, body part and coordinate: what DeepLabCut's CSV and HDF5 files have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitflow.datasets.poses.source import Stretch, checked_names, whole
from bitflow.errors import SchemaError, UsageError
from bitflow.exporting.poses import ONLY_ANIMAL as ONLY
from bitflow.poses import PoseFacts

_COORDS = ("x", "y", "z", "likelihood")


@dataclass(frozen=True, eq=False)
class PoseColumns:
    """Where each coordinate of each keypoint stands in a row.

    Parameters
    ----------
    places
        ``(A, K, 4)`` number of the column of x, y, z and likelihood; −1 where there is none.
    scorer
        What the file calls its network or annotator.
    """

    animals: tuple[str, ...]
    keypoints: tuple[str, ...]
    places: NDArray[np.int64]
    scorer: str
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, path: Path, columns: Sequence[tuple[str, str, str]], scorer: str = "", prefixes: Sequence[str] = ()
    ) -> PoseColumns:
        """Read from the names of the columns: individual (empty when the file names none), body part, coordinate.

        Parameters
        ----------
        prefixes
            Beginnings of body parts' names that stand for animals, in a file that has one individual for several.

        Raises
        ------
        SchemaError
            A coordinate is there twice, or x and y are not both there.
        UsageError
            A prefix begins no name.
        """
        named = [_split(path, each, prefixes) for each in columns]
        animals = checked_names(path, "animal", list(dict.fromkeys(animal for animal, _, _ in named)))
        keypoints = checked_names(path, "keypoint", list(dict.fromkeys(part for _, part, _ in named)))
        places = np.full((len(animals), len(keypoints), len(_COORDS)), -1)
        other: list[str] = []
        row_of = {name: row for row, name in enumerate(animals)}
        column_of = {name: number for number, name in enumerate(keypoints)}
        for place, (animal, part, coord) in enumerate(named):
            if coord not in _COORDS:
                other.append(coord)
                continue
            at = row_of[animal], column_of[part], _COORDS.index(coord)
            if places[at] >= 0:
                who = f" of {animal!r}" if len(animals) > 1 else ""
                raise SchemaError(f"{path}: the column {coord!r} of {part!r}{who} is there twice")
            places[at] = place
        half = (places[..., 0] >= 0) != (places[..., 1] >= 0)
        if half.any() or not (places[..., :2] >= 0).any():
            row, number = np.argwhere(half)[0] if half.any() else (0, 0)
            raise SchemaError(f"{path}: x and y of {keypoints[number]!r} of {animals[row]!r} are not both there")
        notes: list[str] = []
        if other:
            notes.append(f"columns that are no coordinates are left out: {', '.join(sorted(set(other))[:6])}")
        absent = int((places[..., 0] < 0).sum())
        if absent:
            notes.append(f"animals have different keypoints: {absent} of them are missing throughout")
        return cls(animals, keypoints, places, scorer, tuple(notes))

    @property
    def dimensions(self) -> int:
        """2, or 3 where there is a z."""
        return 3 if (self.places[..., 2] >= 0).any() else 2

    def facts(self, layout: str, missing_code: str) -> PoseFacts:
        """What the file tells of its poses."""
        space = self.dimensions == 3
        source = {"format": layout, "missing_code": missing_code, "scorer": self.scorer}
        return PoseFacts(self.keypoints, self.animals, self.dimensions, unit="" if space else "px", source=source)

    def stretch(self, frames: NDArray[np.int64], values: NDArray[np.float64]) -> Stretch:
        """Rows of the file ``(n, columns)`` as poses."""
        padded = np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
        points = padded[:, self.places[..., : self.dimensions]]
        confidence = padded[:, self.places[..., 3]]
        return Stretch(frames, whole(points, confidence), confidence.astype(np.float32))


def frame_numbers(path: Path, index: Sequence[object]) -> NDArray[np.int64]:
    """Numbers of frames from an index of numbers, or of images ``labeled-data/video/img0042.png``.

    Raises
    ------
    SchemaError
        An entry ends in no number.
    UsageError
        The images are of several videos.
    """
    import re

    if all(isinstance(value, int | np.integer) for value in index):
        return np.asarray(index, np.int64)
    found: list[int] = []
    folders: set[str] = set()
    for row, value in enumerate(index):
        entry = str(value).replace("\\", "/")
        folder, _, name = entry.rpartition("/")
        digits = re.search(r"(\d+)(?:\.0+)?(?:\.[A-Za-z]+)?$", name)
        if digits is None:
            raise SchemaError(f"{path}, row {row}: {entry[:80]!r} tells no number of a frame")
        folders.add(folder)
        found.append(int(digits[1][-18:]))
    if len(folders) > 1:
        some = ", ".join(sorted(folder.rpartition("/")[2] for folder in folders)[:5])
        raise UsageError(f"{path}: its images are of {len(folders)} videos ({some}); split it by video first")
    return np.array(found, np.int64)


def _split(path: Path, column: tuple[str, str, str], prefixes: Sequence[str]) -> tuple[str, str, str]:
    animal, part, coord = (each.strip() for each in column)
    if not prefixes:
        return animal or ONLY, part, coord
    for prefix in prefixes:
        if part.startswith(prefix) and len(part) > len(prefix):
            return prefix.strip("_- ") or prefix, part[len(prefix) :], coord
    raise UsageError(f"{path}: the keypoint {part!r} begins with none of the prefixes {', '.join(prefixes)}")
