"""Ranges, durations and stretches of time in a clause."""

from __future__ import annotations

from typing import Any

from bitflow.events.language.tree import Between, Call
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.clauses.signals import called, signal_of, trailing_comparison, with_unit
from bitflow.models.asking.animals.clauses.state import State
from bitflow.models.asking.animals.lexicon import SignalWord
from bitflow.models.asking.item import Item

#: Units of time.
TIME = ("s", "ms", "min", "h", "f")

#: Words between the edges of a range.
UP_TO = ("to", "-", "until", "till", "through")


def is_range(clause: State) -> bool:
    """Whether two edges follow."""
    ahead = [
        item
        for item in clause.items[clause.at + 1 : clause.at + 5]
        if not item.is_("mark") or item["mark"] not in ",;."
    ]
    numbers = [n for n, item in enumerate(ahead) if item.is_("number")]
    return (
        len(numbers) >= 1 and numbers[0] <= 1 and (len(numbers) >= 2 or any(item.is_("end") for item in ahead))
    ) or (bool(ahead) and ahead[0].is_("start"))


def read_range(clause: State) -> None:
    """``between a and b``: of a signal, or of time."""
    clause.at += 1
    edges: list[Any] = []
    while clause.at < len(clause.items) and len(edges) < 2:
        item = clause.items[clause.at]
        if item.is_("number"):
            edges.append(item["number"])
        elif item.is_("end"):
            edges.append("end")
        elif item.is_("start"):
            edges.append("start")
        elif not item.is_("stop", "and", "to", "between", "mark") and item.text.lower() not in UP_TO:
            break
        clause.at += 1
    low, high = (*edges, None, None)[:2]
    if isinstance(high, Quantity) and isinstance(low, float):
        low = Quantity(low, high.unit)
    if clause.signal is None and any(
        (isinstance(edge, Quantity) and edge.unit in TIME) or edge in ("end", "start") for edge in edges
    ):
        clause.found.start = low if isinstance(low, Quantity) else None
        clause.found.end = high if isinstance(high, Quantity) else None
        return
    if isinstance(low, Quantity) and low.unit in TIME and isinstance(high, Quantity):
        clause.found.start, clause.found.end = low, high
        return
    if clause.signal is None and isinstance(high, Quantity):
        clause.at -= 1
        clause.signal = signal_of(clause, high)
        clause.at += 1
    if clause.signal is None or low is None or high is None:
        clause.leftover.append(f"between {low} and {high}")
        return
    word = clause.signal
    signal = called(clause, word)
    low, high = with_unit(clause, signal, low), with_unit(clause, signal, high)
    if low.base > high.base and low.unit == high.unit:
        low, high = high, low
    absolute = isinstance(word, SignalWord) and word.absolute
    clause.add(Between(Call("abs", (("of", signal),)) if absolute else signal, low, high))
    clause.signal = None


def duration_follows(clause: State) -> bool:
    """Whether a length of time follows."""
    ahead = 1
    while (item := clause.peek(ahead)) is not None and (item.is_("stop", "compare") and not item.is_("number")):
        ahead += 1
    return (
        item is not None and item.is_("number") and isinstance(item["number"], Quantity) and item["number"].unit in TIME
    )


def read_duration(clause: State, op: str) -> None:
    """``for at least 2 s``."""
    clause.at += 1
    while not (item := clause.items[clause.at]).is_("number") or item.is_("compare"):
        if item.is_("compare"):
            op = item["compare"]
        clause.at += 1
    trailing = trailing_comparison(clause)
    if trailing:
        op = trailing
        clause.at += 1
    keep_duration(clause, op, item["number"])
    clause.at += 1
    clause.compare = None


def keep_duration(clause: State, op: str, length: Quantity) -> None:
    """The shortest or longest that events may be."""
    if op in (">", ">="):
        clause.found.shortest = length
    else:
        clause.found.longest = length


def read_time_words(clause: State, item: Item) -> bool:
    """``in the first minute``, ``last 30 seconds``, ``second half``."""
    if item.is_("window"):
        half = Quantity(round(clause.names.seconds / 2, 6), "s")
        clause.found.start, clause.found.end = (None, half) if item.text.lower().startswith("first") else (half, None)
        return True
    after = clause.peek()
    if after is None:
        return False
    length: Any = after["number"] if after.is_("number") else None
    if length is None and after.text.lower() in ("second", "minute", "hour"):
        length = Quantity(1, after.text.lower())
    if not isinstance(length, Quantity) or length.unit not in TIME:
        return False
    if item.text.lower() in ("first", "initial", "opening"):
        clause.found.end = length
    elif item.text.lower() in ("last", "final", "closing", "ending"):
        seconds = length.value / clause.names.rate if length.unit == "f" else length.base
        clause.found.start = Quantity(round(max(0.0, clause.names.seconds - seconds), 6), "s")
    else:
        return False
    clause.at += 2
    return True
