"""A program held against a recording before anything is computed: names, kinds, units, size."""

from __future__ import annotations

from dataclasses import dataclass

from bitflow.events.language.contradictions import contradiction
from bitflow.events.language.definitions import Definitions
from bitflow.events.language.entries import Gives
from bitflow.events.language.fields import Axes
from bitflow.events.language.printing import text_of
from bitflow.events.language.refusals import (
    EmptyWindow,
    NeedsTwoAnimals,
    NotExpressible,
    Refusal,
    ShapeMismatch,
    TooLarge,
    UnitMismatch,
    UnitMissing,
    UnknownName,
)
from bitflow.events.language.study import Study
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
    Query,
    Then,
    depth,
    walk,
)
from bitflow.events.language.units import EXAMPLES, UNITS, Quantity
from bitflow.events.language.vocabulary import SIGNALS, operator

DEEPEST = 12
MOST_NODES = 200

#: Numbers that the signals of a program may be made of, all together: 8 GB, of which a block at a time is in memory.
MOST_NUMBERS = 1e9

#: Instants that a timeline or trajectory writes out, of all animals together: eight hours of one, at 30 a second.
MOST_TOLD = 1_000_000

#: Bins that a question may be cut into.
MOST_BINS = 10_000

_EACH = Axes(actor=True)
_NOBODY = Axes()


@dataclass(frozen=True)
class Sort:
    """What an expression is: a signal of a dimension, a statement, events, or a strength of events; and whose."""

    gives: Gives
    axes: Axes
    dimension: str = ""


def check(program: Program, subjects: Subjects, definitions: Definitions) -> None:
    """Refuse a program that cannot be carried out on a recording.

    Raises
    ------
    Refusal
        The first thing that is wrong, with what would be right.
    """
    nodes = sum(1 for _ in walk(program))
    if nodes > MOST_NODES:
        raise TooLarge(f"a program of {nodes} nodes; at most {MOST_NODES}", ["ask in several programs"])
    for tree in (*(query for query in program.queries), *(each.body for each in program.definitions)):
        levels = depth(tree)
        if levels > DEEPEST + isinstance(tree, Query):
            raise TooLarge(f"a program {levels} levels deep; at most {DEEPEST}", ["name its parts with `define`"])
    used = definitions.used_by(program)
    cost = sum(
        isinstance(node, Call) and node.name in SIGNALS
        for each in (*program.queries, *(d.body for d in used))
        for node in walk(each)
    )
    if cost * subjects.cost > MOST_NUMBERS:
        raise TooLarge(
            f"{cost} signals of {subjects.samples} frames and {len(subjects.actors)} animals are "
            f"{cost * subjects.cost:.1e} numbers; at most {MOST_NUMBERS:.0e}",
            ["ask about a part of the time in a recording of its own", "ask in several programs"],
        )
    checker = Checker(subjects, definitions)
    for query in program.queries:
        if isinstance(query, Study):
            raise NotExpressible(
                "what is asked across recordings has no answer in one of them", [f"bitflow ask STORE '{query.verb} …'"]
            )
        checker.query(query)


