"""The syntax tree, of which text and JSON are two spellings. Nodes are frozen values, equal when their text is.

A *signal* is a quantity at every instant (`Call` of a signal, `Arithmetic`), a *statement* is true, false or unknown at
every instant (`Compare`, `Between`, `And`, `Or`, `Not`, `Named`), *events* are stretches of time (`Bouts`, `Then`,
`Named`, `Call` of an operator that gives events). A statement stands for its events, and events for the statement that
one of them is going on, wherever the other is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from bitflow.events.language.entries import WORDS_OF, Parameter
from bitflow.events.language.refusals import Malformed, UnknownName
from bitflow.events.language.units import Quantity
from bitflow.events.language.vocabulary import operator

if TYPE_CHECKING:
    from bitflow.events.language.study import Study

Comparison = Literal["<", "<=", ">", ">=", "==", "!="]
COMPARISONS: tuple[Comparison, ...] = ("<=", ">=", "==", "!=", "<", ">")

AboutEvents = Literal[
    "list",
    "count",
    "total_time",
    "fraction",
    "mean_duration",
    "longest",
    "first",
    "last",
    "latency",
    "rate",
    "matrix",
    "transitions",
]
AboutSignals = Literal["value", "timeline"]
AboutPlaces = Literal["trajectory", "occupancy"]
Answer = Literal[AboutEvents, AboutSignals, AboutPlaces, "describe", "summary"]

#: Answers about events, about a signal, about where a body part is; with the one about the recording itself, all.
ABOUT_EVENTS: tuple[AboutEvents, ...] = get_args(AboutEvents)
ABOUT_SIGNALS: tuple[AboutSignals, ...] = get_args(AboutSignals)
ABOUT_PLACES: tuple[AboutPlaces, ...] = get_args(AboutPlaces)
ANSWERS: tuple[Answer, ...] = get_args(Answer)

STATISTICS = ("mean", "median", "sd", "min", "max", "p10", "p90", "iqr", "slope")
MATRIX_CELLS = ("count", "total_time", "fraction", "mean_duration", "rate")
RATE_UNITS = ("s", "min", "h")
COLOURS = ("time", "speed", "animal")
ORDERS = ("most", "least")

#: Answers that are one number for everybody, and those that may be asked of one stretch after the other.
IN_ORDER = ("count", "total_time", "fraction", "mean_duration", "longest", "latency", "rate", "value")
IN_BINS = ("count", "total_time", "fraction", "mean_duration", "rate", "value")

DESCRIBED = ("keypoints", "animals", "regions", "signals", "behaviours", "units", "recording")


@dataclass(frozen=True)
class Percentile:
    """A threshold taken from the recording: ``p90`` is what 90 % of each animal's known values lie below."""

    rank: float

    def __post_init__(self) -> None:
        if not 0 <= self.rank <= 100:
            raise Malformed(f"a percentile lies between p0 and p100, not p{self.rank:g}")
        object.__setattr__(self, "rank", round(float(self.rank), 4) + 0.0)


@dataclass(frozen=True)
class Call:
    """A signal or operator of the vocabulary with its arguments by name; those that say the default are left out."""

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        declared = operator(self.name)
        given = dict(self.arguments)
        if len(given) < len(self.arguments):
            raise Malformed(f"{self.name}: an argument is given twice")
        for name in given:
            if name not in declared.parameter_names:
                raise UnknownName.of(f"argument of {self.name}", name, declared.parameter_names)
        kept: list[tuple[str, Any]] = []
        for parameter in declared.parameters:
            if parameter.name not in given:
                if parameter.required:
                    raise Malformed(f"{self.name} needs {parameter.name}", [declared.signature])
                continue
            value = given[parameter.name]
            _check_argument(self.name, parameter, value)
            if value != parameter.default:
                kept.append((parameter.name, value))
        object.__setattr__(self, "arguments", tuple(kept))

    def __getitem__(self, name: str) -> Any:
        """The argument, or its default."""
        return dict(self.arguments).get(name, operator(self.name)[name].default)


@dataclass(frozen=True)
class Arithmetic:
    """A signal and a number: ``speed * 2``."""

    op: Literal["+", "-", "*", "/"]
    signal: Signal
    by: Quantity

    def __post_init__(self) -> None:
        _check_signal(self.signal)
        if self.op == "/" and self.by.value == 0:
            raise Malformed("division by zero")


@dataclass(frozen=True)
class Compare:
    """A signal against a number, a percentile or another signal."""

    op: Comparison
    signal: Signal
    value: Quantity | Percentile | Signal

    def __post_init__(self) -> None:
        _check_signal(self.signal)
        if not isinstance(self.value, Quantity | Percentile):
            _check_signal(self.value)


