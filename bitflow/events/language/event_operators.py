"""What makes events of statements and of events: one function for every such operator, and the strengths of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.events.language.context_operators import IN_CONTEXT
from bitflow.events.language.fields import Axes, Occurrences, Whom
from bitflow.events.language.signal_operators import COMPARE
from bitflow.events.language.tree import (
    And,
    Call,
    Compare,
    Not,
    Or,
)
from bitflow.events.language.units import Quantity

if TYPE_CHECKING:
    from bitflow.events.language.evaluation import Evaluation


def _edges(rising: bool) -> Callable[[Evaluation, Call], Occurrences]:
    def events(run: Evaluation, node: Call) -> Occurrences:
        inside = run.truth(Call("inside", (("parts", (node["part"],)), ("region", node["region"]))))
        return run.cut(inside).map(lambda visits: _edge(visits, rising, 1 / run.subjects.rate, run.subjects.start))

    return events


def _edge(visits: Events, rising: bool, step: float, start: float) -> Events:
    """The sample in which each visit begins, or that after it ends; not where the recording does."""
    end = visits.seen.end
    at = visits.starts if rising else visits.ends
    seen = (at > start + step / 2) if rising else (at < end - step / 2)
    return Events.at(at[seen], at[seen] + step, visits.seen, visits.name)


def _chosen(pick: Callable[[Evaluation, Events, Call], NDArray]) -> Callable[[Evaluation, Call], Occurrences]:
    return lambda run, node: run.events(node["of"]).map(lambda events: events.chosen(pick(run, events, node)))


def _longest(run: Evaluation, events: Events, node: Call) -> NDArray:
    return np.argsort(-events.durations, kind="stable")[:1] if len(events) else np.empty(0, int)


def _nth(run: Evaluation, events: Events, node: Call) -> NDArray:
    return np.arange(len(events)) == int(node["number"].value) - 1


def _two(change: Callable[[Evaluation, Events, Events, Call], Events]) -> Callable[[Evaluation, Call], Occurrences]:
    return lambda run, node: run.events(node["of"]).joined(
        run.events(node["others"]), lambda mine, theirs: change(run, mine, theirs, node)
    )


def _overlapping(run: Evaluation, mine: Events, theirs: Events, node: Call) -> Events:
    if node["min"] is None:
        return mine.overlapping(theirs)
    return mine.chosen(mine.longest_shared(theirs) >= run.seconds(node["min"]) - 1e-9)


def _at_region(edge: str) -> Callable[[Evaluation, Call], Occurrences]:
    def events(run: Evaluation, node: Call) -> Occurrences:
        found = run.events(node["of"])
        inside = run.truth(Call("inside", (("region", node["region"]),)))

        def kept(whom: Whom, events: Events) -> Events:
            mask = inside.mask((whom[0], None), run.subjects.start, run.subjects.rate)
            times = events.starts if edge == "start" else events.ends - 1 / run.subjects.rate
            at = np.clip(np.floor((times - mask.start) * mask.rate + 1e-6).astype(int), 0, max(0, len(mask) - 1))
            return events.chosen(mask.yes[at])

        return Occurrences({whom: kept(whom, events) for whom, events in found.cells.items()}, found.axes)

    return events


def _pad(run: Evaluation, node: Call) -> Occurrences:
    before, after = run.seconds(node["before"]), run.seconds(node["after"])
    first, last = run.clock().start, run.clock().end

    def longer(events: Events) -> Events:
        starts, ends = np.maximum(events.starts - before, first), np.minimum(events.ends + after, last)
        return Events.at(starts, ends, events.seen, events.name) | Events.at(np.empty(0), np.empty(0), events.seen)

    return run.events(node["of"]).map(longer)


def _in_time(run: Evaluation, node: Call) -> Occurrences:
    start, end = max(run.seconds(node["start"]), run.clock().start), min(run.seconds(node["end"]), run.clock().end)
    there = start < end
    found = Events.at(np.array([start] if there else []), np.array([end] if there else []), run.clock())
    return Occurrences({(None, None): found}, Axes())


def _filter(run: Evaluation, node: Call) -> Occurrences:
    found = run.events(node["of"])
    axes = found.axes
    cells = {whom: events.chosen(_meets(run, events, whom, node["where"])) for whom, events in found.cells.items()}
    return Occurrences(cells, axes)


def _meets(run: Evaluation, events: Events, whom: Whom, node: Any) -> NDArray[np.bool_]:
    if isinstance(node, And | Or):
        parts = [_meets(run, events, whom, part) for part in (node.all if isinstance(node, And) else node.any)]
        return np.all(parts, axis=0) if isinstance(node, And) else np.any(parts, axis=0)
    if isinstance(node, Not):
        return ~_meets(run, events, whom, node.body)
    strengths, axes = strength(run, events, whom, node.signal)
    edges = [
        float(np.broadcast_to(run.threshold(edge, axes), _shape(run, axes))[axes.at(whom)][0])
        for edge in ((node.value,) if isinstance(node, Compare) else (node.low, node.high))
        if isinstance(edge, Quantity)
    ]
    if isinstance(node, Compare):
        return COMPARE[node.op](strengths, edges[0]) & np.isfinite(strengths)
    return (strengths >= edges[0]) & (strengths <= edges[1])


def strength(run: Evaluation, events: Events, whom: Whom, node: Call) -> tuple[NDArray[np.float64], Axes]:
    """One number for each event ``(n,)``, and whose signal it was taken from; NaN where the signal is not known."""
    if node.name == "duration":
        return events.durations, Axes()
    signal = run.signal(node["of"])
    values = signal.values[signal.axes.at(whom)]
    start, rate = run.subjects.start, run.subjects.rate
    first = np.clip(np.round((events.starts - start) * rate).astype(int), 0, len(values))
    last = np.clip(np.round((events.ends - start) * rate).astype(int), 0, len(values))
    found = np.full(len(events), np.nan)
    for k in range(len(events)):
        known = values[first[k] : last[k]]
        known = known[np.isfinite(known)]
        if len(known):
            found[k] = _STRENGTHS[node.name](known)
    return found, signal.axes


_STRENGTHS: dict[str, Callable[[NDArray], float]] = {
    "net_change": lambda values: values[-1] - values[0],
    "at_start": lambda values: values[0],
    "at_end": lambda values: values[-1],
    "mean_of": np.mean,
    "max_of": np.max,
    "min_of": np.min,
}


def _shape(run: Evaluation, axes: Axes) -> tuple[int, int, int]:
    n = len(run.subjects.actors)
    return (n if axes.actor else 1, n if axes.target else 1, 1)


EVENTS: dict[str, Callable[[Evaluation, Call], Occurrences]] = {
    "enter": _edges(rising=True),
    "exit": _edges(rising=False),
    "during": _two(lambda run, mine, theirs, node: mine.within(theirs)),
    "overlapping": _two(_overlapping),
    "starts_in": _at_region("start"),
    "ends_in": _at_region("end"),
    "first": _chosen(lambda run, events, node: np.arange(len(events)) == 0),
    "last": _chosen(lambda run, events, node: np.arange(len(events)) == len(events) - 1),
    "nth": _chosen(_nth),
    "longest": _chosen(_longest),
    "pad": _pad,
    "in_time": _in_time,
    "union": _two(lambda run, mine, theirs, node: mine | theirs),
    "intersect": _two(lambda run, mine, theirs, node: mine & theirs),
    "minus": _two(lambda run, mine, theirs, node: mine - theirs),
    "filter": _filter,
    "words": lambda run, node: run.subjects.occurrences(node),
    "discord": lambda run, node: run.subjects.occurrences(node),
    **IN_CONTEXT,
}
