"""Events by what goes on around them: amid something, after it, in answer to it, of everybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bitflow.events.intervals import Events
from bitflow.events.language.fields import Occurrences, Whom
from bitflow.events.language.tree import Call

if TYPE_CHECKING:
    from bitflow.events.language.evaluation import Evaluation


def _amid(run: Evaluation, node: Call) -> Occurrences:
    found, others = run.events(node["of"]), run.truth(node["others"])
    start, rate = run.subjects.start, run.subjects.rate
    cells: dict[Whom, Events] = {}
    whole = Occurrences({whom: run.nothing() for whom in others.cells()}, others.axes)
    for whom in found.joined(whole, lambda mine, _: mine).cells:
        mine = found.at(whom)
        cell = (whom[0] if others.axes.actor else None, whom[1] if others.axes.target else None)
        there = others.mask(cell, start, rate)
        at = np.floor((mine.starts - start) * rate + 1e-6).astype(int)
        inside = (at >= 0) & (at < len(there))
        kept = mine.chosen(inside & there.yes[np.where(inside, at, 0)])
        seen = there.on_clock(mine.seen.start, mine.seen.rate, len(mine.seen))
        cells[whom] = replace(kept, seen=replace(mine.seen, yes=mine.seen.yes & seen.yes))
    return Occurrences(cells, found.axes | others.axes)


def _after(run: Evaluation, node: Call) -> Occurrences:
    within, last = run.seconds(node["within"]), run.clock().end

    def following(events: Events) -> Events:
        kept = events.chosen(events.ends < last - 1e-9)
        ends = np.minimum(kept.ends + within, last)
        return Events.at(kept.ends, ends, events.seen, events.name) | Events.at(np.empty(0), np.empty(0), events.seen)

    return run.events(node["of"]).map(following)


def _gap(run: Evaluation, node: Call) -> Occurrences:
    return run.events(node["of"]).joined(run.events(node["others"]), _gaps)


def _gaps(first: Events, second: Events) -> Events:
    """From the end of the first to the beginning of the second, or how long both went on where it had begun."""
    from bitflow.events.speech import floor_transfers  # loads pandas, which questions across recordings do without

    edges = np.array(floor_transfers(second, first)).reshape(-1, 2)
    starts, ends = edges.min(axis=1), edges.max(axis=1)
    order = np.lexsort((ends, starts))
    found = Events.at(starts, ends, first.both_seen(second), first.name)
    return replace(found, values=(edges[:, 1] - edges[:, 0])[order], signed=True)


def _others(run: Evaluation, node: Call) -> Occurrences:
    found = run.events(node["of"])
    cells: dict[Whom, Events] = {}
    for whom in found.cells:
        theirs = [events for other, events in found.cells.items() if other != whom and other[1] == whom[1]]
        joined = theirs[0] if theirs else run.nothing()
        for events in theirs[1:]:
            joined = joined | events
        cells[whom] = joined
    return Occurrences(cells, found.axes)


IN_CONTEXT: dict[str, Callable[[Evaluation, Call], Occurrences]] = {
    "amid": _amid,
    "after": _after,
    "gap": _gap,
    "others": _others,
}
