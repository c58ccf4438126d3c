"""What a checked program is worth on one recording: one function for every node and operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.events.language.blocks import block_statements, in_blocks, reach
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.event_operators import EVENTS
from bitflow.events.language.fields import Axes, Occurrences, Quantities, Truth
from bitflow.events.language.refusals import ShapeMismatch
from bitflow.events.language.signal_operators import ARITHMETIC, CHANGES, COMPARE
from bitflow.events.language.statement_operators import STATEMENTS
from bitflow.events.language.subjects import Subjects, place_of
from bitflow.events.language.tree import (
    And,
    Arithmetic,
    Between,
    Bouts,
    Call,
    Compare,
    Named,
    Not,
    Or,
    Percentile,
    Program,
    Then,
)
from bitflow.events.language.units import Quantity
from bitflow.events.language.vocabulary import SIGNALS, operator
from bitflow.events.mask import Mask

#: How events are made of a statement that does not say.
SHORTEST_S, MERGE_S, COVERAGE = 0.2, 0.2, 0.5


#: Signals of a long recording that are kept for being asked again, in bytes.
MOST_KEPT = 400_000_000


class Evaluation:
    """Signals, statements and events of one recording; what is asked twice is computed once.

    What a long recording's every instant says of itself and its neighbourhood is computed block by block.
    """

    def __init__(self, subjects: Subjects, definitions: Definitions):
        self.subjects = subjects
        self.definitions = definitions
        self._done: dict[Any, Any] = {}

    def prepare(self, program: Program) -> None:
        """Compute all statements of a program that blocks can give, in one pass over a long recording."""
        if not self.subjects.at_once:
            used = (*program.queries, *(each.body for each in self.definitions.used_by(program)))
            parts = dict.fromkeys(part for tree in used for part in block_statements(tree, self))
            for part, truth in zip(parts, in_blocks(self, [*parts]), strict=True):
                self._done["truth", part] = truth

    # signals

    def signal(self, node: Call | Arithmetic) -> Quantities:
        """A signal's values."""
        if self.subjects.at_once:
            return self._once("signal", node, self._signal)
        key = ("signal", node)
        if key not in self._done:
            found = in_blocks(self, [node])[0] if reach(node, self) is not None else self._signal(node)
            kept = [each for each in self._done if each[0] == "signal"]
            while kept and sum(self._done[each].values.nbytes for each in kept) + found.values.nbytes > MOST_KEPT:
                del self._done[kept.pop(0)]
            self._done[key] = found
        return self._done[key]

    def _signal(self, node: Call | Arithmetic) -> Quantities:
        if isinstance(node, Arithmetic):
            signal = self.signal(node.signal)
            by = self.threshold(node.by, signal.axes)
            with np.errstate(invalid="ignore", over="ignore"):
                return signal.map(lambda values: ARITHMETIC[node.op](values, by))
        if node.name in SIGNALS:
            found = self.subjects.signal(node)
            assert isinstance(found, Quantities)
            return found
        return CHANGES[node.name](self, self.signal(node["of"]), node)

    def threshold(self, quantity: Quantity, axes: Axes) -> NDArray | float:
        """A number in its dimension's base."""
        return self.subjects.threshold(quantity, axes)

    def seconds(self, quantity: Quantity) -> float:
        """A length of time in s."""
        return float(self.threshold(quantity, Axes()))

    def frames(self, window: Quantity) -> int:
        """A window in samples, odd."""
        return max(1, round(self.seconds(window) * self.subjects.rate)) | 1

    # statements

    def truth(self, node: Any) -> Truth:
        """Where a statement holds, or one of the events is going on."""
        by_blocks = not (self.subjects.at_once or isinstance(node, Named)) and reach(node, self) is not None
        return self._once("truth", node, self._truth_by_blocks if by_blocks else self._truth)

    def _truth_by_blocks(self, node: Any) -> Truth:
        return in_blocks(self, [node])[0]

    def _truth(self, node: Any) -> Truth:
        if isinstance(node, And):
            found = self.truth(node.all[0])
            for part in node.all[1:]:
                found = found & self.truth(part)
            return found
        if isinstance(node, Or):
            found = self.truth(node.any[0])
            for part in node.any[1:]:
                found = found | self.truth(part)
            return found
        if isinstance(node, Not):
            return ~self.truth(node.body)
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, Between):
            signal = self.signal(node.signal)
            low, high = (self.threshold(edge, signal.axes) for edge in (node.low, node.high))
            return _judged(signal, (signal.values >= low) & (signal.values <= high), low)
        if isinstance(node, Call) and (node.name == "smooth" or operator(node.name).gives == "statement"):
            if node.name in SIGNALS:
                found = self.subjects.signal(node)
                assert isinstance(found, Truth)
                return found
            return STATEMENTS[node.name](self, node)
        if isinstance(node, Named) and node.name in self.definitions and not self.is_events(node):
            return self._of_whom(self.truth(self.definitions[node.name].body), node)
        if not self.is_events(node):
            raise ShapeMismatch(f"a statement or events expected, {type(node).__name__} came")
        return self.going_on(self.events(node))

    def _compare(self, node: Compare) -> Truth:
        signal = self.signal(node.signal)
        compare = COMPARE[node.op]
        if isinstance(node.value, Quantity):
            edge: Any = self.threshold(node.value, signal.axes)
            return _judged(signal, compare(signal.values, edge), edge)
        if isinstance(node.value, Percentile):
            edge = _percentile(signal.values, node.value.rank)
            return _judged(signal, compare(signal.values, edge), edge)
        other = self.signal(node.value)
        known = np.isfinite(signal.values) & np.isfinite(other.values)
        with np.errstate(invalid="ignore"):
            return Truth(compare(signal.values, other.values) & known, known, signal.axes | other.axes)

    def is_events(self, node: Any) -> bool:
        """Whether a node is events of its own account: their masks are those of the events, not of what made them."""
        if isinstance(node, Named) and node.name in self.definitions:
            return self.is_events(self.definitions[node.name].body)
        return isinstance(node, Bouts | Then | Named) or (
            isinstance(node, Call) and operator(node.name).gives == "events"
        )

    def going_on(self, found: Occurrences) -> Truth:
        """Where one of the events is going on; unknown where none could have been seen."""
        n = len(self.subjects.actors)
        shape = (n if found.axes.actor else 1, n if found.axes.target else 1, self.subjects.samples)
        yes, known = np.zeros(shape, bool), np.zeros(shape, bool)
        clock = self.clock()
        for (i, j), events in found.cells.items():
            at = (i or 0, j or 0)
            yes[at] = events.mask(clock).yes
            known[at] = self._on_clock(events.seen).yes
        return Truth(yes & known, known, found.axes)

    def clock(self) -> Mask:
        """Every instant, known."""
        everything = np.ones(self.subjects.samples, bool)
        return Mask(everything, everything, self.subjects.start, self.subjects.rate)

    def _on_clock(self, mask: Mask) -> Mask:
        subjects = self.subjects
        if len(mask) == subjects.samples and mask.rate == subjects.rate and mask.start == subjects.start:
            return mask
        return mask.on_clock(subjects.start, subjects.rate, subjects.samples)

    # events

    def events(self, node: Any) -> Occurrences:
        """Events of everybody."""
        return self._once("events", node, self._events)

    def _events(self, node: Any) -> Occurrences:
        if isinstance(node, Bouts):
            return self._bouts(node)
        if isinstance(node, Then):
            return self._then(node)
        if isinstance(node, Named):
            if node.name in self.definitions:
                found = self.events(self.definitions[node.name].body)
            else:
                found = self.subjects.behaviour(node.name)
            return self._of_whom(found.map(lambda events: events.named(node.name)), node)
        if isinstance(node, Call) and operator(node.name).gives == "events":
            return EVENTS[node.name](self, node)
        return self.cut(self.truth(node))

    def cut(
        self,
        truth: Truth,
        shortest: float = SHORTEST_S,
        longest: float = float("inf"),
        merge: float = MERGE_S,
        coverage: float = COVERAGE,
    ) -> Occurrences:
        """Events of a statement in every cell."""
        start, rate = self.subjects.start, self.subjects.rate
        return Occurrences(
            {
                whom: truth.mask(whom, start, rate).events(
                    shortest=shortest, longest=longest, merge=merge, coverage=coverage
                )
                for whom in truth.cells()
            },
            truth.axes,
        )

    def _bouts(self, node: Bouts) -> Occurrences:
        """Of a statement, its events; of events, those that are long enough after gaps are closed."""
        given = {
            "shortest": node.shortest and self.seconds(node.shortest),
            "longest": node.longest and self.seconds(node.longest),
            "merge": node.merge and self.seconds(node.merge),
            "coverage": node.coverage,
        }
        said = {key: value for key, value in given.items() if value is not None}
        if not self.is_events(node.body):
            return self.cut(self.truth(node.body), **{"shortest": 0.0, **said} if "longest" in said else said)
        found = self.events(node.body)
        if "merge" in said:
            found = found.map(lambda events: _merged(events, said["merge"]))
        return found.map(
            lambda events: events.lasting(
                said.get("shortest", -float("inf")), said.get("longest", float("inf"))
            ).covered(said.get("coverage", 0.0))
        )

    def _then(self, node: Then) -> Occurrences:
        first, second = self.events(node.first), self.events(node.second)
        within = self.seconds(node.within) if node.within is not None else float("inf")
        if not node.same_actor:
            first, second = self._anybody(first), self._anybody(second)
        return first.joined(second, lambda a, b: _followed(a, b, within, node.overlap))

    def _anybody(self, found: Occurrences) -> Occurrences:
        """Events of anybody, with nobody's name."""
        every = list(found.cells.values())
        if not every:
            return Occurrences({(None, None): self.nothing()}, Axes())
        joined = every[0]
        for events in every[1:]:
            joined = joined | events
        return Occurrences({(None, None): joined}, Axes())

    def nothing(self) -> Events:
        """No events, in a time that was wholly seen."""
        return Events.at(np.empty(0), np.empty(0), self.clock())

    def _of_whom(self, found: Any, node: Named) -> Any:
        actor, target = (None if name is None else self.place(name) for name in (node.actor, node.target))
        return found if actor is target is None else found.only(actor, target)

    def place(self, name: str) -> int:
        """Of an animal or person among the actors."""
        return place_of(self.subjects, name)

    def _once(self, how: str, node: Any, compute: Callable[[Any], Any]) -> Any:
        key = (how, node)
        if key not in self._done:
            self._done[key] = compute(node)
        return self._done[key]


