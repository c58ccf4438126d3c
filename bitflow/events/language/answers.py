"""Answers: what each question of a program comes to on one recording, with its events, coverage and warnings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bitflow.events.intervals import Events
from bitflow.events.language.animals import AnimalSubjects
from bitflow.events.language.answer_numbers import PER_SECONDS, ROWS, number
from bitflow.events.language.checking import check
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.description import described
from bitflow.events.language.evaluation import Evaluation
from bitflow.events.language.fields import Axes, Occurrences, Quantities, Truth, Whom
from bitflow.events.language.printing import text_of
from bitflow.events.language.slopes import slope, slope_interval
from bitflow.events.language.subjects import Subjects
from bitflow.events.language.summary import summary
from bitflow.events.language.tree import Bouts, Call, Named, Program, Query, walk
from bitflow.events.language.units import UNITS, Quantity
from bitflow.timeline import Interval

#: Below this share of known time an answer carries a warning, below the second it is not to be trusted.
LOW_COVERAGE, TOO_LOW_COVERAGE = 0.8, 0.5

#: Cells of an occupancy grid along the longer side.
GRID = 20


@dataclass(frozen=True)
class Occurrence:
    """One event: of whom, towards whom, where, when (half-open, s), what share of it was seen, and what was said.

    `value` is how long a response took, s: below zero where it began before the end of what it answers, in which case
    the event is the time in which both went on.
    """

    recording: str
    actor: str | None
    target: str | None
    region: str | None
    start: float
    end: float
    coverage: float
    text: str | None = None
    value: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form, times to the microsecond; `text` where words were said, `value` of responses."""
        times = {"start": round(self.start, 6), "end": round(self.end, 6), "coverage": round(self.coverage, 4)}
        said: dict[str, Any] = {} if self.text is None else {"text": self.text}
        if self.value is not None:
            said["value"] = round(self.value, 6)
        return {**{key: value for key, value in vars(self).items() if key not in ("text", "value")}, **times, **said}

    @property
    def duration(self) -> float:
        """How long it lasts, s; of a response how long it took."""
        return self.end - self.start if self.value is None else self.value


