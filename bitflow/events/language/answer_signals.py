"""Answers about signals and places: numbers of a signal, curves, ways and the time spent in each cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answer_forms import Answer
from bitflow.events.language.answer_numbers import PER_SECONDS, number
from bitflow.events.language.fields import Axes, Quantities, Truth, Whom
from bitflow.events.language.printing import text_of
from bitflow.events.language.slopes import slope, slope_interval
from bitflow.events.language.tree import Call
from bitflow.events.language.units import UNITS, Quantity

if TYPE_CHECKING:
    from bitflow.events.language.answers import Asked

#: Cells of an occupancy grid along the longer side.
GRID = 20


def signals_told(asked: Asked) -> Answer:
    """Signals by number, or over time."""
    query, run = asked.query, asked.run
    rows: list[dict[str, Any]] = []
    units: list[str] = []
    coverages: list[float] = []
    over = None if query.body is None else run.truth(query.body)
    for signal in query.signals:
        if isinstance(signal, Call) and signal.name == "measure":
            found = _measured(asked, signal["id"])
            rows += [{key: value for key, value in row.items() if key not in ("unit", "coverage")} for row in found]
            units += [row["unit"] for row in found]
            coverages += [row["coverage"] for row in found]
            continue
        quantities = run.signal(signal)
        unit, factors = _unit(asked, quantities)
        units.append(unit)
        axes = quantities.axes | (over.axes if over is not None else Axes())
        for whom in axes.cells(len(asked.subjects.actors)):
            if query.by not in (None, "each", "any", "all") and whom[0] is not None and whom[0] != run.place(query.by):
                continue
            values, inside = _values(asked, quantities, over, whom)
            values = values / np.broadcast_to(factors, quantities.values[..., :1].shape)[quantities.axes.at(whom)][0]
            known = values[inside & np.isfinite(values)]
            coverages.append(len(known) / max(1, int(inside.sum())))
            row: dict[str, Any] = {**asked.who(whom), "signal": text_of(signal)}
            if query.answer == "value":
                row |= _size(asked, values, inside)
                row["seconds"] = round(len(known) / asked.subjects.rate, 6)
            else:
                at = np.flatnonzero(inside)
                row["start"], row["rate"] = asked.window.start, asked.subjects.rate
                row["values"] = [None if not np.isfinite(v) else round(float(v), 4) for v in values[at]]
            rows.append(row)
    coverage = float(np.mean(coverages)) if coverages else float("nan")
    if query.answer == "value" and query.statistic == "slope":
        units = [f"{unit}/{query.per or 's'}" for unit in units]
    unit = ", ".join(dict.fromkeys(units))
    return Answer(text_of(query), query.answer, (), tuple(rows), unit, coverage, tuple(asked.said_of(coverage)))


def _measured(asked: Asked, name: str) -> list[dict[str, Any]]:
    """Rows of a measure, of those who are asked about."""
    rows = asked.subjects.measured(name, asked.window.start, asked.window.end)
    by = asked.query.by
    if by in (None, "each", "any", "all"):
        return rows
    who = asked.subjects.actors[asked.run.place(by)]
    return [row for row in rows if row["actor"] is None or who in row["actor"].split("+")]


def _size(asked: Asked, values: np.ndarray, inside: np.ndarray) -> dict[str, float | None]:
    statistic = asked.query.statistic or "mean"
    value = _statistic(statistic, values, inside, asked.subjects.rate)
    if statistic != "slope" or value is None:
        return {"value": value}
    times = PER_SECONDS[asked.query.per or "s"]
    at = np.flatnonzero(inside & np.isfinite(values))
    edges = slope_interval(values[at], at, asked.subjects.rate)
    low, high = (None, None) if edges is None else (number(edge * times) for edge in edges)
    return {"value": number(value * times), "low": low, "high": high}


def _values(asked: Asked, quantities: Quantities, over: Truth | None, whom: Whom) -> tuple[np.ndarray, np.ndarray]:
    values = quantities.values[quantities.axes.at(whom)]
    times = asked.subjects.start + np.arange(len(values)) / asked.subjects.rate
    inside = (times >= asked.window.start - 1e-9) & (times < asked.window.end - 1e-9)
    if over is not None:
        inside = inside & over.yes[over.axes.at(whom)]
    return values, inside


def _unit(asked: Asked, quantities: Quantities) -> tuple[str, Any]:
    """In which unit a signal is told, and how much of its base that is."""
    suffix = {"length": "", "speed": "/s", "acceleration": "/s2"}
    unit = asked.query.unit
    if unit is None and quantities.dimension in suffix:
        scale = isinstance(asked.subjects, AnimalSubjects) and asked.subjects.poses.facts.scale.known
        unit = ("cm" if scale else "px") + suffix[quantities.dimension]
    if unit is None:
        plain = {
            "angle": "deg",
            "angular speed": "deg/s",
            "time": "s",
            "frequency": "Hz",
            "ratio": "1",
            "level": "dB",
        }
        unit = plain.get(quantities.dimension, quantities.dimension)
    if unit not in UNITS:
        return unit, 1.0
    return unit, asked.run.threshold(Quantity(1, unit), quantities.axes)


def places_told(asked: Asked) -> Answer:
    """Where a body part was: its way, or how long in which cell."""
    query, run = asked.query, asked.run
    part = query.part or "centre"
    x, y = (run.signal(Call(name, (("parts", (part,)),))) for name in ("x", "y"))
    assert isinstance(asked.subjects, AnimalSubjects)
    times = asked.subjects.start + np.arange(asked.subjects.samples) / asked.subjects.rate
    inside = (times >= asked.window.start - 1e-9) & (times < asked.window.end - 1e-9)
    rows: list[dict[str, Any]] = []
    size = asked.subjects.poses.facts.image_size
    for place, name in enumerate(asked.subjects.actors):
        if query.by not in (None, "each", "any", "all", name):
            continue
        xs, ys = x.values[place, 0, inside], y.values[place, 0, inside]
        known = np.isfinite(xs) & np.isfinite(ys)
        row: dict[str, Any] = {"actor": name, "target": None, "part": part}
        if query.answer == "trajectory":
            colour = query.colour or "time"
            row |= {"colour": colour, "time": _rounded(times[inside][known]), "x": _rounded(xs[known])}
            row |= {"y": _rounded(ys[known])}
            if colour == "speed":
                speed = run.signal(Call("speed", (("parts", (part,)),))).values[place, 0, inside]
                row["speed"] = _rounded(speed[known])
        else:
            width, height = size or (
                (float(np.nanmax(x.values)), float(np.nanmax(y.values))) if known.any() else (1.0, 1.0)
            )
            counts, edges_x, edges_y = np.histogram2d(
                xs[known], ys[known], bins=GRID, range=((0.0, max(width, 1.0)), (0.0, max(height, 1.0)))
            )
            row |= {"seconds": np.round(counts.T / asked.subjects.rate, 4).tolist()}
            row |= {"x_edges": _rounded(edges_x), "y_edges": _rounded(edges_y)}
        row["coverage"] = round(float(known.mean()), 4) if len(known) else None
        rows.append(row)
    coverage = float(np.mean([row["coverage"] or 0.0 for row in rows])) if rows else float("nan")
    return Answer(text_of(query), query.answer, (), tuple(rows), "px", coverage, tuple(asked.said_of(coverage)))


def _statistic(name: str, values: np.ndarray, inside: np.ndarray, rate: float) -> float | None:
    at = np.flatnonzero(inside & np.isfinite(values))
    known = values[at]
    if not len(known) or (name == "slope" and len(known) < 2):
        return None
    simple: dict[str, Callable[[np.ndarray], Any]] = {
        "mean": np.mean,
        "median": np.median,
        "sd": np.std,
        "min": np.min,
        "max": np.max,
        "p10": lambda each: np.percentile(each, 10),
        "p90": lambda each: np.percentile(each, 90),
        "iqr": lambda each: np.subtract(*np.percentile(each, (75, 25))),
        "slope": lambda each: slope(each, at, rate),
    }
    return number(float(simple[name](known)))


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
