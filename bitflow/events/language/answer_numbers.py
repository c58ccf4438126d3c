"""The numbers of an answer about events: counts, times, rates, matrices, transitions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.intervals import Events
from bitflow.events.language.printing import text_of
from bitflow.events.language.tree import Or

#: Seconds in the units of a rate.
PER_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


if TYPE_CHECKING:
    from bitflow.events.language.answers import Asked, Found

Rows = tuple[list[dict[str, Any]], str]


def number(value: float) -> float | None:
    """As JSON has it: None for what is not known."""
    if isinstance(value, int):
        return value
    return None if not np.isfinite(value) else round(float(value), 6)


def _known(measure: Callable[[Asked, Events], float], asked: Asked, events: Events) -> float | None:
    """None where nothing could have been seen: none seen is not none."""
    return number(measure(asked, events)) if len(events) or events.seen_seconds > 0 else None


def _each(measure: Callable[[Asked, Events], float], unit: str) -> Callable[[Asked, Found], Rows]:
    def rows(asked: Asked, found: Found) -> Rows:
        cells = found.occurrences.cells.items()
        return [{**asked.who(whom), "value": _known(measure, asked, events)} for whom, events in cells], unit

    return rows


def _mean_duration(asked: Asked, events: Events) -> float:
    return float(events.durations.mean()) if len(events) else float("nan")


def _fraction(asked: Asked, events: Events) -> float:
    return events.seconds / events.seen_seconds if events.seen_seconds else float("nan")


def _latency(asked: Asked, events: Events) -> float:
    return float(events.starts[0]) - asked.window.start if len(events) else float("nan")


def _per(asked: Asked, events: Events) -> float:
    seconds = events.seen_seconds / PER_SECONDS[asked.query.per or "min"]
    return len(events) / seconds if seconds else float("nan")


def _matrix(asked: Asked, found: Found) -> Rows:
    cells = asked.query.cells or "count"
    measure, unit = _CELLS[cells]
    rows = [
        {**asked.who(whom), "value": number(measure(asked, events))} for whom, events in found.occurrences.cells.items()
    ]
    return rows, f"1/{asked.query.per or 'min'}" if cells == "rate" else unit


def _transitions(asked: Asked, found: Found) -> Rows:
    """How often each behaviour of an `or` is the next after each other one, of every actor."""
    body = asked.query.body
    parts = body.any if isinstance(body, Or) else (body,)
    counts: dict[tuple[str, str], int] = {}
    sequences: dict[int | None, list[tuple[float, str]]] = {}
    for part in parts:
        for (actor, _), events in asked.scoped(part).cells.items():
            sequences.setdefault(actor, []).extend((float(start), text_of(part)) for start in events.starts)
    for sequence in sequences.values():
        names = [name for _, name in sorted(sequence)]
        for pair in pairwise(names):
            counts[pair] = counts.get(pair, 0) + 1
    labels = [text_of(part) for part in parts]
    return [{"from": a, "to": b, "value": counts.get((a, b), 0)} for a in labels for b in labels], "1"


_CELLS: dict[str, tuple[Callable[[Asked, Events], float], str]] = {
    "count": (lambda asked, events: len(events), "1"),
    "total_time": (lambda asked, events: events.seconds, "s"),
    "fraction": (_fraction, "1"),
    "mean_duration": (_mean_duration, "s"),
    "rate": (_per, ""),
}


def _rate_rows(asked: Asked, found: Found) -> Rows:
    rows, _ = _each(_per, "")(asked, found)
    return rows, f"1/{asked.query.per}"


ROWS: dict[str, Callable[[Asked, Found], Rows]] = {
    "list": lambda asked, found: ([], ""),
    "first": lambda asked, found: ([], ""),
    "last": lambda asked, found: ([], ""),
    "count": _each(lambda asked, events: len(events), "1"),
    "total_time": _each(lambda asked, events: events.seconds, "s"),
    "fraction": _each(_fraction, "1"),
    "mean_duration": _each(_mean_duration, "s"),
    "longest": _each(lambda asked, events: events.durations.max() if len(events) else float("nan"), "s"),
    "latency": _each(_latency, "s"),
    "rate": _rate_rows,
    "matrix": _matrix,
    "transitions": _transitions,
}
