"""What `bitflow.align` does to one table: whose rows they are, and each column by the rule of its schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import SchemaError
from bitflow.resampling import MINIMUM_COVERAGE, Resampler, coverage, interval_at, interval_mean

if TYPE_CHECKING:
    import pandas as pd

    from bitflow.tables import Column, Schema

#: A row speaks for the typical step of its table, but for no longer than this (s): two lone rows far apart
#: have a step too, and it says nothing.
LONGEST_ROW = 2.0

#: What a row speaks for (s) when it is alone and shows no step.
LONE_ROW = 0.04


@dataclass(frozen=True, eq=False)
class TableOnClock:
    """One table with its rows at hand, sorted by time, and what a typical row is.

    Parameters
    ----------
    step, stride
        Seconds and frames from one row to the next of its track; `stride` is 0 where rows have no frame.
    texts
        Values that each text column with the rule `overlap` takes in the whole table.
    """

    name: str
    schema: Schema
    rows: pd.DataFrame
    step: float
    stride: float
    texts: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, name: str, table: Any) -> TableOnClock:
        """Take ``(schema, rows)``, or anything with `schema` and `frame()`."""
        schema, given = table if isinstance(table, tuple) else (table.schema, table.frame())
        is_frame = hasattr(given, "iloc")
        present = list(given.columns if is_frame else given.column_names)
        wanted = [column.name for column in schema.columns if not column.shape]
        for column in wanted:
            if column not in present:
                raise SchemaError(f"table {name}: column {column!r} of its schema is missing")
        if "person" in present and "person" not in wanted:
            wanted.append("person")  # joined on reading, so no part of the schema
        rows = given[wanted] if is_frame else given.select(wanted).to_pandas()
        step, stride = LONE_ROW, 0.0
        if schema.rows != "entity":
            clock = "start" if schema.rows == "interval" else "time"
            rows = rows[np.isfinite(rows[clock].to_numpy("float64"))]
            rows = rows.sort_values(clock, kind="stable", ignore_index=True)
        if schema.rows in ("frame", "signal"):
            step, stride = _typical_step(rows)
        texts = {
            column.name: tuple(sorted(str(text) for text in rows[column.name].dropna().unique()))
            for column in schema.columns
            if column.dtype == "string" and column.resample == "overlap"
        }
        return cls(name, schema, rows, step, stride, texts)

    def of_subject(self, key: str, who: int) -> TableOnClock:
        """The same table with the rows of one subject; of intervals also those that are nobody's."""
        mine = self.rows[key].to_numpy() == who
        if self.schema.rows == "interval" and "track" in self.rows:
            mine |= self.rows["track"].fillna(-1).to_numpy() < 0
        return replace(self, rows=self.rows[mine])

    def columns(self, edges: np.ndarray, max_gap: float) -> dict[str, Any]:
        """Every column that can be resampled on bins with the given edges ``(bins + 1,)`` s, then `valid`."""
        if self.schema.rows == "interval":
            return dict(self._from_intervals(edges))
        return dict(self._from_samples(edges, max_gap))

    def _from_samples(self, edges: np.ndarray, max_gap: float) -> Iterator[tuple[str, Any]]:
        import pandas as pd

        rows = _one_row_a_time(self.rows)
        times = rows["time"].to_numpy("float64")
        lead = self.step / 2 if self.schema.rows == "signal" else 0.0
        slower = len(edges) > 1 and edges[1] - edges[0] > 1.01 * self.step
        columns = self._resampled
        seen = np.full(len(times), not columns)
        valued = np.full(len(edges) - 1, not columns)
        grids: dict[bytes, Resampler] = {}  # columns mostly miss the same rows
        for column in columns:
            values = rows[column.name]
            known = values.notna().to_numpy(bool)
            if column.dtype.startswith("float"):
                known = known & np.isfinite(values.to_numpy("float64", na_value=np.nan))
            pattern = known.tobytes()
            if pattern not in grids:
                grids[pattern] = Resampler(times[known], edges, max_gap, self.step, lead)
            result = _by_rule(column, grids[pattern], values[known], slower)
            seen |= known
            valued |= result.notna().to_numpy(bool)
            yield column.name, result
        starts, ends = self._measured(rows[seen], lead)
        yield "valid", pd.Series(valued & (coverage(edges, starts, ends) >= MINIMUM_COVERAGE))

    def _measured(self, rows: Any, lead: float) -> tuple[np.ndarray, np.ndarray]:
        """Stretches in which no row is missing: their starts and ends in seconds."""
        times = rows["time"].to_numpy("float64")
        if not len(times):
            return times, times
        if self.stride:
            broken = np.diff(rows["frame"].to_numpy("int64")) > 1.5 * self.stride
        else:
            broken = np.diff(times) > 1.5 * self.step
        first, last = np.concatenate(([True], broken)), np.append(broken, True)
        return times[first] - lead, times[last] + self.step - lead

    def _from_intervals(self, edges: np.ndarray) -> Iterator[tuple[str, Any]]:
        import pandas as pd

        starts, ends = self.rows["start"].to_numpy("float64"), self.rows["end"].to_numpy("float64")
        yield "overlap", pd.Series(coverage(edges, starts, ends))
        for column in self._resampled:
            values = self.rows[column.name]
            for text in self.texts.get(column.name, ()):
                mine = (values == text).to_numpy(bool)
                yield text, pd.Series(coverage(edges, starts[mine], ends[mine]))
            if column.name in self.texts:
                continue
            if column.resample in ("mean", "overlap"):
                numbers = values.to_numpy("float64", na_value=np.nan)
                yield column.name, pd.Series(interval_mean(edges, starts, ends, numbers))
            else:
                yield column.name, _picked(column, values, interval_at(edges[:-1], starts, ends))
        yield "valid", pd.Series(np.ones(len(edges) - 1, bool))

    @property
    def _resampled(self) -> list[Column]:
        return [column for column in self.schema.columns if column.resample is not None and not column.shape]


