"""Clauses that follow one another: then, before, after, within a time of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.tree import Body, Bouts, Call, Named, Then, walk
from bitflow.events.language.units import Quantity
from bitflow.models.asking.animals.clauses.parsing import clause_of
from bitflow.models.asking.animals.clauses.state import Clause
from bitflow.models.asking.animals.lexicon import OF_PAIRS
from bitflow.models.asking.animals.names import Names
from bitflow.models.asking.item import Item


def temporal(items: Sequence[Item], names: Names, *, imported: bool = False) -> Clause:
    """Read clauses joined by then, before, after; or by `and`, where one is to be within a time of the other.

    Raises
    ------
    Refusal
        A word is left over, or there are not two events to be within a time of each other.
    """
    rest = [item for item in items if not item.is_("later")]
    clause = _sequence(rest, names, imported=imported)
    later = len(rest) < len(items)
    if (clause.within is None and not later) or isinstance(clause.body, Then):
        return clause
    for at, item in enumerate(rest):  # enters the corner and freezes within 5 s
        if item.is_("and") and _says_something(rest[:at]) and _says_something(rest[at + 1 :]):
            first, second = (clause_of(part, names, imported=imported) for part in (rest[:at], rest[at + 1 :]))
            return _joined(first, second, second.within or first.within)
    raise Ambiguous("within what time of what?", ["freezing within 5 s after entering the corner"])


def _sequence(items: Sequence[Item], names: Names, *, imported: bool = False) -> Clause:
    for at, item in enumerate(items):
        if item.is_("then") and 0 < at < len(items) - 1 and _says_something(items[:at]):
            first = _sequence(items[:at], names, imported=imported)
            second = _sequence(_placed_as(items[:at], items[at + 1 :]), names, imported=imported)
            return _joined(first, second, first.within or second.within)
        if (item.is_("after", "soon after") or _within_of(items, at)) and at < len(items) - 1:
            rest = items[at + 1 :]
            if at == 0 or not _says_something(items[:at]):  # after entering the corner, does it freeze
                cut = next((n for n, each in enumerate(rest) if each.is_("mark") and each["mark"] == ","), None)
                if cut is None:
                    continue
                earlier, later = rest[:cut], [*items[:at], *rest[cut + 1 :]]
            else:
                earlier, later = rest, items[:at]
            first = _sequence(earlier, names, imported=imported)
            second = _sequence(later, names, imported=imported)
            within = second.within or first.within
            if within is None and item.is_("soon after"):
                within = Quantity(1, "s")
            return _joined(first, second, within)
    return clause_of(items, names, imported=imported)


def _placed_as(first: Sequence[Item], second: Sequence[Item]) -> Sequence[Item]:
    """Enters the open arm and then the closed arm: a region alone is entered, left or stayed in as the one before."""
    how = ("enter", "exit", "in", "out")
    before = next((item for item in first if item.is_(*how)), None)
    at = next((n for n, item in enumerate(second) if item.is_("region")), None)
    if before is None or at is None or any(item.is_("behaviour", "signal", "label", "adjective") for item in second):
        return second
    if before.is_("enter") and any(item.text.lower() == "into" for item in second[:at]):
        return [before, *(item for item in second if item.text.lower() != "into")]
    return second if any(item.is_(*how) for item in second[:at]) else [before, *second]


def _within_of(items: Sequence[Item], at: int) -> bool:
    """Within 5 s of: after, and so soon."""
    within = at >= 2 and items[at - 2].is_("within") and items[at - 1].is_("number")
    within = within and isinstance(length := items[at - 1]["number"], Quantity) and length.dimension == "time"
    return within and items[at].text.lower() == "of" and _says_something(items[at + 1 :])


def _says_something(items: Sequence[Item]) -> bool:
    return any(item.is_("behaviour", "signal", "region", "label", "adjective", "column") for item in items)


def _joined(first: Clause, second: Clause, within: Quantity | None) -> Clause:
    if first.events is None or second.events is None:
        raise Ambiguous(
            "two events are needed before and after `then`", ["freezing within 5 s after entering the corner"]
        )
    earlier, by = _without_actor(first.events)
    later, then_by = _without_actor(second.events)
    by, then_by = by or first.by, then_by or second.by
    target = next((node.target for node in walk(earlier) if isinstance(node, Named) and node.target), None)
    if isinstance(later, Named) and later.name in OF_PAIRS and later.target is None and target is not None:
        later = replace(later, target=target)
    named = [each for each in (by, then_by) if each not in (None, "any", "each", "all")]
    if len(set(named)) == 2:  # one does this, and then another that
        earlier, later = (
            Call("of", (("who", who), ("of", each))) for who, each in zip(named, (earlier, later), strict=True)
        )
        by = then_by = None
    joined = Clause(Then(earlier, later, within))
    joined.by = named[0] if len(set(named)) == 1 else by or then_by
    joined.at_least = first.at_least or second.at_least
    joined.each_other = first.each_other or second.each_other
    joined.start, joined.end = first.start or second.start, first.end or second.end
    joined.notes = [*first.notes, *second.notes]
    return joined


def _without_actor(body: Body) -> tuple[Body, str | None]:
    """A behaviour of one animal towards another without the actor, and the actor."""
    if isinstance(body, Named) and body.actor and body.target:
        return replace(body, actor=None), body.actor
    if isinstance(body, Bouts):
        inner, actor = _without_actor(body.body)
        return replace(body, body=inner), actor
    return body, None
