"""One human in a recording, and two: rows and signals that are theirs, on the clock of their tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from bitflow.events.reasons import Undefined
from bitflow.events.signal import Signal
from bitflow.events.view import View
from bitflow.resampling import Resampler
from bitflow.tables import tensor
from bitflow.timeline import Interval

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.events.scene import Scene


FACE_RATE_HZ = 30.0
"""Clock of face, head, body and hands."""

VOICE_RATE_HZ = 100.0
"""Clock of the voice."""

MAX_GAP_S = 0.25
"""Shorter gaps are bridged by a line; longer ones end a stretch."""

CONFIDENT = 0.5
"""Rows and points of less confidence count as not seen."""

#: Columns that tell whose a row is, when, and how sure.
_TELLING = ("frame", "time", "track", "person", "score", "presence", "confidence")

FACE_TABLES = frozenset({"faces", "face_landmarks", "face_actions", "head_pose", "gaze", "action_units", "emotions"})


class Person(View):
    """One human in a recording."""

    def __init__(self, scene: Scene, who: int):
        super().__init__(scene.interval)
        self.scene = scene
        self.who = who
        self._rows: dict[tuple[Any, ...], pd.DataFrame] = {}
        self._places: dict[tuple[Any, ...], NDArray[np.int64]] = {}

    @property
    def label(self) -> str:
        """How results call the person."""
        return str(self.who)

    def rows(self, table: str, /, columns: Iterable[str] | None = None, **choice: Any) -> pd.DataFrame:
        """This person's rows in time order, one a time; of several the one with the highest score.

        `choice` keeps rows in which a column has a value: ``handedness="left"``. Rows of less confidence than
        one half are left out, for tables of the face also those whose face has less. With `columns`, others may be
        missing from what is given.
        """
        key = (table, *sorted(choice.items()))
        if key not in self._places:
            rows = self.scene.frame(table, (*_TELLING, *choice))
            rows = rows[self._is_mine(table, rows)]
            for column, value in choice.items():
                if column not in rows:
                    raise Undefined("missing_column", f"{table}.{column}")
                rows = rows[rows[column] == value]
            self._places[key] = self._confident(table, _one_row_a_time(rows)).index.to_numpy()
        if columns is not None:
            return self.scene.frame(table, columns).iloc[self._places[key]]
        if key not in self._rows:
            self._rows[key] = self.scene.frame(table).iloc[self._places[key]]
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
        rows = self.rows(table, ("time", *names), **choice)
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
        mine = self.rows(table, ("time",), **choice)
        if not len(mine):
            raise Undefined("no_face" if table in FACE_TABLES else "no_person")
        position = mine.index.to_numpy()
        chosen = np.zeros(len(self.scene.frame(table, ("time",))), bool)
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
            faces = self.scene.frame("faces", _TELLING)
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


def _one_row_a_time(rows: pd.DataFrame) -> pd.DataFrame:
    if "time" not in rows or not rows["time"].duplicated().any():
        return rows
    scores = [name for name in ("score", "presence", "confidence") if name in rows]
    if scores:
        rows = rows.sort_values(["time", scores[0]], ascending=[True, False], kind="stable")
    return rows.drop_duplicates("time", keep="first")
