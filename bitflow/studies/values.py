"""One number a recording: a measure, a covariate, or what a question comes to in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.refusals import NotExpressible, NotMeasured, Refusal, UnknownName
from bitflow.events.language.study import Covariate, Coverage, Measured, Value
from bitflow.events.language.tree import Program, Query
from bitflow.store import FeatureStore
from bitflow.studies.columns import floats, places, words
from bitflow.studies.design import Design
from bitflow.studies.index import MeasureIndex
from bitflow.studies.prompts import within_prompt

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.events.language.recordings import Counted

_NUMBERS = ("value", "duration_valid_s", "coverage", "start", "end")


@dataclass(frozen=True, eq=False)
class Values:
    """A value of each recording of a design, ``(n,)`` each.

    Parameters
    ----------
    numbers
        NaN where it is not known.
    weights
        Seconds that it stands on.
    coverage
        Share of the analysed time that was seen.
    starts, ends
        Time that it is about, s.
    why
        Reason where it is not known, else empty.
    table
        Where it comes from.
    several
        Whether some recordings show several people, who were averaged.
    chosen
        Recordings with several people of whom the participant alone counts.
    """

    numbers: NDArray[np.float64]
    weights: NDArray[np.float64]
    coverage: NDArray[np.float64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    why: NDArray
    unit: str
    table: str
    several: bool = False
    chosen: int = 0


@dataclass(frozen=True)
class Source:
    """Where values come from; `counted` is told how many recordings have answered a question."""

    store: FeatureStore
    index: MeasureIndex
    definitions: Definitions
    counted: Counted | None = None
    _last: list[Any] = field(default_factory=list, repr=False)

    def values(self, value: Value, design: Design, min_coverage: float | None = None) -> Values:
        """A value of each recording.

        Raises
        ------
        Refusal
            It is not in the store.
        """
        if isinstance(value, Covariate):
            return _covariate(value, design)
        if isinstance(value, Query):
            return self._asked(value, design, min_coverage)
        if isinstance(value, Coverage):
            measured = self._measured(value.of, design, 0.0)
            blank = np.full(len(design.recordings), "", object)
            known = np.where(np.isnan(measured.coverage), "not_measured", blank)
            return Values(
                measured.coverage,
                np.ones(len(known)),
                measured.coverage,
                measured.starts,
                measured.ends,
                known,
                "1",
                "measures",
            )
        return self._measured(value, design, min_coverage)

    def unit(self, value: Value) -> str:
        """Unit of a value without computing it; empty where only computing tells."""
        return self.index.units.get(value.id, "") if isinstance(value, Measured) else ""

    def _measured(self, value: Measured, design: Design, min_coverage: float | None) -> Values:
        if design.prompt is not None:
            raise NotExpressible(
                f"{value.id} was measured over whole recordings", ["distribution (rate(min) smile) by prompt"]
            )
        if value.id not in self.index:
            if not self.index.units:
                raise NotMeasured(f"{value.id}: nothing was measured yet", ["bitflow measure STORE"])
            raise UnknownName.of("measure", value.id, self.index.units)
        whose = self.index.participants
        persons = ("person",) if whose else ()
        rows = self.index.rows(value.id, ("recording", *persons, *_NUMBERS, "status", "reason"))
        n = len(design.recordings)
        at = self._placed(rows["recording"], design)
        inside = at >= 0
        chosen = 0
        if whose:
            inside, chosen = _of_participants(inside, words(rows["recording"]), words(rows["person"]), whose)
        at = at[inside]
        columns = {name: floats(rows[name])[inside] for name in _NUMBERS}
        status, reason = words(rows["status"])[inside], words(rows["reason"])[inside]
        low = status == "low_coverage" if min_coverage is None else columns["coverage"] < min_coverage
        low |= (columns["coverage"] <= 0) | (columns["duration_valid_s"] <= 0)  # whatever the table calls it
        usable = np.isfinite(columns["value"]) & ~low & (status != "undefined")
        weights = np.where(usable, np.maximum(np.nan_to_num(columns["duration_valid_s"]), 1e-9), 0.0)
        total = np.bincount(at, weights, n).astype(float)
        summed = np.bincount(at, weights * np.where(usable, columns["value"], 0.0), n)
        with np.errstate(invalid="ignore", divide="ignore"):
            numbers = np.where(total > 0, summed / total, np.nan)
        why = np.full(n, "not_measured", object)
        why[[design.places[name] for name in self.index.unread if name in design.places]] = "unreadable"
        why[at] = np.where(low, "low_coverage", np.where(usable, "", reason))
        why[at[usable]] = ""
        several = bool((np.bincount(at, minlength=n) > 1).any())
        found = {name: _gathered(at, columns[name], n) for name in ("coverage", "start", "end")}
        unit = self.index.units[value.id]
        spans = found["coverage"], found["start"], found["end"]
        return Values(numbers, total, *spans, why, unit, "measures", several, chosen)

    def _placed(self, recordings: pa.ChunkedArray, design: Design) -> NDArray[np.int64]:
        """Where the rows' recordings stand in a design: looked up once for measures that have the same ones."""
        if not self._last or self._last[0] is not design or not self._last[1].equals(recordings):
            self._last[:] = [design, recordings, places(recordings, design.places)]
        return self._last[2]

    def _asked(self, query: Query, design: Design, min_coverage: float | None) -> Values:
        """What a question comes to in each recording; people of one recording are averaged."""
        from bitflow.events.language.recordings import raised, told_by

        n = len(design.recordings)
        numbers, coverage, starts, ends = (np.full(n, np.nan) for _ in range(4))
        weights, why = np.zeros(n), np.full(n, "", object)
        unit, several, first, answered, chosen = "", False, None, False, 0
        for rows, asked in _by_prompt(query, design):
            names = [design.recordings[place] for place in rows]
            told = told_by(self.store, Program((asked,)), self.definitions, names, self.counted)
            for place, (_, each) in zip(rows, told, strict=True):
                if isinstance(each, Refusal):
                    first = first or each
                    why[place] = each.code
                    continue
                found = each.answers[0]
                answered = True
                counted = each.rows_of_participant
                chosen += len(counted) < len(found.rows)
                known = [row["value"] for row in counted if row.get("value") is not None]
                several |= len(counted) > 1
                unit = found.unit or unit
                coverage[place] = found.coverage
                starts[place], ends[place] = each.start, each.end
                if query.start is not None:
                    starts[place] = max(starts[place], query.start.base)
                if query.end is not None:
                    ends[place] = min(ends[place], query.end.base)
                weights[place] = (ends[place] - starts[place]) * (1.0 if np.isnan(found.coverage) else found.coverage)
                if min_coverage is not None and found.coverage < min_coverage:
                    why[place] = "low_coverage"
                elif not known:
                    why[place] = "undefined"
                else:
                    numbers[place] = float(np.mean(known))
        if first is not None and not answered:
            raise raised(first)
        return Values(numbers, weights, coverage, starts, ends, why, unit, "events", several, chosen)


