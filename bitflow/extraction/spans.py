"""A long recording in spans of media time, which several workers extract at once.

The grid is fixed, and its borders are keyframes, so that the spans follow from the recording alone: they are the same
for one worker and for a hundred, and so is every byte. Neighbouring spans overlap by a few seconds, in which what both
saw tells whose tracks are whose (`bitflow.extraction.joining`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from bitflow.media import MediaInfo

#: A border lies at the first keyframe at or after each multiple of this, in s of media.
SPAN_S = 300.0

#: Recordings shorter than this are extracted in one pass, in s.
LONG_S = 2 * SPAN_S

#: Each span is read from this long before its start, or the keyframe before that, to this long after its end, in s:
#: longer than a track waits for its continuation, and than any look at neighbouring pictures.
OVERLAP_S = 3.0

#: Keyframes further apart than this make a grid of no use, in s.
_SPARSE_S = 60.0

#: Containers whose index leads to any keyframe.
_SEEKABLE = ("mov", "matroska")


@dataclass(frozen=True)
class Span:
    """Media time [start, stop), in s, that is one worker's; the first and the last are open to the outside."""

    start: float
    stop: float

    @property
    def window(self) -> tuple[float, float]:
        """What is read for it."""
        return self.start - OVERLAP_S, self.stop + OVERLAP_S

    def through(self, time: float) -> float:
        """Seconds of its own that are through when the media clock shows `time`."""
        return min(time, self.stop) - max(self.start, 0.0)


@dataclass(frozen=True)
class Piece:
    """What one worker does of a recording at a time.

    ``whole``: all of it, or to say into which pieces it is to be split. ``span``: the tables of one span. ``beside``:
    the tables that are not made in spans, sound first of all. ``join``: the spans joined, and everything that is made
    from tables.

    Attributes
    ----------
    number
        Of the span.
    spans
        The recording's grid.
    spent
        Seconds that the pieces before it took.
    """

    kind: Literal["whole", "span", "beside", "join"] = "whole"
    number: int = 0
    spans: tuple[Span, ...] = ()
    spent: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form; endless borders are left out."""
        borders = [span.start for span in self.spans[1:]]
        return {**asdict(self), "spans": borders}

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> Piece:
        """The piece that `as_dict` described."""
        borders = described["spans"]
        return cls(**{**described, "spans": tuple(_between(borders)) if borders else ()})


WHOLE = Piece()


@dataclass(frozen=True)
class Split:
    """The answer of a worker that was given a long recording whole: the pieces to extract, in any order."""

    pieces: tuple[Piece, ...]

    @property
    def join(self) -> Piece:
        """What is left to do when they are done."""
        return Piece("join", spans=self.pieces[0].spans)


def is_long(media: MediaInfo) -> bool:
    """Whether a recording is extracted in spans, by its header: as long as two, in a container that can be searched."""
    video = media.video
    return video is not None and (video.duration or 0.0) >= LONG_S and media.format.startswith(_SEEKABLE)


def grid(keyframes: Sequence[float], end: float) -> tuple[Span, ...]:
    """Spans whose borders are the first keyframes at or after each multiple of `SPAN_S`.

    Parameters
    ----------
    keyframes
        Times in s, sorted.
    end
        Where the pictures end, in s. The last span is at least half as long as the others.

    Returns
    -------
    tuple of Span
        One alone where the keyframes do not lend themselves to it.

    Examples
    --------
    >>> [span.start for span in grid(range(0, 1000, 7), 1000)]
    [-inf, 301, 602]
    """
    sparse = any(after - before > _SPARSE_S for before, after in itertools.pairwise(keyframes))
    if not keyframes or sparse:
        return (Span(-math.inf, math.inf),)
    borders: list[float] = []
    for number in range(1, int(end // SPAN_S) + 1):
        border = next((time for time in keyframes if time >= number * SPAN_S), math.inf)
        if end - border >= SPAN_S / 2:
            borders.append(border)
    return tuple(_between(borders))


def _between(borders: Sequence[float]) -> Iterator[Span]:
    edges = [-math.inf, *borders, math.inf]
    for start, stop in itertools.pairwise(edges):
        yield Span(start, stop)