@dataclass(frozen=True)
class Answer:
    """What one question comes to.

    Parameters
    ----------
    query
        Its canonical text.
    answer
        Which kind: ``list``, ``count`` …
    events
        That it is about.
    rows
        One a number: of whom, and ``value`` in `unit`; None where it is not known.
    coverage
        Share of the time in which it is known whether what was asked holds; NaN where that means nothing.
    """

    query: str
    answer: str
    events: tuple[Occurrence, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    unit: str = ""
    coverage: float = float("nan")
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form without the events."""
        return {
            "query": self.query,
            "answer": self.answer,
            "unit": self.unit,
            "rows": list(self.rows),
            "coverage": None if math.isnan(self.coverage) else round(self.coverage, 4),
        }


@dataclass
class Found:
    """What the events of a question are, after everybody was looked at as the question says."""

    occurrences: Occurrences
    coverage: float
    warnings: list[str] = field(default_factory=list)


def answer(program: Program, subjects: Subjects, definitions: Definitions) -> list[Answer]:
    """Check a program against a recording and answer all its questions.

    Raises
    ------
    Refusal
        It cannot be carried out.
    """
    known = Definitions.of(definitions.by_name.values(), program.definitions)
    check(program, subjects, known)
    run = Evaluation(subjects, known)
    run.prepare(program)
    return [
        Asked(run, query).answer()
        for query in program.queries
        if isinstance(query, Query) and (not query.recordings or subjects.recording in query.recordings)
    ]


class Asked:
    """One question about one recording."""

    def __init__(self, run: Evaluation, query: Query):
        self.run = run
        self.query = query
        self.subjects = run.subjects
        self.by_onset = False
        clock = run.clock()
        self.window = Interval(
            clock.start if query.start is None else max(clock.start, run.seconds(query.start)),
            clock.end if query.end is None else min(clock.end, run.seconds(query.end)),
        )

    def answer(self) -> Answer:
        """What it comes to."""
        query = self.query
        if query.answer == "describe":
            return Answer(text_of(query), "describe", rows=tuple(described(self.run, query.what or "recording")))
        if query.answer == "summary":
            rows = summary(self.run, self.window, query.by)
            return Answer(text_of(query), "summary", rows=tuple(rows), unit="s", warnings=tuple(self._said_so()))
        if query.answer in ("trajectory", "occupancy"):
            return self._place()
        if query.bins is not None:
            return self._binned(query.bins)
        if query.order is not None:
            found = Asked(self.run, replace(query, order=None)).answer()
            return replace(found, query=text_of(query), rows=tuple(in_order(found.rows, query.order)))
        if query.answer in ("value", "timeline"):
            return self._signals()
        found = self._found()
        events = tuple(self._listed(found.occurrences))
        rows, unit = ROWS[query.answer](self, found)
        return Answer(
            text_of(query),
            query.answer,
            events,
            tuple(rows),
            unit,
            found.coverage,
            tuple(self._warnings(found.coverage)),
        )

    def _binned(self, length: Quantity) -> Answer:
        """The question of one stretch after the other; counts are of events that begin in it."""
        step = self.run.seconds(length)
        plain = replace(self.query, bins=None, order=None)
        edges = np.arange(self.window.start, self.window.end - 1e-6, step)
        parts = []
        for start in edges:
            end = min(float(start) + step, self.window.end)
            asked = Asked(self.run, replace(plain, start=Quantity(float(start), "s"), end=Quantity(end, "s")))
            asked.by_onset = self.query.answer in ("count", "rate")
            parts.append((float(start), end, asked.answer()))
        rows = [
            {**row, "start": round(start, 6), "end": round(end, 6)} for start, end, part in parts for row in part.rows
        ]
        if self.query.order is not None:
            rows = in_order(rows, self.query.order)
        shares = [part.coverage for _, _, part in parts if not math.isnan(part.coverage)]
        coverage = float(np.mean(shares)) if shares else float("nan")
        events = tuple(event for _, _, part in parts for event in part.events)
        unit = next((part.unit for _, _, part in parts), "")
        return Answer(
            text_of(self.query), self.query.answer, events, tuple(rows), unit, coverage, tuple(self._warnings(coverage))
        )

    # events

    def _found(self) -> Found:
        """Events of those that the question is about, in its time."""
        occurrences = self.scoped(self.query.body)
        whole = self.window == Interval(self.run.clock().start, self.run.clock().end)
        if self.by_onset:
            occurrences = occurrences.map(lambda events: events.crop(self.window))
        elif not whole:
            occurrences = occurrences.map(self._cut)
        pick = _PICKS.get(self.query.answer)
        if pick is not None:
            occurrences = occurrences.map(lambda e: e.chosen(np.array([pick(e)] if len(e) else [], int)))
        return Found(occurrences, self._share_seen(occurrences))

    def _share_seen(self, occurrences: Occurrences) -> float:
        """Share of the time that is looked at in which the events could be seen."""
        body = self.query.body
        while isinstance(body, Bouts):
            body = body.body
        if not (isinstance(body, Call) and body.name in ("amid", "provided")):
            return occurrences.coverage
        condition = self.run.truth(body["others" if body.name == "amid" else "condition"])
        inner = self.scoped(body["of"])
        looked = seen = 0.0
        clock = self.run.clock()
        for whom in condition.cells():
            there = condition.mask(whom, clock.start, clock.rate).crop(self.window)
            looked += there.seconds * max(1, len(inner.cells))
            for events in inner.cells.values():
                known = events.seen.on_clock(there.start, there.rate, len(there))
                seen += float((known.yes & there.yes).sum()) / there.rate
        return seen / looked if looked else float("nan")

    def scoped(self, body: Any) -> Occurrences:
        """Events of those that the question is about."""
        query, run = self.query, self.run
        occurrences = run.events(body)
        if query.by not in (None, "each", "any", "all"):
            place = run.place(query.by)
            kept = {
                whom: events
                for whom, events in occurrences.cells.items()
                if not (occurrences.axes.actor or occurrences.axes.target)
                or (whom[0] == place if occurrences.axes.actor else whom[1] == place)
                or (query.pairs == "unordered" and place in whom)
            }
            occurrences = Occurrences(kept, occurrences.axes)
        if query.pairs == "unordered":
            cells: dict[Whom, Events] = {
                (i, j): events | occurrences.cells[j, i] if (j, i) in occurrences.cells else events
                for (i, j), events in occurrences.cells.items()
                if i is not None and j is not None and (i < j or (j, i) not in occurrences.cells)
            }
            occurrences = Occurrences(cells, occurrences.axes)
        if query.by in ("any", "all") or query.at_least is not None:
            occurrences = self._together(occurrences, query.by, query.at_least)
        return occurrences

    def _together(self, occurrences: Occurrences, by: str | None, at_least: int | None) -> Occurrences:
        """Time in which any, all, or so many of the animals take part, as events of nobody in particular."""
        truth = self.run.going_on(occurrences)
        if truth.axes.target:  # who takes part: on either side of a pair
            taking = truth.some(1) | truth.turned.some(1) if truth.axes.actor else truth.turned
        else:
            taking = truth
        if taking.axes.actor:
            everybody = len(self.subjects.actors)
            count = at_least if at_least is not None else everybody if by == "all" else 1
            taking = taking.at_least(0, count)
        return self.run.cut(taking, shortest=0.0, merge=0.0, coverage=0.0)

    def _cut(self, events: Events) -> Events:
        """The parts of the events that lie in the window; of signed ones those that begin in it."""
        if events.signed:
            return events.crop(self.window)
        inside = (events.ends > self.window.start + 1e-9) & (events.starts < self.window.end - 1e-9)
        kept = events.chosen(inside)
        return Events(
            np.maximum(kept.starts, self.window.start),
            np.minimum(kept.ends, self.window.end),
            kept.seen.crop(self.window),
            kept.values,
            kept.coverage,
            kept.complete & (kept.starts >= self.window.start) & (kept.ends <= self.window.end),
            kept.name,
        )

    def _listed(self, occurrences: Occurrences) -> Iterator[Occurrence]:
        names = self.subjects.actors
        region = self._region()
        rows = [
            Occurrence(
                self.subjects.recording,
                None if i is None else names[i],
                None if j is None else names[j],
                region,
                float(events.starts[k]),
                float(events.ends[k]),
                float(np.clip(events.coverage[k], 0, 1)),
                value=float(events.values[k]) if events.signed else None,
            )
            for (i, j), events in occurrences.cells.items()
            for k in range(len(events))
        ]
        if any(isinstance(node, Call) and node.name in ("words", "discord") for node in walk(self.query)):
            rows = [replace(row, text=self.subjects.said(row.actor, row.start, row.end)) for row in rows]
        if any(isinstance(node, Call) and node.name == "missing" for node in walk(self.query)):
            rows = [replace(row, text=self.subjects.frames_in(row.start, row.end)) for row in rows]
        rows = [self._by_name(row) for row in rows]
        return iter(sorted(rows, key=lambda row: (row.start, row.end, row.actor or "", row.target or "")))

    def _by_name(self, row: Occurrence) -> Occurrence:
        """Who it was, of a behaviour that was asked of one animal by name."""
        named = [node for node in walk(self.query) if isinstance(node, Named) and (node.actor or node.target)]
        if len(named) != 1 or self.query.by in ("any", "all"):
            return row
        actor = row.actor or named[0].actor
        target = row.target or named[0].target
        return replace(row, actor=actor, target=target)

    def _region(self) -> str | None:
        """The region that a question is about, where it is about one."""
        names: set[str] = set()
        waiting: list[Any] = [self.query]
        seen: set[str] = set()
        while waiting:
            for node in walk(waiting.pop()):
                if isinstance(node, Call):
                    names |= {value for key, value in node.arguments if key == "region"}
                if isinstance(node, Named) and node.name in self.run.definitions and node.name not in seen:
                    seen.add(node.name)
                    waiting.append(self.run.definitions[node.name].body)
        return next(iter(names)) if len(names) == 1 else None

    def _said_so(self) -> Iterator[str]:
        yield from getattr(self.subjects, "warnings", ())

    def _warnings(self, coverage: float) -> Iterator[str]:
        yield from self._said_so()
        if coverage < TOO_LOW_COVERAGE:
            yield f"LowCoverage: only {coverage:.0%} of the time is known: not enough for an answer to be trusted"
        elif coverage < LOW_COVERAGE:
            yield f"LowCoverage: {coverage:.0%} of the time is known; the rest was not seen and is not counted"

    def who(self, whom: Whom) -> dict[str, Any]:
        """Actor and target of a row."""
        names = self.subjects.actors
        return {
            "actor": None if whom[0] is None else names[whom[0]],
            "target": None if whom[1] is None else names[whom[1]],
        }

    # signals and places

    def _signals(self) -> Answer:
        query, run = self.query, self.run
        rows: list[dict[str, Any]] = []
        units: list[str] = []
        coverages: list[float] = []
        over = None if query.body is None else run.truth(query.body)
        for signal in query.signals:
            if isinstance(signal, Call) and signal.name == "measure":
                found = self._measured(signal["id"])
                rows += [{key: value for key, value in row.items() if key not in ("unit", "coverage")} for row in found]
                units += [row["unit"] for row in found]
                coverages += [row["coverage"] for row in found]
                continue
            quantities = run.signal(signal)
            unit, factors = self._unit(quantities)
            units.append(unit)
            axes = quantities.axes | (over.axes if over is not None else Axes())
            for whom in axes.cells(len(self.subjects.actors)):
                if (
                    query.by not in (None, "each", "any", "all")
                    and whom[0] is not None
                    and whom[0] != run.place(query.by)
                ):
                    continue
                values, inside = self._values(quantities, over, whom)
                values = (
                    values / np.broadcast_to(factors, quantities.values[..., :1].shape)[quantities.axes.at(whom)][0]
                )
                known = values[inside & np.isfinite(values)]
                coverages.append(len(known) / max(1, int(inside.sum())))
                row: dict[str, Any] = {**self.who(whom), "signal": text_of(signal)}
                if query.answer == "value":
                    row |= self._size(values, inside)
                    row["seconds"] = round(len(known) / self.subjects.rate, 6)
                else:
                    at = np.flatnonzero(inside)
                    row["start"], row["rate"] = self.window.start, self.subjects.rate
                    row["values"] = [None if not np.isfinite(v) else round(float(v), 4) for v in values[at]]
                rows.append(row)
        coverage = float(np.mean(coverages)) if coverages else float("nan")
        if query.answer == "value" and query.statistic == "slope":
            units = [f"{unit}/{query.per or 's'}" for unit in units]
        unit = ", ".join(dict.fromkeys(units))
        return Answer(text_of(query), query.answer, (), tuple(rows), unit, coverage, tuple(self._warnings(coverage)))

    def _measured(self, name: str) -> list[dict[str, Any]]:
        """Rows of a measure, of those who are asked about."""
        rows = self.subjects.measured(name, self.window.start, self.window.end)
        by = self.query.by
        if by in (None, "each", "any", "all"):
            return rows
        who = self.subjects.actors[self.run.place(by)]
        return [row for row in rows if row["actor"] is None or who in row["actor"].split("+")]

    def _size(self, values: np.ndarray, inside: np.ndarray) -> dict[str, float | None]:
        statistic = self.query.statistic or "mean"
        value = _statistic(statistic, values, inside, self.subjects.rate)
        if statistic != "slope" or value is None:
            return {"value": value}
        times = PER_SECONDS[self.query.per or "s"]
        at = np.flatnonzero(inside & np.isfinite(values))
        edges = slope_interval(values[at], at, self.subjects.rate)
        low, high = (None, None) if edges is None else (number(edge * times) for edge in edges)
        return {"value": number(value * times), "low": low, "high": high}

    def _values(self, quantities: Quantities, over: Truth | None, whom: Whom) -> tuple[np.ndarray, np.ndarray]:
        values = quantities.values[quantities.axes.at(whom)]
        times = self.subjects.start + np.arange(len(values)) / self.subjects.rate
        inside = (times >= self.window.start - 1e-9) & (times < self.window.end - 1e-9)
        if over is not None:
            inside = inside & over.yes[over.axes.at(whom)]
        return values, inside

    def _unit(self, quantities: Quantities) -> tuple[str, Any]:
        """In which unit a signal is told, and how much of its base that is."""
        suffix = {"length": "", "speed": "/s", "acceleration": "/s2"}
        unit = self.query.unit
        if unit is None and quantities.dimension in suffix:
            scale = isinstance(self.subjects, AnimalSubjects) and self.subjects.poses.facts.scale.known
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
        return unit, self.run.threshold(Quantity(1, unit), quantities.axes)

    def _place(self) -> Answer:
        query, run = self.query, self.run
        part = query.part or "centre"
        x, y = (run.signal(Call(name, (("parts", (part,)),))) for name in ("x", "y"))
        assert isinstance(self.subjects, AnimalSubjects)
        times = self.subjects.start + np.arange(self.subjects.samples) / self.subjects.rate
        inside = (times >= self.window.start - 1e-9) & (times < self.window.end - 1e-9)
        rows: list[dict[str, Any]] = []
        size = self.subjects.poses.facts.image_size
        for place, name in enumerate(self.subjects.actors):
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
                row |= {"seconds": np.round(counts.T / self.subjects.rate, 4).tolist()}
                row |= {"x_edges": _rounded(edges_x), "y_edges": _rounded(edges_y)}
            row["coverage"] = round(float(known.mean()), 4) if len(known) else None
            rows.append(row)
        coverage = float(np.mean([row["coverage"] or 0.0 for row in rows])) if rows else float("nan")
        return Answer(text_of(query), query.answer, (), tuple(rows), "px", coverage, tuple(self._warnings(coverage)))


#: Which event of each animal an answer is about.
_PICKS: dict[str, Callable[[Events], int]] = {
    "longest": lambda events: int(np.argmax(events.durations)),
    "first": lambda events: 0,
    "last": lambda events: len(events) - 1,
}


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


def in_order(rows: Sequence[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Rows by their value, the most or the least first; those without one at the end."""
    known = [row for row in rows if row["value"] is not None]
    known.sort(key=lambda row: row["value"], reverse=order == "most")
    return known + [row for row in rows if row["value"] is None]


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
