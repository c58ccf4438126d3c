"""A recording as behaviour sees it: persons with signals on one clock.

A `Scene` reads tables, a `Person` is one human in it, a `Pair` two. Each hands out *series*: frozen dataclasses with a
classmethod `of(view)` that loads them, such as `bitflow.events.eyes.EyeSeries`. A view loads each kind once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.alignment import TableOnClock
from bitflow.errors import BitflowError
from bitflow.events.person import FACE_RATE_HZ, Pair, Person
from bitflow.events.reasons import Undefined
from bitflow.events.view import View
from bitflow.people import people_rows
from bitflow.tables import Schema
from bitflow.timeline import Interval

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording


#: Columns that tell how far rows are apart.
_CLOCK = ("frame", "time", "track")


class Scene(View):
    """A recording with everybody in it.

    Parameters
    ----------
    recording
        Its tables are read when they are first needed, each once.
    interval
        The time that is analysed; by default all that the pictures, or the sound, span.
    """

    def __init__(self, recording: Recording):
        self.recording = recording
        self.tables = frozenset(recording.tables)
        self._frames: dict[str, pd.DataFrame] = {}
        self._schemas: dict[str, Schema] = {}
        self._persons: dict[str, dict[int, int]] | None = None
        pictures, sound = self._span("frames"), self._span("voice")
        everything = [span for span in (pictures, sound) if span] or [self._fallback_span()]
        whole = Interval(min(s.start for s in everything), max(s.end for s in everything))
        self.video: Interval = pictures or sound or whole
        self.audio: Interval = sound or self.video
        super().__init__(whole)

    @property
    def scene(self) -> Scene:
        """Itself: persons and pairs have one, too."""
        return self

    def schema(self, table: str) -> Schema:
        """A table's columns."""
        if table not in self._schemas:
            if table not in self.tables:
                raise Undefined("missing_table", table)
            self._schemas[table] = self.recording.schema(table)
        return self._schemas[table]

    def frame(self, table: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """All rows of a table without its tensors, `person` joined; `Undefined` when there is no such table.

        Of a table of many columns only those that are asked for are read, those that were asked for before among them.
        """
        schema = self.schema(table)
        every = [column.name for column in schema.columns if not column.shape]
        joined = bool(schema.tracks) and "person" not in schema
        wanted = every if columns is None else [name for name in every if name in set(columns)]
        known = self._frames.get(table)
        unread = [name for name in wanted if known is None or name not in known]
        if known is None or unread:
            first = known is None
            if joined and first and "track" not in unread:
                unread.append("track")
            read = self.recording.file(table).frame(unread or every[:1])
            read.attrs = {}  # pandas copies them, deeply, at every step
            if joined and "track" in read:
                persons = self._persons_of(str(schema.tracks))
                tracks, at = np.unique(read["track"].to_numpy(), return_inverse=True)
                mine = np.array([persons.get(int(track), -1) for track in tracks], np.int32)[at]
                read.insert(list(read.columns).index("track") + 1, "person", mine)
            if known is not None:
                import pandas as pd

                read = pd.concat([known, read], axis=1)
            known = self._frames[table] = read
        if columns is None:
            order = [*every]
            if joined:
                order.insert(order.index("track") + 1, "person")
            if list(known.columns) != order:
                known = self._frames[table] = known[order]
        return known

    def _persons_of(self, kind: str) -> dict[int, int]:
        """Track → person for one kind of track; who is who is read once."""
        if self._persons is None:
            self._persons = {}
            for row in people_rows(self.recording):
                self._persons.setdefault(row["kind"], {})[row["track"]] = row["person"]
        return self._persons.get(kind, {})

    @property
    def people(self) -> tuple[int, ...]:
        """Numbers of the persons, ascending.

        Where nobody has been told apart, the tracks stand for the persons: track 1 of every kind for person 1.
        """
        if not hasattr(self, "_people"):
            self._people = tuple(sorted(self._find_people()))
        return self._people

    @property
    def key(self) -> str:
        """The column by which rows are told apart: ``person``, or ``track`` where no person is known."""
        if not hasattr(self, "_key"):
            if "people" in self.tables and any(row["person"] >= 0 for row in people_rows(self.recording)):
                self._key, self._by_voice = "person", False  # without reading who is in every table
            else:
                self._find_people()
        return self._key

    @property
    def by_voice(self) -> bool:
        """Whether the voices stand for the persons, because nobody is seen and no person is known."""
        return self.key == "track" and self._by_voice

    def person(self, who: int) -> Person:
        """One of them."""
        if not hasattr(self, "_views"):
            self._views: dict[int, Person] = {}
        return self._views.setdefault(who, Person(self, who))

    def pairs(self) -> Iterator[Pair]:
        """Every two persons, each pair once, the smaller number first."""
        return (Pair(self.person(a), self.person(b)) for a, b in combinations(self.people, 2))

    def native_rate(self, table: str) -> float:
        """Rows a second of a table where none is missing, Hz; NaN when it has too few."""
        if table not in self.tables:
            return float("nan")
        rows = self.frame(table, _CLOCK)
        if len(rows) < 2 or "time" not in rows:
            return float("nan")
        clock = TableOnClock.of(table, (_clock_schema(self.schema(table)), rows))
        return 1.0 / clock.step if clock.step > 0 else float("nan")

    def _find_people(self) -> set[int]:
        self._key = "person"
        self._by_voice = False
        known: set[int] = set()
        tracks: set[int] = set()
        voices: set[int] = set()
        for table in sorted(self.tables):
            try:
                schema = self.schema(table)
            except BitflowError:  # a foreign Parquet file in the folder is nobody's table
                continue
            if not schema.tracks or schema.tracks == "animal" or table in ("people", "events"):
                continue
            file = self.recording.file(table)
            found = {track for track in file.distinct("track") if track is not None}
            if "person" not in schema:
                persons = self._persons_of(schema.tracks)
                known |= {who for who in (persons.get(track, -1) for track in found) if who >= 0}
            seen = {track for track in found if track >= 0}
            if schema.tracks == "speaker":
                voices |= seen
            else:
                tracks |= seen
        if known:
            return known
        self._key = "track"
        # Nothing says which voice is whose face: voices stand for persons only where nobody is seen.
        self._by_voice = not tracks
        return tracks or voices

    def _span(self, table: str) -> Interval | None:
        if table not in self.tables:
            return None
        rows = self.frame(table, ("time", "duration"))
        if not len(rows):
            return None
        times = rows["time"].to_numpy()
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / FACE_RATE_HZ
        if table == "frames":
            last = float(rows["duration"].iloc[-1]) if "duration" in rows else step
            return Interval(float(times[0]), float(times[-1]) + (last if last > 0 else step))
        # Half a step before the middle of the first bin is 0, not what is left of it in the sixteenth digit.
        return Interval(round(float(times[0]) - step / 2, 9) + 0.0, float(times[-1]) + step / 2)

    def _fallback_span(self) -> Interval:
        media = self.recording.info.get("media") or {}
        firsts, lasts = [0.0], [float(media.get("duration") or 0.0)]
        for table in sorted(self.tables - {"people", "measures"}):
            try:
                schema = self.schema(table)
            except BitflowError:  # a foreign Parquet file in the folder is nobody's table
                continue
            if schema.rows in ("frame", "signal"):
                times = self.frame(table, ("time",))["time"].to_numpy("float64")
                if len(times):
                    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / FACE_RATE_HZ
                    firsts.append(float(times[0]))
                    lasts.append(float(times[-1]) + step)
        known_start = lasts[0] > 0 or len(firsts) == 1
        return Interval(min(firsts) if known_start else min(firsts[1:]), max(max(lasts), min(firsts)))


@dataclass(frozen=True)
class Span:
    """The analysed time itself, for measures of the recording as a whole."""

    video: Interval
    audio: Interval

    @classmethod
    def of(cls, view: Any) -> Span:
        """The spans of pictures and sound."""
        return cls(view.scene.video, view.scene.audio)

    def crop(self, interval: Interval) -> Span:
        """The part in an interval."""
        empty = Interval(interval.start, interval.start)
        return Span(self.video & interval or empty, self.audio & interval or empty)


def _clock_schema(schema: Schema) -> Schema:
    """The columns that tell how far rows are apart."""
    kept = tuple(column for column in schema.columns if column.name in _CLOCK)
    return replace(schema, columns=kept)
