"""What people said that animals do, on the rows of the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import StoreError, UsageError
from bitflow.models.segmentation.features import FEATURE_HZ
from bitflow.store import Recording

NOTHING = "none"
"""What an animal does while nothing is annotated, where something is at other times."""

UNLABELLED = -1
LEAST_NOTHING = 0.01


@dataclass(frozen=True)
class Bout:
    """One annotated bout of one animal."""

    start: float
    end: float
    name: str
    track: int
    target: int


@dataclass(frozen=True)
class Labelled:
    """An annotator's bouts of one recording."""

    recording: str
    annotator: str
    bouts: tuple[Bout, ...]


def annotators_of(recording: Recording) -> list[str]:
    """Who annotated a recording, the one with most bouts first.

    Raises
    ------
    StoreError
        Nobody did.
    """
    if "annotations" not in recording:
        raise StoreError(
            f"recording {recording.id!r} has no annotations; `bitflow annotations attach STORE FILE` brings them in"
        )
    sources = [str(each or "") for each in recording.file("annotations").column("source")]
    if not sources:
        raise StoreError(f"recording {recording.id!r}: its table of annotations is empty")
    return sorted(set(sources), key=lambda each: (-sources.count(each), each))


def bouts_of(recording: Recording, animals: Sequence[str], annotator: str) -> Labelled:
    """An annotator's bouts; whose they are by track, or by the subject's name, or of the only animal.

    Raises
    ------
    UsageError
        A bout is of nobody that the poses show.
    """
    rows = recording.file("annotations").read().to_pylist()
    found = []
    for row in rows:
        if (row["source"] or "") != annotator or not row["name"]:
            continue
        track = row["track"] if row["track"] is not None else -1
        subject = row.get("subject") or ""
        if track < 0:
            track = animals.index(subject) if subject in animals else 0 if len(animals) == 1 else -1
        if not 0 <= track < len(animals):
            raise UsageError(
                f"recording {recording.id!r}: the bout {row['name']!r} at {row['start']:.1f} s is of "
                f"{subject or track!r}, and the poses have {', '.join(animals)}: name animals alike"
            )
        target = row["target"] if row["target"] is not None else -1
        found.append(Bout(row["start"], row["end"], row["name"], track, target))
    return Labelled(recording.id, annotator, tuple(found))


def classes_of(labelled: Sequence[Labelled], rows: Sequence[int], animals: Sequence[int]) -> tuple[str, ...]:
    """Names of what is told apart, by the alphabet, and `NOTHING` where it has its share of the annotated animals."""
    names = sorted({bout.name for each in labelled for bout in each.bouts})
    free, whole = 0, 0
    for each, count, many in zip(labelled, rows, animals, strict=True):
        painted = painted_rows(each, (*names, NOTHING), count, many)
        free += int((painted == len(names)).sum())
        whole += int((painted != UNLABELLED).sum())
    return (*names, NOTHING) if whole and free / whole > LEAST_NOTHING and NOTHING not in names else tuple(names)


def painted_rows(labelled: Labelled, classes: Sequence[str], rows: int, animals: int) -> NDArray[np.int64]:
    """Class of each row ``(rows, animals)``; of overlapping bouts the shorter counts.

    Rows of an animal without any bout are `UNLABELLED`: nobody looked at it. Between the bouts of the others nothing
    happens, which is `NOTHING` where that is a class.
    """
    idle = classes.index(NOTHING) if NOTHING in classes else UNLABELLED
    found = np.full((rows, animals), UNLABELLED)
    for track in {bout.track for bout in labelled.bouts}:
        found[:, track] = idle
    for bout in sorted(labelled.bouts, key=lambda each: each.start - each.end):
        if bout.name in classes:
            first, last = (round(time * FEATURE_HZ) for time in (bout.start, bout.end))
            found[first : max(last, first + 1), bout.track] = classes.index(bout.name)
    return found


def directed_classes(labelled: Sequence[Labelled], classes: Sequence[str]) -> NDArray[np.bool_]:
    """Which classes are done to another: more than half of their bouts name one."""
    to = {name: [bout.target >= 0 for each in labelled for bout in each.bouts if bout.name == name] for name in classes}
    return np.array([bool(to[name]) and float(np.mean(to[name])) > 0.5 for name in classes])
