"""Statements that can never hold together: more than 5 px/s and less than 3, and something and its opposite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from bitflow.events.language.tree import Between, Compare, Not
from bitflow.events.language.units import UNITS, Quantity

#: A bound of a signal: the signal, the base of its unit, ``>`` or ``<``, where, and whether the edge itself is allowed.
Bound = tuple[Any, str, str, float, bool]


def contradiction(parts: Sequence[Any]) -> tuple[Any, Any] | None:
    """The first two of some statements joined by `and` that exclude each other; None where none do.

    Only bounds of one signal in units of one kind are compared: how many px a body length is, the recording says.
    """
    for first, second in combinations(parts, 2):
        if first == Not(second) or second == Not(first):
            return first, second
        if any(_apart(a, b) for a in _bounds(first) for b in _bounds(second)):
            return first, second
    return None


def _bounds(node: Any) -> Iterator[Bound]:
    if isinstance(node, Between):
        yield _bound(node.signal, node.low, ">", True)
        yield _bound(node.signal, node.high, "<", True)
    elif isinstance(node, Compare) and isinstance(node.value, Quantity):
        if node.op in ("<", "<=", ">", ">="):
            yield _bound(node.signal, node.value, node.op[0], len(node.op) == 2)
        elif node.op == "==":
            yield _bound(node.signal, node.value, ">", True)
            yield _bound(node.signal, node.value, "<", True)


def _bound(signal: Any, edge: Quantity, side: str, allowed: bool) -> Bound:
    return signal, UNITS[edge.unit].base, side, edge.base, allowed


def _apart(a: Bound, b: Bound) -> bool:
    """Whether one bound begins where the other has ended."""
    if a[:2] != b[:2] or a[2] == b[2]:
        return False
    low, high = (a, b) if a[2] == ">" else (b, a)
    return low[3] > high[3] or (low[3] == high[3] and not (low[4] and high[4]))