def _by_prompt(query: Query, design: Design) -> Iterator[tuple[list[int], Query]]:
    """Rows that are asked the same question: all of them, or those of each prompt."""
    if design.prompt is None:
        yield [*range(len(design.recordings))], query
        return
    labels = design.columns[design.prompt]
    for label in dict.fromkeys(labels):
        yield np.flatnonzero(labels == label).tolist(), within_prompt(query, label)


def _covariate(value: Covariate, design: Design) -> Values:
    column = design.column(value.name)
    if column.dtype == object:
        try:
            column = np.array([float(each) if each else np.nan for each in column])
        except ValueError:
            raise NotMeasured(f"the covariate {value.name!r} holds words, not numbers", ["group by it"]) from None
    n = len(column)
    ones, nothing = np.ones(n), np.full(n, np.nan)
    why = np.where(np.isnan(column), "missing", "").astype(object)
    return Values(column, ones, ones, nothing, nothing, why, "", "participants")


def _of_participants(
    inside: NDArray[np.bool_], recordings: NDArray, persons: NDArray, whose: dict[str, str]
) -> tuple[NDArray[np.bool_], int]:
    """Rows without those of others than the participant where that is known, and recordings that had such rows."""
    others = np.array(
        [
            bool(person) and "+" not in person and whose.get(name, person) != person
            for name, person in zip(recordings, persons, strict=True)
        ],
        bool,
    )
    return inside & ~others, len(set(recordings[inside & others]))


def _gathered(at: NDArray, values: NDArray, n: int) -> NDArray[np.float64]:
    """Mean of each recording's values that are known."""
    known = np.isfinite(values)
    count = np.bincount(at[known], minlength=n)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, np.bincount(at[known], values[known], n) / np.maximum(count, 1), np.nan)
