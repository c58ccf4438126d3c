"""The stretches of a recording that are captioned: by what happens, by a table of intervals, or of equal length."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bitflow.errors import UsageError
from bitflow.timeline import Interval

if TYPE_CHECKING:
    from bitflow.store import Recording

#: Stretches made from borders of events last so long, s.
SHORTEST_S, LONGEST_S = 1.0, 6.0

#: Length where nothing tells where one thing ends and another begins, s.
WINDOW_S = 4.0


def windows(span: Interval, seconds: float = WINDOW_S) -> list[Interval]:
    """Stretches of equal length from the beginning; a rest shorter than half of one belongs to the last.

    Examples
    --------
    >>> [(w.start, w.end) for w in windows(Interval(0, 9), 4)]
    [(0.0, 4.0), (4.0, 9)]
    """
    if not seconds > 0:
        raise UsageError(f"a window lasts some time, not {seconds} s")
    number = max(1, int(np.floor(span.duration / seconds + 0.5)))
    starts = [float(span.start + k * seconds) for k in range(number)]
    return [Interval(a, b) for a, b in zip(starts, [*starts[1:], span.end], strict=True) if b > a]


def between_borders(span: Interval, borders: Iterable[float]) -> list[Interval]:
    """Stretches from border to border: shorter ones than 1 s join the next, longer ones than 6 s are divided evenly."""
    inside = sorted({float(b) for b in borders if span.start < b < span.end})
    cuts = [span.start]
    for border in inside:
        if border - cuts[-1] >= SHORTEST_S and span.end - border >= SHORTEST_S:
            cuts.append(border)
    found: list[Interval] = []
    for a, b in zip(cuts, [*cuts[1:], span.end], strict=True):
        parts = max(1, int(np.ceil((b - a) / LONGEST_S - 1e-9)))
        edges = np.linspace(a, b, parts + 1)
        found += [Interval(float(x), float(y)) for x, y in pairwise(edges) if y > x]
    return found


def of_table(recording: Recording, name: str, span: Interval) -> list[Interval]:
    """Rows of a table of intervals, or the events of that name.

    Raises
    ------
    UsageError
        There is neither, what there is is named; or there is nothing in it.
    """
    tables = [table for table in recording.tables if recording.schema(table).rows == "interval"]
    if name in tables:
        rows = recording.file(name).read(["start", "end"]).to_pylist()
    else:
        rows, names = [], set()
        for table in ("events", "segments", "predictions", "annotations"):
            if table in tables:
                for row in recording.file(table).read(["start", "end", "name"]).to_pylist():
                    names.add(row["name"])
                    rows += [row] if row["name"] == name else []
        if not rows:
            there = ", ".join([*tables, *sorted(filter(None, names))]) or "none"
            raise UsageError(f"there are no segments called {name!r}; there are: {there}")
    found = [Interval(row["start"], row["end"]) & span for row in rows]
    stretches = sorted({each for each in found if each is not None and each.duration > 0})
    if not stretches:
        raise UsageError(
            f"recording {recording.id!r}: {name!r} holds no stretch of time, so there is nothing to caption"
        )
    return stretches
