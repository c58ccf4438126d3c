"""What every reader of poses gives: names, and frames a stretch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import SchemaError, UsageError
from bitflow.poses import PoseFacts
from bitflow.regions import Region

#: Coordinates that are held at once; a stretch has as many frames as fit.
BLOCK_VALUES = 2_000_000


@dataclass(frozen=True, eq=False)
class Stretch:
    """Poses of consecutive frames of a file.

    Parameters
    ----------
    frames
        ``(n,)`` numbers of the video's frames.
    points
        ``(n, A, K, D)``; NaN is missing.
    confidence
        ``(n, A, K)``; NaN where the file has none.
    times
        ``(n,)`` s, where the file tells them.
    """

    frames: NDArray[np.int64]
    points: NDArray[np.float64]
    confidence: NDArray[np.float32]
    times: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class PoseSource:
    """A file of poses, opened; its frames are read when they are asked for.

    Parameters
    ----------
    name
        Of the sequence, in a file that holds several; empty in one that holds one.
    facts
        `fps` and `scale` only where the file tells them.
    stretches
        Gives the frames in order, from the first each time it is called.
    regions
        Shapes that the file holds beside the animals.
    notes
        What a reader of the table must know.
    """

    path: Path
    facts: PoseFacts
    stretches: Callable[[], Iterator[Stretch]]
    name: str = ""
    regions: tuple[Region, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        """Name of the layout."""
        return str(self.facts.source.get("format", ""))

    def told(self, *sentences: str) -> PoseSource:
        """The same source with more notes."""
        return replace(self, notes=(*self.notes, *sentences))


def block_frames(facts: PoseFacts) -> int:
    """Frames in a stretch of so many animals and keypoints."""
    return max(1, BLOCK_VALUES // (len(facts.animals) * len(facts.keypoints) * facts.dimensions))


def spans(frames: int, facts: PoseFacts) -> Iterator[slice]:
    """Consecutive stretches of so many frames."""
    step = block_frames(facts)
    return (slice(first, min(first + step, frames)) for first in range(0, frames, step))


def whole(points: NDArray[np.floating], confidence: NDArray[np.floating] | None = None) -> NDArray[np.float64]:
    """Points ``(n, A, K, D)`` with NaN wherever the file's code says that one is missing.

    A point is missing when a coordinate is not finite, when its confidence is 0 or below, and when an animal's points
    all lie at exactly 0: that is how trackers without confidences write an absent animal. A single point at 0 is one.
    """
    found = np.array(points, np.float64)
    lost = ~np.isfinite(found).all(axis=-1)
    if confidence is not None:
        with np.errstate(invalid="ignore"):
            lost |= np.asarray(confidence) <= 0
    lost |= ((found == 0).all(axis=-1) | lost).all(axis=-1, keepdims=True)
    found[lost] = np.nan
    return found


def no_confidence(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Confidences of a file that has none."""
    return np.full(points.shape[:-1], np.nan, np.float32)


def checked_names(path: Path, what: str, names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Names without spaces around them.

    Raises
    ------
    SchemaError
        There is none, one is empty, or two are the same.
    """
    found = tuple(name.strip() for name in names)
    if not found:
        raise SchemaError(f"{path}: there is no {what}")
    if "" in found:
        raise SchemaError(f"{path}: the {what} number {found.index('')} has no name")
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise SchemaError(f"{path}: two {what}s are called {twice!r}")
    return found


def renamed(path: Path, names: tuple[str, ...], given: tuple[str, ...] | None) -> tuple[str, ...]:
    """Names that the user gives for keypoints to which the file gives none."""
    if given is None:
        return names
    if len(given) != len(names):
        raise UsageError(f"{path}: has {len(names)} keypoints, and --keypoints names {len(given)}")
    return checked_names(path, "keypoint", given)