class Checker:
    """Sorts of expressions against one recording; each definition is looked at once."""

    def __init__(self, subjects: Subjects, definitions: Definitions):
        self.subjects = subjects
        self.definitions = definitions
        self._named: dict[str, Sort] = {}

    def query(self, query: Query) -> None:
        """Refuse a question that does not hold together."""
        axes = _NOBODY
        if query.body is not None:
            axes = self.occurring(query.body).axes
        for signal in query.signals:
            if isinstance(signal, Call) and signal.name == "measure":
                self._measure(query, signal)
                continue
            sort = self.signal(signal)
            axes = axes | sort.axes
            if query.unit is not None:
                self._fits(Quantity(1, query.unit), sort.dimension)
        if query.part is not None:
            self.subjects.admit(Call("x", (("parts", (query.part,)),)))
        both = axes.actor and axes.target
        if (query.pairs or query.answer == "matrix") and not both:
            what = "`pairs`" if query.pairs else "`matrix`"
            raise ShapeMismatch(
                f"{what} is about one {self.subjects.kind} and another, and this is about {axes}",
                ["a signal of pairs such as dist, closest or head_angle, or a behaviour such as chase"],
            )
        if query.by is not None and query.by not in ("each", "any", "all"):
            self.animal(query.by)
        if query.at_least is not None and query.at_least > len(self.subjects.actors):
            raise NeedsTwoAnimals(f"at least {query.at_least} animals; there are {len(self.subjects.actors)}")
        if query.bins is not None:
            self._time(query.bins)
            length = self.subjects.samples / self.subjects.rate
            if not self._seconds(query.bins) > 0 or length / self._seconds(query.bins) > MOST_BINS:
                raise TooLarge(f"bins of {query.bins} are more than {MOST_BINS} of {length:g} s", ["bins 10s"])
        self._window(query)

    def _measure(self, query: Query, signal: Call) -> None:
        self.subjects.admit(signal)
        if query.answer != "value" or query.body is not None or query.statistic is not None or query.unit is not None:
            raise ShapeMismatch(
                f"{signal['id']} is one number of a stretch of time: it has no statistic, unit or `over`",
                [f"value measure({signal['id']}) in 1min..2min"],
            )

    def occurring(self, node: object) -> Sort:
        """A statement or events."""
        sort = self._outside_filter(self.sort(node))
        if sort.gives == "signal":
            unit = EXAMPLES.get(sort.dimension, ("px",))[0]
            raise ShapeMismatch("a statement or events expected, a signal came", [f"compare it: > 1{unit}"])
        return sort

    def signal(self, node: object) -> Sort:
        """A signal."""
        sort = self._outside_filter(self.sort(node))
        if sort.gives != "signal":
            raise ShapeMismatch(f"a signal expected, {'a statement' if sort.gives == 'statement' else 'events'} came")
        return sort

    def _outside_filter(self, sort: Sort) -> Sort:
        if sort.gives == "strength":
            raise ShapeMismatch("strengths of events stand in `filter` only", ["filter(…, net_change(dist) < -1bl)"])
        return sort

    def sort(self, node: object) -> Sort:
        """What a node is."""
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Named):
            return self._behaviour(node)
        if isinstance(node, And | Or):
            axes = _NOBODY
            for part in node.all if isinstance(node, And) else node.any:
                axes = axes | self.occurring(part).axes
            if isinstance(node, And) and (both := contradiction(node.all)) is not None:
                first, second = (text_of(each) for each in both)
                raise EmptyWindow(f"nothing is both {first} and {second}", [f"{first} or {second}"])
            return Sort("statement", self._paired(axes))
        if isinstance(node, Not):
            return Sort("statement", self.occurring(node.body).axes)
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, Between):
            sort = self.signal(node.signal)
            for edge in (node.low, node.high):
                self._fits(edge, sort.dimension)
            if UNITS[node.low.unit].base == UNITS[node.high.unit].base and node.low.base > node.high.base:
                raise EmptyWindow(f"nothing lies between {node.low} and {node.high}", [f"in {node.high}..{node.low}"])
            return Sort("statement", sort.axes)
        if isinstance(node, Arithmetic):
            sort = self.signal(node.signal)
            if node.op in "+-":
                self._fits(node.by, sort.dimension)
            elif node.by.unit not in ("1", "%"):
                raise UnitMismatch(f"a signal is multiplied by a pure number, not by {node.by}")
            return sort
        if isinstance(node, Bouts):
            sort = self.occurring(node.body)
            for length in (node.shortest, node.longest, node.merge):
                self._time(length)
            if node.shortest and node.longest and self._seconds(node.shortest) > self._seconds(node.longest):
                raise EmptyWindow(f"no event lasts at least {node.shortest} and at most {node.longest}")
            return Sort("events", sort.axes)
        if isinstance(node, Then):
            first, second = self.occurring(node.first), self.occurring(node.second)
            self._time(node.within)
            return Sort("events", self._paired(first.axes | second.axes))
        raise ShapeMismatch(f"{type(node).__name__} has no place here")

    # the parts

    def _call(self, node: Call) -> Sort:
        declared = operator(node.name)
        if node.name == "measure":
            raise ShapeMismatch(
                f"{node['id']} is one number of a stretch of time, and no signal",
                [f"value measure({node['id']}) in 1min..2min"],
            )
        if node.name in SIGNALS:
            for parameter in declared.parameters:
                if parameter.kind == "window":
                    self._within_clip(node[parameter.name])
            axes, dimension = self.subjects.admit(node)
            return Sort(declared.gives, self._paired(axes), dimension)
        axes, dimension = _NOBODY, ""
        for parameter in declared.parameters:
            value = node[parameter.name]
            if value is None:
                continue
            if parameter.kind == "signal":
                sort = self.signal(value)
                axes, dimension = axes | sort.axes, sort.dimension
            elif parameter.kind == "either":
                sort = self.sort(value)
                sort = self.occurring(value) if sort.gives in ("events", "strength") else sort
                return_gives: Gives = "signal" if sort.gives == "signal" else "statement"
                self._within_clip(node["window"])
                return Sort(return_gives, sort.axes, sort.dimension)
            elif parameter.name == "where":
                axes = axes | self._condition(value)
            elif parameter.kind == "body":
                axes = axes | self.occurring(value).axes
            elif parameter.kind == "window":
                self._within_clip(value)
            elif parameter.kind == "time":
                self._time(value)
            elif parameter.kind == "region":
                axes = axes | self.subjects.admit(Call("region_dist", (("region", value),)))[0]
        return self._after(node, declared.gives, self._paired(axes), declared.dimension or dimension)

    def _after(self, node: Call, gives: Gives, axes: Axes, dimension: str) -> Sort:
        """What some operators do beside what their parameters say."""
        if node.name == "of":
            if node["who"] == "target":
                return Sort("statement", axes.turned)
            self.animal(node["who"])
            return Sort("statement", Axes(False, axes.target))
        if node.name == "others" and (not axes.actor or len(self.subjects.actors) < 2):
            raise NeedsTwoAnimals("`others` are everybody else, and there is nobody else", ["turn"])
        if node.name in ("exists_target", "forall_target", "towards"):
            if node.name == "towards":
                self.animal(node["who"])
            if not axes.target:
                raise ShapeMismatch(f"{node.name} is of a statement about pairs; this one is about {axes}")
            return Sort("statement", Axes(axes.actor, False))
        if node.name == "hysteresis":
            for edge in (node["enter"], node["leave"]):
                self._fits(edge, dimension)
        if node.name == "nth" and (
            node["number"].unit != "1" or node["number"].value != int(node["number"].value) or node["number"].value < 1
        ):
            raise UnitMismatch(f"nth takes a whole number from 1, not {node['number']}")
        if node.name == "in_time" and self._seconds(node["start"]) >= self._seconds(node["end"]):
            raise EmptyWindow(f"nothing lies between {node['start']} and {node['end']}")
        return Sort(gives, axes, dimension)

    def _condition(self, node: object) -> Axes:
        """What `filter` asks of each event: comparisons of strengths, joined by and, or, not."""
        if isinstance(node, And | Or):
            axes = _NOBODY
            for part in node.all if isinstance(node, And) else node.any:
                axes = axes | self._condition(part)
            return axes
        if isinstance(node, Not):
            return self._condition(node.body)
        if isinstance(node, Compare | Between):
            sort = self.sort(node.signal)
            if sort.gives == "strength":
                edges = (node.value,) if isinstance(node, Compare) else (node.low, node.high)
                for edge in edges:
                    if not isinstance(edge, Quantity):
                        raise ShapeMismatch("a strength of events is compared with a number")
                    self._fits(edge, sort.dimension)
                return sort.axes
        raise ShapeMismatch(
            "`filter` asks for strengths of events",
            ["net_change(dist) < -1bl", "duration > 1s", "max_of(speed) > 5cm/s"],
        )

    def _compare(self, node: Compare) -> Sort:
        sort = self.signal(node.signal)
        if isinstance(node.value, Quantity):
            self._fits(node.value, sort.dimension)
            return Sort("statement", sort.axes)
        if isinstance(node.value, Percentile):
            return Sort("statement", sort.axes)
        other = self.signal(node.value)
        if other.dimension != sort.dimension:
            raise UnitMismatch(f"{_kind(sort.dimension)} is compared with {_kind(other.dimension)}")
        return Sort("statement", self._paired(sort.axes | other.axes))

    def _behaviour(self, node: Named) -> Sort:
        if node.name not in self._named:
            if node.name in self.definitions:
                try:
                    self._named[node.name] = self.occurring(self.definitions[node.name].body)
                except Refusal as refusal:
                    refusal.message = f"{node.name}: {refusal.message}"
                    raise
            elif node.name in self.subjects.behaviours:
                self._named[node.name] = Sort("events", self._paired(self.subjects.behaviours[node.name]))
            else:
                raise UnknownName.of(
                    "behaviour", node.name, [*self.definitions.by_name, *self.subjects.behaviours, *SIGNALS]
                )
        sort = self._named[node.name]
        axes = sort.axes
        if node.actor is not None:
            self.animal(node.actor)
            axes = Axes(False, axes.target)
        if node.target is not None:
            self.animal(node.target)
            if not axes.target:
                raise ShapeMismatch(f"{node.name} has no target: it is about {sort.axes}")
            axes = Axes(axes.actor, False)
        if node.actor is not None and node.actor == node.target:
            raise ShapeMismatch(f"{node.actor} is both actor and target of {node.name}")
        return Sort(sort.gives, axes)

    def animal(self, name: str) -> int:
        """The place of an animal or person."""
        return place_of(self.subjects, name)

    # units

    def _fits(self, quantity: Quantity, dimension: str) -> None:
        if quantity.dimension != dimension:
            options = EXAMPLES.get(dimension, (dimension,))
            if quantity.unit == "1":
                raise UnitMissing(
                    f"{quantity} needs a unit: it is {_kind(dimension)}", [f"{quantity}{unit}" for unit in options]
                )
            raise UnitMismatch(
                f"{_kind(dimension)} expected, {quantity} is {_kind(quantity.dimension)}", [f"in {', '.join(options)}"]
            )
        self.subjects.admit_unit(quantity)

    def _time(self, quantity: Quantity | None) -> None:
        if quantity is None:
            return
        self._fits(quantity, "time")
        if quantity.value < 0:
            raise EmptyWindow(f"a length of time is not negative: {quantity}")

    def _seconds(self, quantity: Quantity) -> float:
        self._time(quantity)
        return quantity.value / self.subjects.rate if quantity.unit == "f" else quantity.base

    def _within_clip(self, window: Quantity) -> None:
        length = self.subjects.samples / self.subjects.rate
        if self._seconds(window) > length:
            raise TooLarge(f"a window of {window} is longer than the recording of {length:g} s")

    def _window(self, query: Query) -> None:
        subjects = self.subjects
        first, last = subjects.start, subjects.start + subjects.samples / subjects.rate
        start = first if query.start is None else self._seconds(query.start)
        end = last if query.end is None else self._seconds(query.end)
        if start >= end or start >= last or end <= first:
            raise EmptyWindow(
                f"there is nothing between {start:g} and {end:g} s: the recording runs from {first:g} to {last:g} s"
            )
        if query.answer in ("timeline", "trajectory"):
            seconds = min(end, last) - max(start, first)
            told = seconds * subjects.rate * len(subjects.actors) * max(1, len(query.signals))
            if told > MOST_TOLD:
                first = max(start, first)
                raise TooLarge(
                    f"a {query.answer} of {seconds:g} s tells {told:.0f} instants; at most {MOST_TOLD}",
                    [
                        f"in {first:g}s..{first + seconds * MOST_TOLD / told:.0f}s",
                        "`occupancy` and `value` of any length",
                    ],
                )

    def _paired(self, axes: Axes) -> Axes:
        if axes.actor and axes.target and len(self.subjects.actors) < 2:
            one = f"{self.subjects.kind} {self.subjects.actors[0]!r}" if self.subjects.actors else "nobody"
            raise NeedsTwoAnimals(
                f"this is about one {self.subjects.kind} and another, and there is only {one}",
                ["signals of one animal: speed, elongation, inside, …"],
            )
        return axes


def _kind(dimension: str) -> str:
    article = "an" if dimension[:1] in "aeio" else "a"
    return f"{article} {dimension}" if dimension in EXAMPLES else f"a quantity in {dimension or 'no unit'}"
