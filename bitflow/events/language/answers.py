"""Answers: what each question of a program comes to on one recording, with its events, coverage and warnings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bitflow.events.intervals import Events
from bitflow.events.language.answer_forms import Answer, Occurrence
from bitflow.events.language.answer_numbers import ROWS
from bitflow.events.language.answer_signals import places_told, signals_told
from bitflow.events.language.checking import check
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.description import described
from bitflow.events.language.evaluation import Evaluation
from bitflow.events.language.fields import Occurrences, Whom
from bitflow.events.language.printing import text_of
from bitflow.events.language.subjects import Subjects
from bitflow.events.language.summary import summary
from bitflow.events.language.tree import Bouts, Call, Named, Program, Query, walk
from bitflow.events.language.units import Quantity
from bitflow.timeline import Interval

#: Below this share of known time an answer carries a warning, below the second it is not to be trusted.
LOW_COVERAGE, TOO_LOW_COVERAGE = 0.8, 0.5


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
            return places_told(self)
        if query.bins is not None:
            return self._binned(query.bins)
        if query.order is not None:
            found = Asked(self.run, replace(query, order=None)).answer()
            return replace(found, query=text_of(query), rows=tuple(in_order(found.rows, query.order)))
        if query.answer in ("value", "timeline"):
            return signals_told(self)
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
            tuple(self.said_of(found.coverage)),
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
            text_of(self.query), self.query.answer, events, tuple(rows), unit, coverage, tuple(self.said_of(coverage))
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

    def said_of(self, coverage: float) -> Iterator[str]:
        """Warnings of what was seen in so large a share of the time."""
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


#: Which event of each animal an answer is about.
_PICKS: dict[str, Callable[[Events], int]] = {
    "longest": lambda events: int(np.argmax(events.durations)),
    "first": lambda events: 0,
    "last": lambda events: len(events) - 1,
}


def in_order(rows: Sequence[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Rows by their value, the most or the least first; those without one at the end."""
    known = [row for row in rows if row["value"] is not None]
    known.sort(key=lambda row: row["value"], reverse=order == "most")
    return known + [row for row in rows if row["value"] is None]
