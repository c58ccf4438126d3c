"""How something goes over time: a question in bins, asked of every recording, a value a bin and recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.recordings import Counted, raised, told_by
from bitflow.events.language.refusals import Refusal
from bitflow.events.language.tree import Program, Query
from bitflow.store import FeatureStore
from bitflow.studies.design import Design
from bitflow.studies.values import Values


def course_values(
    store: FeatureStore,
    query: Query,
    definitions: Definitions,
    design: Design,
    min_coverage: float | None,
    counted: Counted | None = None,
) -> list[tuple[float, float, Values]]:
    """For every bin its beginning and end, s, and the value of each recording; people of one recording are averaged.

    Bins are counted from each recording's beginning, or from the question's. A recording that ends within a bin has a
    shorter one, which weighs less.

    Raises
    ------
    Refusal
        No recording can answer; that of the first.
    """
    assert query.bins is not None
    n = len(design.recordings)
    found: dict[int, dict[int, list[tuple[float, float]]]] = {}
    starts, ends, coverage = (np.full(n, np.nan) for _ in range(3))
    why = np.full(n, "", object)
    unit, first, several, chosen = "", None, False, 0
    step = query.bins.base
    for place, (_, each) in enumerate(told_by(store, Program((query,)), definitions, design.recordings, counted)):
        if isinstance(each, Refusal):
            first = first or each
            why[place] = each.code
            continue
        told = each.answers[0]
        rows = each.rows_of_participant
        chosen += len(rows) < len(told.rows)
        unit, coverage[place] = told.unit or unit, told.coverage
        edges = [row["start"] for row in rows]
        starts[place] = min(edges) if edges else each.start
        ends[place] = max((row["end"] for row in rows), default=starts[place])
        several |= len({row.get("actor") for row in rows}) > 1
        if min_coverage is not None and told.coverage < min_coverage:
            why[place] = "low_coverage"
            continue
        for row in rows:
            k = round((row["start"] - starts[place]) / step)
            if row["value"] is not None:
                found.setdefault(k, {}).setdefault(place, []).append((row["value"], row["end"] - row["start"]))
    if first is not None and not found:
        raise raised(first)
    origin = 0.0 if query.start is None else query.start.base
    courses: list[tuple[float, float, Values]] = []
    blank = Values(np.full(n, np.nan), np.zeros(n), coverage, starts, ends, why, unit, "events", several, chosen)
    for k in sorted(found):
        numbers, weights = np.full(n, np.nan), np.zeros(n)
        for place, values in found[k].items():
            numbers[place] = float(np.mean([value for value, _ in values]))
            weights[place] = values[0][1]
        start = origin + k * step
        courses.append((start, start + step, replace(blank, numbers=numbers, weights=weights)))
    return courses
