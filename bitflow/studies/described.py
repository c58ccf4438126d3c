"""Answers of studies that describe and test nothing: means, courses, who meets a condition, tables, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.study_text import value_text
from bitflow.events.language.tree import Query
from bitflow.studies import statistics
from bitflow.studies.courses import course_values
from bitflow.studies.design import natural
from bitflow.studies.run import StudyRun
from bitflow.studies.tabling import sorted_units
from bitflow.studies.values import Values


def average(run: StudyRun) -> dict[str, Any]:
    """Mean and spread of a value, by group where asked."""
    return _described(run, lambda numbers: statistics.summary(numbers))


def distribution(run: StudyRun) -> dict[str, Any]:
    """The same with quantiles."""
    return _described(run, lambda numbers: {**statistics.summary(numbers), **statistics.quantiles(numbers)})


def _described(run: StudyRun, told: Callable[[NDArray[np.float64]], dict[str, Any]]) -> dict[str, Any]:
    values = run.values()
    units = run.some(run.units(values))
    rows = [
        {**dict(zip(run.study.by, levels, strict=True)), **told(units.numbers[units.inside(levels)])}
        for levels in units.levels
    ]
    if not run.study.by:
        rows = [told(units.numbers)]
    run.small({", ".join(levels) or "all": int(units.inside(levels).sum()) for levels in units.levels})
    return {"unit": values.unit, "rows": rows}


def course(run: StudyRun) -> dict[str, Any]:
    """Means over bins of time, by group where asked."""
    query = run.study.values[0]
    assert isinstance(query, Query)
    source = run.source
    bins = course_values(source.store, query, source.definitions, run.design, run.study.min_coverage, source.counted)
    rows: list[dict[str, Any]] = []
    sizes: dict[str, int] = {}
    for start, end, values in bins:
        units = run.units(values)
        for levels in units.levels if run.study.by else [()]:
            label = dict(zip(run.study.by, levels, strict=True))
            numbers = units.numbers[units.inside(levels)]
            if len(numbers):
                rows.append({**label, "start": start, "end": end, **statistics.summary(numbers)})
                name = ", ".join(levels) or "all"
                sizes[name] = max(sizes.get(name, 0), len(numbers))
    rows.sort(key=lambda row: ([natural(str(row[name])) for name in run.study.by], row["start"]))
    if bins:
        run.say_whose(bins[0][2])
    run.excluded.update(Counter(str(why) for why in bins[0][2].why if why) if bins else Counter())
    run.small(sizes)
    return {"unit": bins[0][2].unit if bins else "", "rows": rows}


def which(run: StudyRun) -> dict[str, Any]:
    """Recordings, participants or sessions that meet the conditions."""
    if run.study.values:
        values = run.values()
        units = run.units(values, ())
        rows = [{run.study.per: n, "value": float(v)} for n, v in zip(units.names, units.numbers, strict=True)]
        return {"unit": values.unit, "rows": rows, "n": len(rows)}
    rows = [{run.study.per: name} for name in _named(run)]
    return {"unit": "", "rows": rows, "n": len(rows)}


def how_many(run: StudyRun) -> dict[str, Any]:
    """Their number, by group where asked."""
    if run.study.by:
        levels = run.design.levels_of(run.study.by[0])
        whose = np.array(run.design.recordings if run.study.per == "recording" else run.design.participants, object)
        if not run.used:
            _counted(run, levels != "")
        pairs = {(level, who) for level, who in zip(levels, whose, strict=True) if level}
        counts = Counter(level for level, _ in pairs)
        rows = [{run.study.by[0]: level, "value": counts[level]} for level in sorted(counts, key=natural)]
        return {"unit": "1", "rows": rows, "n": len({who for _, who in pairs})}
    n = len(_named(run))
    return {"unit": "1", "rows": [{"value": n}], "n": n}


def _named(run: StudyRun) -> list[str]:
    if not run.used:  # nothing but the table of participants was looked at
        _counted(run, np.ones(len(run.design.recordings), bool))
    if run.study.per == "recording":
        return list(run.design.recordings)
    if run.study.per == "participant":
        return sorted(set(run.design.participants), key=natural)
    return sorted({f"{a} {b}" for a, b in zip(run.design.participants, run.design.sessions, strict=True)})


def _counted(run: StudyRun, kept: NDArray[np.bool_]) -> None:
    """Recordings that count by what is known of participants."""
    n = len(kept)
    unknown = np.full(n, np.nan)
    told = Values(unknown, np.ones(n), unknown, unknown, unknown, np.full(n, "", object), "", "participants")
    run.used.append((told, run.design, kept))


def missing(run: StudyRun) -> dict[str, Any]:
    """Recordings without a value, and why."""
    values = run.source.values(run.study.values[0], run.design, run.study.min_coverage)
    at = np.flatnonzero(~np.isfinite(values.numbers))
    run.used.append((values, run.design, ~np.isfinite(values.numbers)))
    rows = [{"recording": run.design.recordings[i], "reason": str(values.why[i])} for i in at]
    return {"unit": "", "rows": rows, "n": len(rows)}


def table(run: StudyRun) -> dict[str, Any]:
    """What is known of units, in the order asked for."""
    shown: dict[str, dict[str, Any]] = {}
    for place, value in enumerate(run.study.values):
        values = run.values(place)
        units = run.units(values, ())
        shown[value_text(value)] = dict(zip(units.names, map(float, units.numbers), strict=True))
    names = {
        "recording": lambda: np.array(run.design.recordings, object),
        "participant": lambda: run.design.participants,
        "session": lambda: np.array(
            [f"{a} {b}" for a, b in zip(run.design.participants, run.design.sessions, strict=True)], object
        ),
    }[run.study.per]()
    rows = sorted_units(names, run.design, run.study.sort, shown)
    return {"unit": "", "rows": [{run.study.per: row.pop("name"), **row} for row in rows], "n": len(rows)}
