"""A recording as behaviour sees it: persons with signals on one clock.

A `Scene` reads tables, a `Person` is one human in it, a `Pair` two. Each hands out *series*: frozen dataclasses with a
classmethod `of(view)` that loads them, such as `bitflow.events.eyes.EyeSeries`. A view loads each kind once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from bitflow.alignment import TableOnClock
from bitflow.errors import BitflowError
from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.people import people_rows
from bitflow.resampling import Resampler
from bitflow.tables import Schema, tensor
from bitflow.timeline import Interval

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.store import Recording

FACE_RATE_HZ = 30.0
"""Clock of face, head, body and hands."""

VOICE_RATE_HZ = 100.0
"""Clock of the voice."""

MAX_GAP_S = 0.25
"""Shorter gaps are bridged by a line; longer ones end a stretch."""

CONFIDENT = 0.5
"""Rows and points of less confidence count as not seen."""

FACE_TABLES = frozenset({"faces", "face_landmarks", "face_actions", "head_pose", "gaze", "action_units", "emotions"})

SeriesT = TypeVar("SeriesT")


class Series(Protocol):
    """What a view can load: a dataclass of signals, masks and events."""

    @classmethod
    def of(cls, view: Any) -> Self:
        """Load it, or raise `Undefined`."""
        ...


class View:
    """Somebody or something in a recording, during an interval: loads each kind of series once."""

    def __init__(self, interval: Interval):
        self.interval = interval
        self._loaded: dict[Any, Any] = {}

    def get(self, kind: type[SeriesT]) -> SeriesT:
        """The series of this kind.

        Raises
        ------
        Undefined
            It cannot be had here; the reason is remembered, too.
        """
        if kind not in self._loaded:
            try:
                self._loaded[kind] = self._load(kind)
            except Undefined as undefined:
                self._loaded[kind] = undefined
        found = self._loaded[kind]
        if isinstance(found, Undefined):
            raise Undefined(found.reason, found.detail)
        return found

    def _load(self, kind: Any) -> Any:
        return kind.of(self)

    def during(self, interval: Interval) -> View:
        """The same during a part of the time; what is relative to a person stays relative to the whole recording."""
        return _Window(self, interval)


class _Window(View):
    def __init__(self, whole: View, interval: Interval):
        super().__init__(interval)
        self.whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    def _load(self, kind: Any) -> Any:
        return cropped(self.whole.get(kind), self.interval)


def cropped(series: Any, interval: Interval) -> Any:
    """A series in which every signal, mask and list of events is cut to an interval."""
    if hasattr(series, "crop"):
        return series.crop(interval)
    if is_dataclass(series) and not isinstance(series, type):
        changed = {field.name: cropped(getattr(series, field.name), interval) for field in fields(series)}
        return replace(series, **{field.name: changed[field.name] for field in fields(series) if field.init})
    if isinstance(series, Mapping):
        return {key: cropped(value, interval) for key, value in series.items()}
    if isinstance(series, tuple) and not hasattr(series, "_fields"):
        return tuple(cropped(value, interval) for value in series)
    return series


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

    def frame(self, table: str) -> pd.DataFrame:
        """All rows of a table without its tensors, `person` joined; `Undefined` when there is no such table."""
        if table not in self._frames:
            schema = self.schema(table)
            names = [column.name for column in schema.columns if not column.shape]
            if schema.tracks and "person" not in names:
                names.insert(names.index("track") + 1, "person")
            rows = self.recording.table(table, names)
            rows.attrs = {}  # pandas copies them, deeply, at every step
            self._frames[table] = rows
        return self._frames[table]

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
                self._key, self.by_voice = "person", False  # without reading who is in every table
            else:
                self._find_people()
        return self._key

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
        rows = self.frame(table)
        if len(rows) < 2 or "time" not in rows:
            return float("nan")
        clock = TableOnClock.of(table, (_clock_schema(self.schema(table)), rows))
        return 1.0 / clock.step if clock.step > 0 else float("nan")

    def _find_people(self) -> set[int]:
        self._key = "person"
        self.by_voice = False
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
            columns = ["track"] if "person" in schema else ["track", "person"]
            rows = self._frames[table] if table in self._frames else self.recording.table(table, columns)
            if "person" in rows:
                known |= {int(who) for who in rows["person"].dropna().unique() if who >= 0}
            seen = {int(track) for track in rows["track"].dropna().unique() if track >= 0}
            if schema.tracks == "speaker":
                voices |= seen
            else:
                tracks |= seen
        if known:
            return known
        self._key = "track"
        # Nothing says which voice is whose face: voices stand for persons only where nobody is seen.
        self.by_voice = not tracks
        return tracks or voices

    def _span(self, table: str) -> Interval | None:
        if table not in self.tables:
            return None
        rows = self.frame(table)
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
                times = self.frame(table)["time"].to_numpy("float64")
                if len(times):
                    step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / FACE_RATE_HZ
                    firsts.append(float(times[0]))
                    lasts.append(float(times[-1]) + step)
        known_start = lasts[0] > 0 or len(firsts) == 1
        return Interval(min(firsts) if known_start else min(firsts[1:]), max(max(lasts), min(firsts)))


class Person(View):
    """One human in a recording."""

    def __init__(self, scene: Scene, who: int):
        super().__init__(scene.interval)
        self.scene = scene
        self.who = who
        self._rows: dict[tuple[Any, ...], pd.DataFrame] = {}

    @property
    def label(self) -> str:
        """How results call the person."""
        return str(self.who)

    def rows(self, table: str, **choice: Any) -> pd.DataFrame:
        """This person's rows in time order, one a time; of several the one with the highest score.

        `choice` keeps rows in which a column has a value: ``handedness="left"``. Rows of less confidence than
        one half are left out, for tables of the face also those whose face has less.
        """
        key = (table, *sorted(choice.items()))
        if key not in self._rows:
            rows = self.scene.frame(table)
            rows = rows[self._is_mine(table, rows)]
            for column, value in choice.items():
                if column not in rows:
                    raise Undefined("missing_column", f"{table}.{column}")
                rows = rows[rows[column] == value]
            self._rows[key] = self._confident(table, _one_row_a_time(rows))
        return self._rows[key]

    def signal(self, table: str, columns: str | Iterable[str], rate: float = FACE_RATE_HZ, **choice: Any) -> Signal:
        """Columns of a table on the clock: ``(n,)`` for one name, ``(n, k)`` for several.

        Raises
        ------
        Undefined
            The table or a column is missing, or the person has no rows in it.
        """
        names = [columns] if isinstance(columns, str) else list(columns)
        schema = self.scene.schema(table)
        for name in names:
            if name not in schema:
                raise Undefined("missing_column", f"{table}.{name}")
        rows = self.rows(table, **choice)
        if not len(rows):
            raise Undefined("no_face" if table in FACE_TABLES else "no_person")
        values = rows[names].to_numpy("float64", na_value=np.nan)
        periods = [schema[name].period for name in names]
        gridded = self._gridded(table, rows["time"].to_numpy("float64"), values, rate, periods)
        return replace(
            gridded,
            values=gridded.values[:, 0] if isinstance(columns, str) else gridded.values,
            unit=schema[names[0]].unit,
        )

    def points(
        self, table: str, indices: Iterable[int], column: str = "points", rate: float = FACE_RATE_HZ, **choice: Any
    ) -> Signal:
        """Some points of a tensor column on the clock: values ``(n, points, coordinates)``.

        The table is read a row group at a time: an hour of face meshes does not fit into memory beside anything else.
        """
        schema = self.scene.schema(table)
        if column not in schema:
            raise Undefined("missing_column", f"{table}.{column}")
        declared = schema[column]
        wanted = np.asarray(list(indices))
        mine = self.rows(table, **choice)
        if not len(mine):
            raise Undefined("no_face" if table in FACE_TABLES else "no_person")
        position = mine.index.to_numpy()
        chosen = np.zeros(len(self.scene.frame(table)), bool)
        chosen[position] = True
        parts: list[NDArray[np.float32]] = []
        first = 0
        for batch in self.scene.recording.file(table).batches([column]):
            flags = chosen[first : first + batch.num_rows]
            first += batch.num_rows
            if flags.any():
                parts.append(np.ascontiguousarray(tensor(batch.column(0), declared)[flags][:, wanted]))
        values = np.concatenate(parts).astype(np.float32)
        times = np.sort(mine["time"].to_numpy("float64"))
        flat = self._gridded(table, times, values.reshape(len(values), -1), rate, None)
        return replace(flat, values=flat.values.reshape(-1, *values.shape[1:]), unit=declared.unit)

    def clock(self, table: str) -> Interval:
        """The analysed time that a table speaks about: that of the sound or that of the pictures."""
        return self.scene.audio if self.scene.schema(table).rows == "signal" else self.scene.video

    def _gridded(
        self,
        table: str,
        times: NDArray[np.float64],
        values: NDArray[Any],
        rate: float,
        periods: list[float | None] | None,
    ) -> Signal:
        span = self.clock(table)
        samples = max(0, int(np.ceil(span.duration * rate - 1e-6)))
        edges = span.start + np.arange(samples + 1) / rate
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / rate
        kind: Any = np.float32 if values.dtype == np.float32 else np.float64
        result: NDArray[Any] = np.full((samples, values.shape[1]), np.nan, kind)
        grids: dict[bytes, Resampler] = {}
        known = np.isfinite(values)
        by_pattern: dict[bytes, list[int]] = {}
        for column in range(values.shape[1]):
            pattern = known[:, column].tobytes()
            if pattern not in grids:
                lead = step / 2 if self.scene.schema(table).rows == "signal" else 0.0
                grids[pattern] = Resampler(times[known[:, column]], edges, MAX_GAP_S, min(step, MAX_GAP_S), lead)
            if periods is None:
                by_pattern.setdefault(pattern, []).append(column)
            else:
                result[:, column] = grids[pattern].linear(values[known[:, column], column], period=periods[column])
        for pattern, columns in by_pattern.items():
            _interpolate_together(grids[pattern], values, np.array(columns), known[:, columns[0]], result)
        return Signal(cast("NDArray[np.float64]", result), span.start, rate)

    def _is_mine(self, table: str, rows: pd.DataFrame) -> NDArray[np.bool_]:
        if not self.scene.schema(table).tracks:
            return np.ones(len(rows), bool)
        key = self.scene.key if self.scene.key in rows else "track"
        return rows[key].to_numpy() == self.who

    def _confident(self, table: str, rows: pd.DataFrame) -> pd.DataFrame:
        for column in ("score", "presence", "confidence"):
            if column in rows and table != "words":
                rows = rows[~(rows[column].to_numpy("float64", na_value=np.nan) < CONFIDENT)]
        if table in FACE_TABLES - {"faces"} and "faces" in self.scene.tables:
            faces = self.scene.frame("faces")
            doubtful = faces[self._is_mine("faces", faces) & (faces["score"].to_numpy() < CONFIDENT)]
            if len(doubtful):
                rows = rows[~rows["time"].isin(doubtful["time"])]
        return rows


def _interpolate_together(
    grid: Resampler, values: NDArray[Any], columns: NDArray[np.int64], known: NDArray[np.bool_], result: NDArray[Any]
) -> None:
    """Lines through many columns with the same gaps: the place between the samples is found once."""
    rows = np.flatnonzero(known)
    if not len(rows):
        return
    place = grid.linear(np.arange(len(rows), dtype=float))
    seen = np.flatnonzero(np.isfinite(place))
    for part in np.array_split(seen, max(1, len(seen) // 4096)):
        below = np.minimum(place[part].astype(np.int64), max(0, len(rows) - 2))
        share = (place[part] - below).astype(result.dtype)[:, None]
        first = values[rows[below]][:, columns]
        if not share.any():  # the clock of the table itself
            result[np.ix_(part, columns)] = first
            continue
        after = values[rows[np.minimum(below + 1, len(rows) - 1)]][:, columns]
        result[np.ix_(part, columns)] = first + share * (after - first)


class Pair(View):
    """Two persons of one recording; results are about the second in relation to the first."""

    def __init__(self, first: Person, second: Person):
        super().__init__(first.interval)
        self.scene = first.scene
        self.first = first
        self.second = second

    @property
    def label(self) -> str:
        """How results call the pair."""
        return f"{self.first.label}+{self.second.label}"


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


def _one_row_a_time(rows: pd.DataFrame) -> pd.DataFrame:
    if "time" not in rows or not rows["time"].duplicated().any():
        return rows
    scores = [name for name in ("score", "presence", "confidence") if name in rows]
    if scores:
        rows = rows.sort_values(["time", scores[0]], ascending=[True, False], kind="stable")
    return rows.drop_duplicates("time", keep="first")


def _clock_schema(schema: Schema) -> Schema:
    """The columns that tell how far rows are apart."""
    kept = tuple(column for column in schema.columns if column.name in ("frame", "time", "track"))
    return replace(schema, columns=kept)
