"""What reading a file's pictures and reading its sound have in common: the life of a reader, and its report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from bitflow.media.copies import at_hand
from bitflow.media.probe import MediaInfo, probe

if TYPE_CHECKING:
    from bitflow.media.container import Tally

Item = TypeVar("Item")


@dataclass(frozen=True)
class DecodeReport:
    """How the reading of a file went.

    ``frames`` counts what was decoded (audio: decoded frames of samples), ``errors`` what could not be,
    ``truncated`` says that the file ends before its header's claim. ``sentence`` is None when all went well.
    """

    frames: int = 0
    errors: int = 0
    truncated: bool = False
    sentence: str | None = None


class Reader:
    """A media file that is read from one end to the other, as often as it is iterated over.

    Raises
    ------
    MediaError
        The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = at_hand(path)
        self.info: MediaInfo = probe(self.path)
        self._reading: object | None = None
        self._report = DecodeReport()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End an iteration that is under way; it lets go of the file.

        Closing the file here would pull it from under a thread that decodes it.
        """
        self._reading = None

    @property
    def report(self) -> DecodeReport:
        """How the last iteration went; complete once it has ended."""
        return self._report

    def _until_closed(self, items: Iterator[Item]) -> Iterator[Item]:
        """Items for as long as nobody closes the reader or iterates over it anew."""
        self._reading = mine = object()
        self._report = DecodeReport()
        for item in items:
            yield item
            if self._reading is not mine:
                return


def conclude(
    frames: int, tally: Tally, *, reached: float | None, claimed: float | None, truncated: bool
) -> DecodeReport:
    """The report and its sentence from what was counted."""
    parts = []
    if truncated:
        at = f"stops at {reached or 0.0:.1f} s"
        of = f" of {claimed:.1f} s" if claimed is not None and claimed - (reached or 0.0) > 0.05 else ""
        parts.append(f"{at}{of}: the file is truncated")
    if tally.errors:
        what = "1 damaged packet was" if tally.errors == 1 else f"{tally.errors} damaged packets were"
        parts.append(f"{what} left out")
    if tally.corrupt:
        parts.append("1 picture is damaged" if tally.corrupt == 1 else f"{tally.corrupt} pictures are damaged")
    if tally.holes:
        begin, end = tally.holes[0]
        more = len(tally.holes) - 1
        others = "" if not more else " and in 1 more place" if more == 1 else f" and in {more} more places"
        parts.append(f"pictures are missing from {begin:.1f} to {end:.1f} s{others}")
    return DecodeReport(frames, tally.errors, truncated, "; ".join(parts) or None)