def subject_key(sources: Iterable[TableOnClock]) -> str | None:
    """By what rows are told apart: `person` where one is known, else `track`, else nothing."""
    by_track = [source for source in sources if "track" in source.rows]
    by_person = [source for source in sources if "person" in source.rows]
    if any((source.rows["person"].fillna(-1) >= 0).any() for source in by_person):
        for source in by_track:
            if "person" not in source.rows and (source.rows["track"].fillna(-1) >= 0).any():
                raise SchemaError(f"table {source.name} has tracks but no `person`, which other tables have")
        return "person"
    if any((source.rows["track"].fillna(-1) >= 0).any() for source in by_track):
        return "track"
    return "person" if by_person or by_track else None


def subjects_of(sources: Iterable[TableOnClock], key: str | None) -> list[int]:
    """Everybody in any table, in ascending order; ``[-1]`` for nobody; empty without a key."""
    if key is None:
        return []
    seen = (source.rows[key].dropna().unique() for source in sources if key in source.rows)
    return sorted({int(who) for whos in seen for who in whos if who >= 0}) or [-1]


def interleaved(parts: list[pd.Series]) -> pd.Series:
    """Series ``(times,)`` of several subjects as one, by time and then subject."""
    import pandas as pd

    if len(parts) == 1:
        return parts[0]
    order = np.arange(len(parts) * len(parts[0])).reshape(len(parts), -1).T.reshape(-1)
    return pd.concat(parts, ignore_index=True).take(order).reset_index(drop=True)


def _typical_step(rows: pd.DataFrame) -> tuple[float, float]:
    """Median seconds and frames from one row to the next of its track."""
    has_frames = "frame" in rows
    if "track" in rows:
        rows = rows.sort_values("track", kind="stable")
        same = np.diff(rows["track"].to_numpy()) == 0
    else:
        same = np.ones(max(0, len(rows) - 1), bool)
    seconds = np.diff(rows["time"].to_numpy("float64"))
    usable = same & (seconds > 0)
    if not usable.any():
        return LONE_ROW, 1.0 if has_frames else 0.0
    if not has_frames:
        return min(float(np.median(seconds[usable])), LONGEST_ROW), 0.0
    # By frame numbers a variable rate does not look like missing rows.
    frames = np.maximum(1, np.diff(rows["frame"].to_numpy("int64")))[usable]
    stride = float(np.median(frames))
    return min(float(np.median(seconds[usable] / frames)) * stride, LONGEST_ROW), stride


def _by_rule(column: Column, grid: Resampler, values: Any, slower: bool) -> pd.Series:
    import pandas as pd

    rule = column.resample
    if rule in ("nearest", "previous"):
        return _picked(column, values, grid.nearest() if rule == "nearest" else grid.previous())
    if column.dtype == "string":
        raise SchemaError(f"column {column.name}: text cannot be resampled by {rule!r}")
    numbers = values.to_numpy("float64")
    if rule == "overlap":
        return pd.Series(grid.step_mean(numbers))
    if rule == "mean" and slower:
        return pd.Series(grid.area_mean(numbers, period=column.period))
    return pd.Series(grid.linear(numbers, period=column.period))


def _one_row_a_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Of rows at one time the first with the highest score."""
    if not rows["time"].duplicated().any():
        return rows
    for score in ("score", "confidence"):
        if score in rows:
            rows = rows.sort_values(["time", score], ascending=[True, False], kind="stable")
            break
    return rows.drop_duplicates("time", keep="first")


def _picked(column: Column, values: Any, index: np.ndarray) -> pd.Series:
    """Values at the given row numbers; −1 is missing. Whole numbers become float64 so that they can be."""
    import pandas as pd

    dtype = {"string": "object", "bool": "boolean"}.get(column.dtype, "float64")
    missing = None if dtype == "object" else pd.NA if dtype == "boolean" else np.nan
    picked = values.astype(dtype).reset_index(drop=True).reindex(index)
    return picked.mask(picked.isna(), missing).reset_index(drop=True)