def _judged(signal: Quantities, yes: NDArray[np.bool_], edge: Any) -> Truth:
    known = np.isfinite(signal.values) & np.isfinite(edge)
    return Truth(yes & known, known, signal.axes)


def _percentile(values: NDArray[np.float64], rank: float) -> NDArray[np.float64]:
    """Of the known values of every cell, ``(A, B, 1)``; NaN where nothing is known."""
    found = np.full((*values.shape[:2], 1), np.nan)
    for at in np.ndindex(values.shape[:2]):
        known = values[at][np.isfinite(values[at])]
        if len(known):
            found[at] = np.percentile(known, rank)
    return found


def _merged(events: Events, gap: float) -> Events:
    if len(events) < 2:
        return events
    apart = events.starts[1:] - np.maximum.accumulate(events.ends)[:-1] >= gap - 1e-9
    first, last = np.concatenate(([True], apart)), np.concatenate((apart, [True]))
    joined = Events.at(events.starts[first], np.maximum.accumulate(events.ends)[last], events.seen, events.name)
    return joined


def _followed(first: Events, second: Events, within: float, overlap: bool) -> Events:
    """One event for each of the first that one of the second follows, from the beginning of the one to the end of the
    other."""
    starts: list[float] = []
    ends: list[float] = []
    coverage: list[float] = []
    for k in range(len(first)):
        after = first.starts[k] if overlap else first.ends[k]
        at = int(np.searchsorted(second.starts, after - 1e-9, "left"))
        if at < len(second) and second.starts[at] - first.ends[k] <= within + 1e-9:
            starts.append(float(first.starts[k]))
            ends.append(float(max(second.ends[at], first.ends[k])))
            coverage.append(float(min(first.coverage[k], second.coverage[at])))
    found = Events.at(np.array(starts), np.array(ends), first.both_seen(second), first.name)
    return replace(found, coverage=np.array(coverage))


# what makes a signal of a signal


# what makes a statement


# what makes events