@dataclass(frozen=True)
class Between:
    """``signal in low..high``, both included; the unit may be written once."""

    signal: Signal
    low: Quantity
    high: Quantity

    def __post_init__(self) -> None:
        _check_signal(self.signal)
        if self.low.unit == "1" != self.high.unit:
            object.__setattr__(self, "low", Quantity(self.low.value, self.high.unit))


@dataclass(frozen=True)
class Named:
    """A behaviour by its name: a definition, or one that bitflow finds in people; of one actor, towards one target."""

    name: str
    actor: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class And:
    """All of them hold."""

    all: tuple[Body, ...]

    def __post_init__(self) -> None:
        _check_several("and", self.all)


@dataclass(frozen=True)
class Or:
    """One of them holds."""

    any: tuple[Body, ...]

    def __post_init__(self) -> None:
        _check_several("or", self.any)


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    body: Body


@dataclass(frozen=True)
class Bouts:
    """Events of a statement: gaps of `merge` or less closed, then the short, the long and the unseen left out."""

    body: Body
    shortest: Quantity | None = None
    longest: Quantity | None = None
    merge: Quantity | None = None
    coverage: float | None = None

    def __post_init__(self) -> None:
        if self.coverage is not None and not 0 <= self.coverage <= 1:
            raise Malformed(f"coverage is a share between 0 and 1, not {self.coverage:g}")
        if self.shortest is self.longest is self.merge is self.coverage is None:
            raise Malformed("events without a duration, merge or coverage are written without `for`")


@dataclass(frozen=True)
class Then:
    """Events of `second` that begin after one of `first` ended, at most `within` later; without it, any time later.

    The event runs from the beginning of the first to the end of the second. `same_actor` asks that both be of the same
    animal; `overlap` lets the second begin while the first still goes on.
    """

    first: Body
    second: Body
    within: Quantity | None = None
    same_actor: bool = True
    overlap: bool = False


Signal = Call | Arithmetic
Body = Compare | Between | Named | And | Or | Not | Bouts | Then | Call


@dataclass(frozen=True)
class Query:
    """One question: what to answer, about what, of whom, when.

    Parameters
    ----------
    answer
        What is wanted.
    body
        Events or statement that it is about; for ``value`` the time over which.
    signals
        What ``value`` and ``timeline`` are of.
    part
        Keypoint or ``centre`` of ``trajectory`` and ``occupancy``.
    statistic, unit
        Of ``value``: how, and in which unit.
    per
        Of ``rate``: ``s``, ``min`` or ``h``.
    cells
        Of ``matrix``: what stands in each cell.
    colour
        Of ``trajectory``.
    what
        Of ``describe``.
    by
        ``each`` animal for itself, ``any``, ``all``, or the name of one.
    pairs
        ``directed``: who to whom; ``unordered``: each two once.
    at_least
        How many animals must take part at the same time.
    start, end
        The time that is looked at; None for the recording's beginning and end.
    order
        Everybody's numbers in order: ``most`` or ``least`` first.
    bins
        Length of the stretches that the time is cut into, each answered for itself.
    recordings
        Ids of the recordings that are asked; all where there are none.
    """

    answer: Answer
    body: Body | None = None
    signals: tuple[Signal, ...] = ()
    part: str | None = None
    statistic: str | None = None
    unit: str | None = None
    per: str | None = None
    cells: str | None = None
    colour: str | None = None
    what: str | None = None
    by: str | None = None
    pairs: Literal["directed", "unordered"] | None = None
    at_least: int | None = None
    start: Quantity | None = None
    end: Quantity | None = None
    order: Literal["most", "least"] | None = None
    bins: Quantity | None = None
    recordings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_query(self)


@dataclass(frozen=True)
class Definition:
    """A name for a statement or events, with what it means and whose it is."""

    name: str
    body: Body
    doc: str = ""
    author: str = ""
    date: str = ""
    source: str = ""


@dataclass(frozen=True)
class Program:
    """Definitions, then questions: of each recording, or across them."""

    queries: tuple[Query | Study, ...] = ()
    definitions: tuple[Definition, ...] = ()


Node = Program | Definition | Query | Body | Signal | Quantity | Percentile


def gives_signal(node: Any) -> bool:
    """Whether a node is a quantity, or a strength of events: `smooth` gives what it is of."""
    if isinstance(node, Call):
        return (
            gives_signal(node["of"]) if node.name == "smooth" else operator(node.name).gives in ("signal", "strength")
        )
    return isinstance(node, Arithmetic)


