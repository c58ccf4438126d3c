"""The people of a store as one self-contained page of thumbnails, to see whether who is who was told rightly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bitflow.errors import MediaError, StoreError
from bitflow.people import read_people
from bitflow.report.people_seen import PersonSeen, Sight, best_sights, people_seen
from bitflow.report.single_page import jpeg_url, write_single_page

if TYPE_CHECKING:
    import numpy as np

    from bitflow.media import Frame
    from bitflow.store import Recording

#: Side of a thumbnail in px, and how much more than the box it shows.
_SIDE, _AROUND = 168, 1.5

_JPEG_QUALITY = 82


@dataclass(frozen=True)
class Picture:
    """A thumbnail: its time (s), and the picture as a data URL."""

    time: float
    source: str


@dataclass(frozen=True)
class PersonEntry:
    """A person with thumbnails, and the parts of the recording's length (%) over which their tracks go."""

    person: PersonSeen
    pictures: tuple[Picture, ...]
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class RecordingEntry:
    """A recording with its people, or why they cannot be shown."""

    id: str
    people: tuple[PersonEntry, ...]
    note: str | None = None


def write_people_page(recordings: Iterable[Recording], page: Path, *, title: str) -> Path:
    """Write the page to `page`; a recording whose video has gone is shown without pictures.

    Raises
    ------
    StoreError
        The page cannot be written.
    """
    entries = [recording_entry(recording) for recording in recordings]
    return write_single_page("people_page.html.j2", page, title=title, recordings=entries)


def recording_entry(recording: Recording) -> RecordingEntry:
    """The people of one recording with their thumbnails."""
    try:
        people = people_seen(recording)
    except StoreError as error:
        return RecordingEntry(recording.id, (), str(error))
    sights = {person.person: best_sights(recording, person) for person in people}
    note, frames = None, {}
    times = sorted({sight.time for found in sights.values() for sight in found})
    source = recording.source
    if times and recording.source_missing:
        note = f"{recording.source_missing}, so there are no pictures"
    elif times and source is not None:
        from bitflow.media.seek import frames_at

        try:
            frames = dict(zip(times, frames_at(source, times), strict=True))
        except MediaError as error:
            note = f"no pictures: {error}"
    return RecordingEntry(
        recording.id,
        tuple(
            PersonEntry(
                person,
                tuple(Picture(s.time, thumbnail(frames[s.time], s)) for s in sights[person.person] if s.time in frames),
                _spans(recording, person),
            )
            for person in people
        ),
        note,
    )


def thumbnail(frame: Frame, sight: Sight) -> str:
    """A square about a box as a JPEG in a data URL."""
    import numpy as np

    x, y, width, height = sight.box
    side = max(width, height, 8.0) * _AROUND
    scale = side / _SIDE
    corner = np.array([x + width / 2 - side / 2, y + height / 2 - side / 2])
    matrix = np.array([[scale, 0.0, corner[0]], [0.0, scale, corner[1]]])
    crop: np.ndarray = frame.warp(matrix, (_SIDE, _SIDE), border="zero")
    return jpeg_url(crop, _JPEG_QUALITY)


def _spans(recording: Recording, person: PersonSeen) -> tuple[tuple[float, float], ...]:
    rows = read_people(recording)
    length = max(float(rows["end"].max()), float((recording.info.get("media") or {}).get("duration") or 0.0), 1e-6)
    mine = rows[rows["person"] == person.person]
    return tuple(
        (100 * float(start) / length, 100 * max(float(end) - float(start), 0.0) / length)
        for start, end in zip(mine["start"], mine["end"], strict=True)
    )
