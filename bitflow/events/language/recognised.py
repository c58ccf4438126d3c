"""What a recogniser said of a recording: its probability over time, and where it found two streams opposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.events.language.vocabulary import STREAMS
from bitflow.events.mask import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitflow.events.language.subjects import Subjects
    from bitflow.store import Recording

_TABLE = "predictions"
_MADE_BY = ("bitflow predict MODEL STORE writes what a recogniser says",)


def tasks_of(recording: Recording) -> tuple[str, ...]:
    """Tasks of which a recogniser told the probability over time, sorted."""
    return tuple(sorted({str(name) for name, level in _levels(recording) if level == "frame"}))


def has_cues(recording: Recording) -> bool:
    """Whether a recogniser looked for streams that disagree."""
    return any(level == "cue" for _, level in _levels(recording))


def _levels(recording: Recording) -> Iterable[tuple[str, str]]:
    if _TABLE not in recording or "level" not in recording.schema(_TABLE):
        return ()
    rows = recording.file(_TABLE).read(["name", "level"]).to_pylist()
    return ((row["name"], row["level"]) for row in rows)


def admit_predicted(recording: Recording, task: str | None) -> str:
    """The task that is meant.

    Raises
    ------
    NotMeasured
        No recogniser judged moments of this recording.
    UnknownName
        None of that task did, or several did and none is named.
    """
    known = tasks_of(recording)
    if not known:
        raise NotMeasured(f"no recogniser judged moments of {recording.id}", _MADE_BY)
    if task is None and len(known) == 1:
        return known[0]
    if task is None or task not in known:
        raise UnknownName.of("task of a recogniser", task or "", known)
    return task


def probability(recording: Recording, task: str, subjects: Subjects) -> NDArray[np.float64]:
    """Of the second class at each instant, ``(samples,)``; NaN where nothing was judged."""
    rows = recording.file(_TABLE).read(["start", "end", "name", "level", "value"]).to_pandas()
    rows = rows[(rows["level"] == "frame") & (rows["name"] == task)]
    times = subjects.start + (np.arange(subjects.samples) + 0.5) / subjects.rate
    values = np.full(subjects.samples, np.nan)
    for start, end, value in zip(rows["start"], rows["end"], rows["value"], strict=True):
        first, last = np.searchsorted(times, (start, end))
        values[first:last] = value
    return values


def admit_discord(recording: Recording, first: str, second: str) -> None:
    """Refuse where no recogniser looked, or the two streams are one.

    Raises
    ------
    NotMeasured
        There is no table of cues.
    UnknownName
        A stream does not disagree with itself.
    """
    if first == second:
        raise UnknownName.of("second stream", second, [each for each in STREAMS if each != first])
    if not has_cues(recording):
        raise NotMeasured(f"no recogniser looked for disagreement in {recording.id}", _MADE_BY)


def discord(recording: Recording, first: str, second: str, subjects: Subjects) -> tuple[Events, list[str]]:
    """Stretches in which a recogniser found two streams opposed, and how: ``text positive, face negative``."""
    rows = [row for row in recording.file(_TABLE).read().to_pylist() if row["level"] == "cue"]
    mine = [row for row in rows if {part.split()[0] for part in row["name"].split(", ") if part} == {first, second}]
    mine.sort(key=lambda row: (row["start"], row["end"]))
    starts, ends = (np.array([row[edge] for row in mine], float) for edge in ("start", "end"))
    everything = np.ones(subjects.samples, bool)
    seen = Mask(everything, everything, subjects.start, subjects.rate)
    found = Events.at(starts, ends, seen, "discord")
    return found.valued(np.array([row["value"] for row in mine], float)), [row["name"] for row in mine]