def children(node: Any) -> Iterator[Any]:
    """Nodes directly below a node, in order."""
    values = (
        (value for _, value in node.arguments)
        if isinstance(node, Call)
        else (getattr(node, field.name) for field in fields(node))
        if is_dataclass(node)
        else ()
    )
    for value in values:
        for each in value if isinstance(value, tuple) else (value,):
            if is_dataclass(each) and not isinstance(each, type):
                yield each


def walk(node: Any) -> Iterator[Any]:
    """A node and all below it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(list(children(current))))


def depth(node: Any) -> int:
    """Nodes on the longest way down."""
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        current, level = waiting.pop()
        deepest = max(deepest, level)
        waiting.extend((child, level + 1) for child in children(current))
    return deepest


def _check_signal(node: Any) -> None:
    if not gives_signal(node):
        what = node.name if isinstance(node, Call | Named) else type(node).__name__
        raise Malformed(f"a signal expected, {what} is a statement or events", ["speed, dist, closest, head_angle, …"])


def _check_several(word: str, parts: tuple[Body, ...]) -> None:
    if len(parts) < 2:
        raise Malformed(f"`{word}` stands between two statements or more")


def _check_argument(name: str, parameter: Parameter, value: Any) -> None:
    kind = parameter.kind
    holds = {
        "words": isinstance(value, tuple) and bool(value) and all(isinstance(word, str) for word in value),
        "word": isinstance(value, str),
        "quantity": isinstance(value, Quantity),
        "signal": isinstance(value, Call | Arithmetic),
        "body": isinstance(value, Body),
        "either": isinstance(value, Body | Arithmetic),
        "flag": isinstance(value, bool),
    }
    if not holds[WORDS_OF.get(kind, kind)]:
        raise Malformed(f"{name}: {parameter.name} must be {parameter.expected}, not {_said(value)}")
    if parameter.choices and value not in parameter.choices:
        raise UnknownName.of(f"{parameter.name} of {name}", str(value), parameter.choices)


def _check_query(query: Query) -> None:
    answer = query.answer
    if answer not in ANSWERS:
        raise UnknownName.of("answer", str(answer), ANSWERS)
    if answer in ABOUT_EVENTS and query.body is None:
        raise Malformed(f"`{answer}` needs events or a statement")
    if answer in ABOUT_SIGNALS and not query.signals:
        raise Malformed(f"`{answer}` needs a signal")
    if answer == "value" and len(query.signals) != 1:
        raise Malformed("`value` is of one signal; ask for others in queries of their own")
    if answer in ABOUT_PLACES and query.part is None:
        raise Malformed(f"`{answer}` needs a keypoint, or `centre`")
    for field, allowed, only in (
        ("statistic", STATISTICS, ("value",)),
        ("per", RATE_UNITS, ("rate", "matrix", "value")),
        ("order", ORDERS, IN_ORDER),
        ("cells", MATRIX_CELLS, ("matrix",)),
        ("colour", COLOURS, ("trajectory",)),
        ("what", DESCRIBED, ("describe",)),
    ):
        value = getattr(query, field)
        if value is not None and (answer not in only or value not in allowed):
            if answer not in only:
                raise Malformed(f"`{answer}` takes no {field}")
            raise UnknownName.of(field, str(value), allowed)
    if query.pairs not in (None, "directed", "unordered"):
        raise UnknownName.of("pairs", str(query.pairs), ("directed", "unordered"))
    if query.at_least is not None and query.at_least < 1:
        raise Malformed("at_least counts animals: 1 or more")
    if query.per is not None and answer == "value" and query.statistic != "slope":
        raise Malformed("`per` is of a rate, or of a slope", ["value head_pose.yaw slope per min"])
    if len(set(query.recordings)) < len(query.recordings):
        raise Malformed("a recording is named twice")
    forbidden = {
        "bins": answer not in IN_BINS,
        "body": answer in (*ABOUT_PLACES, "describe", "timeline", "summary"),
        "signals": answer not in ABOUT_SIGNALS,
        "part": answer not in ABOUT_PLACES,
        "unit": answer not in ("value", "timeline"),
    }
    for field, wrong in forbidden.items():
        if wrong and getattr(query, field):
            raise Malformed(f"`{answer}` takes no {field}")
    if query.start is not None and query.end is not None and query.start.unit == "1" != query.end.unit:
        object.__setattr__(query, "start", Quantity(query.start.value, query.end.unit))
    if answer == "rate" and query.per is None:
        object.__setattr__(query, "per", "min")
    if answer == "describe" and query.what is None:
        object.__setattr__(query, "what", "recording")


def _said(value: Any) -> str:
    return (
        repr(value) if isinstance(value, str) else str(value) if isinstance(value, Quantity) else type(value).__name__
    )
