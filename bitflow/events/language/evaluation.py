"""What a checked program is worth on one recording: one function for every node and operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.fields import Axes, Occurrences, Quantities, Truth, Whom
from bitflow.events.language.refusals import ShapeMismatch, UnknownName
from bitflow.events.language.subjects import Subjects
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
    Then,
)
from bitflow.events.language.units import Quantity
from bitflow.events.language.vocabulary import SIGNALS, operator
from bitflow.events.mask import Mask
from bitflow.signals.cleaning import held_state

#: How events are made of a statement that does not say.
SHORTEST_S, MERGE_S, COVERAGE = 0.2, 0.2, 0.5

_COMPARE: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_ARITHMETIC = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


class Evaluation:
    """Signals, statements and events of one recording; what is asked twice is computed once."""

    def __init__(self, subjects: Subjects, definitions: Definitions):
        self.subjects = subjects
        self.definitions = definitions
        self._done: dict[Any, Any] = {}

    # signals

    def signal(self, node: Call | Arithmetic) -> Quantities:
        """A signal's values."""
        return self._once("signal", node, self._signal)

    def _signal(self, node: Call | Arithmetic) -> Quantities:
        if isinstance(node, Arithmetic):
            signal = self.signal(node.signal)
            by = self.threshold(node.by, signal.axes)
            with np.errstate(invalid="ignore", over="ignore"):
                return signal.map(lambda values: _ARITHMETIC[node.op](values, by))
        if node.name in SIGNALS:
            found = self.subjects.signal(node)
            assert isinstance(found, Quantities)
            return found
        return _CHANGES[node.name](self, self.signal(node["of"]), node)

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
        return self._once("truth", node, self._truth)

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
            return _STATEMENTS[node.name](self, node)
        if isinstance(node, Named) and node.name in self.definitions and not self._is_events(node):
            return self._of_whom(self.truth(self.definitions[node.name].body), node)
        if not self._is_events(node):
            raise ShapeMismatch(f"a statement or events expected, {type(node).__name__} came")
        return self.going_on(self.events(node))

    def _compare(self, node: Compare) -> Truth:
        signal = self.signal(node.signal)
        compare = _COMPARE[node.op]
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

    def _is_events(self, node: Any) -> bool:
        """Whether a node is events of its own account: their masks are those of the events, not of what made them."""
        if isinstance(node, Named) and node.name in self.definitions:
            return self._is_events(self.definitions[node.name].body)
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
            return _EVENTS[node.name](self, node)
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
        if not self._is_events(node.body):
            return self.cut(self.truth(node.body), **{"shortest": 0.0, **said} if "longest" in said else said)
        found = self.events(node.body)
        if "merge" in said:
            found = found.map(lambda events: _merged(events, said["merge"]))
        return found.map(
            lambda events: events.lasting(said.get("shortest", 0.0), said.get("longest", float("inf"))).covered(
                said.get("coverage", 0.0)
            )
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
        if name not in self.subjects.actors:
            raise UnknownName.of(self.subjects.kind, name, self.subjects.actors)
        return self.subjects.actors.index(name)

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
    found = Events.at(np.array(starts), np.array(ends), _both_seen(first, second), first.name)
    return replace(found, coverage=np.array(coverage))


def _both_seen(first: Events, second: Events) -> Mask:
    a, b = first.seen, second.seen
    return a & b.on_clock(a.start, a.rate, len(a))


# what makes a signal of a signal


def _windows(
    change: Callable[[Evaluation, NDArray, Call], NDArray], dimension: str | None = None
) -> Callable[..., Quantities]:
    return lambda run, signal, node: signal.map(lambda values: change(run, values, node), dimension)


def _smooth_signal(run: Evaluation, values: NDArray, node: Call) -> NDArray:
    from scipy.signal import savgol_filter

    from bitflow.signals.cleaning import median_filtered, runs

    size = run.frames(node["window"])
    if node["by"] == "mean":
        return _rolling(values, size, "mean")
    result = np.array(values, float)
    for at in np.ndindex(values.shape[:2]):
        if node["by"] == "median":
            result[at] = median_filtered(values[at], size)
            continue
        for first, last in runs(np.isfinite(values[at])):
            if last - first >= size > 2:
                result[at][first:last] = savgol_filter(values[at][first:last], size, 2)
    return result


def _rolling(values: NDArray, size: int, stat: str) -> NDArray:
    """Of the known samples of a centred window, unknown where the sample itself is."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

    known = np.isfinite(values)
    if stat in ("max", "min"):
        edge, slide = (-np.inf, maximum_filter1d) if stat == "max" else (np.inf, minimum_filter1d)
        found = slide(np.where(known, values, edge), size, axis=-1, mode="constant", cval=edge)
        return np.where(known, found, np.nan)
    share = uniform_filter1d(known.astype(float), size, axis=-1, mode="constant")
    filled = np.where(known, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = uniform_filter1d(filled, size, axis=-1, mode="constant") / share
        if stat == "mean":
            return np.where(known, mean, np.nan)
        square = uniform_filter1d(filled**2, size, axis=-1, mode="constant") / share
    return np.where(known, np.sqrt(np.maximum(square - mean**2, 0.0)), np.nan)


def _delta(run: Evaluation, values: NDArray, node: Call) -> NDArray:
    """Change from half a window before to half a window after."""
    half = max(1, round(run.seconds(node["window"]) * run.subjects.rate / 2))
    found = np.full(values.shape, np.nan)
    if values.shape[-1] > 2 * half:
        found[..., half:-half] = values[..., 2 * half :] - values[..., : -2 * half]
    return found


def _zscore(run: Evaluation, values: NDArray, node: Call) -> NDArray:
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    mean = np.where(known, values, 0.0).sum(axis=-1, keepdims=True) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=-1, keepdims=True) / count)
    return np.divide(values - mean, spread, out=np.full(values.shape, np.nan), where=spread > 0)


_CHANGES: dict[str, Callable[[Evaluation, Quantities, Call], Quantities]] = {
    "abs": _windows(lambda run, values, node: np.abs(values)),
    "smooth": _windows(_smooth_signal),
    "delta": _windows(_delta),
    "rolling": _windows(lambda run, values, node: _rolling(values, run.frames(node["window"]), node["stat"])),
    "zscore": _windows(_zscore, "ratio"),
}


# what makes a statement


def _smooth_truth(run: Evaluation, node: Call) -> Truth:
    """Holds where it does in more than half of the known part of the window."""
    truth = run.truth(node["of"])
    share = _rolling(np.where(truth.known, truth.yes.astype(float), np.nan), run.frames(node["window"]), "mean")
    return Truth(truth.known & (np.nan_to_num(share) > 0.5), truth.known, truth.axes)


def _hysteresis(run: Evaluation, node: Call) -> Truth:
    signal = run.signal(node["of"])
    enter, leave = (run.threshold(node[edge], signal.axes) for edge in ("enter", "leave"))
    known = np.isfinite(signal.values) & np.isfinite(enter) & np.isfinite(leave)
    values = np.where(known, signal.values, 0.0)
    rising = np.asarray(enter) >= np.asarray(leave)
    on = known & np.where(rising, values >= enter, values < enter)
    off = ~known | np.where(rising, values < leave, values >= leave)
    yes = np.zeros(values.shape, bool)
    for at in np.ndindex(values.shape[:2]):
        yes[at] = held_state(on[at], off[at])
    return Truth(yes & known, known, signal.axes)


def _of(run: Evaluation, node: Call) -> Truth:
    truth = run.truth(node["of"])
    return truth.turned if node["who"] == "target" else truth.only(actor=run.place(node["who"]))


def _provided(run: Evaluation, node: Call) -> Truth:
    truth, condition = run.truth(node["of"]), run.truth(node["condition"])
    return Truth(truth.yes & condition.yes, truth.known & condition.yes, truth.axes | condition.axes)


_STATEMENTS: dict[str, Callable[[Evaluation, Call], Truth]] = {
    "smooth": _smooth_truth,
    "hysteresis": _hysteresis,
    "of": _of,
    "towards": lambda run, node: run.truth(node["of"]).only(target=run.place(node["who"])),
    "provided": _provided,
    "exists_target": lambda run, node: run.truth(node["of"]).some(1),
    "forall_target": lambda run, node: run.truth(node["of"]).every(1),
}


# what makes events


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
    least = run.seconds(node["min"])
    shared = np.array(
        [max((part.duration for other in theirs if (part := event & other)), default=0.0) for event in mine]
    )
    return mine.chosen(shared >= least - 1e-9)


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
        float(np.broadcast_to(run.threshold(edge, axes), _shape(run, axes))[_at(whom, axes)][0])
        for edge in ((node.value,) if isinstance(node, Compare) else (node.low, node.high))
        if isinstance(edge, Quantity)
    ]
    if isinstance(node, Compare):
        return _COMPARE[node.op](strengths, edges[0]) & np.isfinite(strengths)
    return (strengths >= edges[0]) & (strengths <= edges[1])


def strength(run: Evaluation, events: Events, whom: Whom, node: Call) -> tuple[NDArray[np.float64], Axes]:
    """One number for each event ``(n,)``, and whose signal it was taken from; NaN where the signal is not known."""
    if node.name == "duration":
        return events.durations, Axes()
    signal = run.signal(node["of"])
    values = signal.values[_at(whom, signal.axes)]
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


def _at(whom: Whom, axes: Axes) -> tuple[int, int]:
    return ((whom[0] or 0) if axes.actor else 0, (whom[1] or 0) if axes.target else 0)


def _shape(run: Evaluation, axes: Axes) -> tuple[int, int, int]:
    n = len(run.subjects.actors)
    return (n if axes.actor else 1, n if axes.target else 1, 1)


_EVENTS: dict[str, Callable[[Evaluation, Call], Occurrences]] = {
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
}
