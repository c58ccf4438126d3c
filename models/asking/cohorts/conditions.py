"""What must hold for a recording or a participant: face coverage below 60 %, patients only, all but P03."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from bitflow.events.language.refusals import Ambiguous
from bitflow.events.language.study import Condition, Covariate, Coverage, Measured, Value
from bitflow.events.language.tree import Comparison, Query
from bitflow.events.language.units import Quantity
from bitflow.models.asking.cohorts.slots import VALUES, Slots
from bitflow.models.asking.cohorts.terms import Item

_OPPOSITE = {"<": ">=", ">": "<=", ">=": "<", "<=": ">", "==": "!="}
_EXTREMES = ("max", "maximum", "min", "minimum")
_AGED = re.compile(r"\b(?:older|younger)\b", re.I)
#: Words that follow what is left out: ``recordings below 10 dB removed``.
_PASSIVE = re.compile(
    r"excluded|removed|omitted|dropped|discarded|skipped|ignored|disregarded|left out|taken out|thrown out"
    r"|filtered out|thrown away|set aside|weeded out",
    re.I,
)


@dataclass
class Bound:
    """A comparison with a number: where it stands, of which item, and what it says."""

    first: int
    last: int
    value: int | None
    ops: tuple[tuple[str, Quantity], ...]
    negative: int = 0


def take_bounds(slots: Slots) -> list[Bound]:
    """Every comparison with a number; its items are used, and those of what is compared."""
    found: list[Bound] = []
    for n in range(len(slots.items)):
        bound = _bound_at(slots, n)
        if bound is None or any(place in slots.used for place in (bound.first, bound.last)):
            continue
        if slots.is_kind(bound.first - 1, "outlier") and bound.ops[0][0] in (">", ">="):
            slots.use(bound.first)  # a robust z beyond 3.5
            continue
        slots.use(*range(bound.first, bound.last + 1))
        found.append(bound)
    for bound in found:
        bound.value = bound.value or _compared(slots, bound)
        if bound.value is not None:
            slots.use(bound.value)
    return found


def _bound_at(slots: Slots, n: int) -> Bound | None:
    items = slots.items
    if slots.is_kind(n, "bound", "superlative") and slots.is_kind(n + 1, "bound") and slots.is_kind(n + 2, "number"):
        if items[n].text.lower().split()[0] in (
            "reach",
            "reaches",
            "reaching",
            "meet",
            "meets",
            "attain",
            "attains",
            "get",
        ):
            return Bound(n, n + 2, None, ((items[n + 1].value, items[n + 2].value),))
        return None
    if slots.is_kind(n, "bound") and slots.is_kind(n + 1, "number"):
        after = slots.is_kind(n + 2, "bound") and slots.is_kind(n + 3, "number") and items[n].value in (">", ">=")
        if after and items[n + 2].value in ("<", "<="):  # above 20 and below 30
            ops = ((items[n].value, items[n + 1].value), (items[n + 2].value, items[n + 3].value))
            return Bound(n, n + 3, None, ops)
        return Bound(n, n + 1, None, ((items[n].value, items[n + 1].value),))
    if slots.is_kind(n, "bound") and slots.is_kind(n + 1, *VALUES) and slots.is_kind(n + 2, "number"):
        return Bound(n, n + 2, n + 1, ((items[n].value, items[n + 2].value),))  # below a face coverage of 60 %
    extreme = slots.is_kind(n, "superlative") and items[n].text.lower().split()[0] in _EXTREMES
    if extreme and slots.is_kind(n + 1, "number") and items[n + 1].value.unit != "1":
        return Bound(n, n + 1, None, (("<=" if items[n].value[0] > 0 else ">=", items[n + 1].value),))
    if slots.is_kind(n, "number") and slots.is_kind(n + 1, "years") and slots.is_kind(n + 2, "bound after"):
        return Bound(n, n + 2, None, ((items[n + 2].value, items[n].value),))
    if slots.is_kind(n, "number") and slots.is_kind(n + 1, "bound after"):
        return Bound(n, n + 1, None, ((items[n + 1].value, items[n].value),))
    ranged = slots.is_kind(n + 1, "number") and slots.is_kind(n + 2, "number")
    if ranged and (slots.is_kind(n, "covariate") or (slots.is_kind(n, "by") and "between" in items[n].text.lower())):
        if slots.is_kind(n, "covariate") and items[n].value not in slots.terms.numeric:
            return None
        low, high = items[n + 1].value, items[n + 2].value
        low = replace(low, unit=high.unit) if low.unit == "1" else low
        return Bound(n + slots.is_kind(n, "covariate"), n + 2, None, ((">=", low), ("<=", high)))
    return None


def _compared(slots: Slots, bound: Bound) -> int | None:
    """What a number is compared with: what stands next before, next after, or else nearest before it."""
    items = slots.items
    free = [n for n in slots.left(*VALUES) if slots.is_number(items[n]) and _fits(slots, items[n], bound)]
    free = [n for n in free if n < bound.first or not _has_its_own(slots, n)]
    aged = "age" in slots.terms.numeric and (
        slots.is_kind(bound.last + 1, "years")
        or any(slots.is_kind(n, "years") or _AGED.search(items[n].text) for n in range(bound.first, bound.last + 1))
    )
    if slots.is_kind(bound.last + 1, "years"):
        slots.use(bound.last + 1)
    light = ("reducer", "years", "mark", "not", "by", "verb", "keep", "coverage")
    back = bound.first - 1
    while slots.is_kind(back, *light) and back not in free:
        back -= 1
    ahead = bound.last + 1
    while slots.is_kind(ahead, "reducer") and ahead not in free:
        ahead += 1
    if aged:
        near = next((n for n in (back, ahead) if n in free and items[n].value == "age"), None)
        return near
    if back in free:
        return back
    if ahead in free:
        return ahead
    people = slots.is_kind(back, "grain", "level") and items[back].value != "recording"
    plain = all(op in ("<", ">", ">=", "<=") and quantity.unit == "1" for op, quantity in bound.ops)
    if people and plain and "age" in slots.terms.numeric:
        return None  # women under 30
    before = [n for n in free if n < bound.first]
    if before:
        return before[-1]
    after = [n for n in free if n > bound.last]
    if after:
        return after[0]
    said = " ".join(items[n].text for n in range(bound.first, bound.last + 1))
    raise Ambiguous(f"what is {said}?", ["face coverage below 60 %"])


def _has_its_own(slots: Slots, n: int) -> bool:
    """Whether a number that it is compared with stands behind a value."""
    return slots.is_kind(n + 1, "bound") and slots.is_kind(n + 2, "number")


def _fits(slots: Slots, item: Item, bound: Bound) -> bool:
    """Whether a bound's unit can be one of what is compared: decibels are of sound, percents of shares."""
    from bitflow.models.asking.cohorts.known import KNOWN

    units = {quantity.unit for _, quantity in bound.ops}
    if item.kind == "covariate":
        return units <= {"1"}
    names = [item.value] if item.kind == "measure" else list(KNOWN[item.value].measures.values())
    if not names:
        return "dB" not in units
    ends = {"dB": ("_db",), "%": ("_fraction", "_rate", "coverage")}
    if item.kind == "concept" and "%" in units and KNOWN[item.value].event is not None:
        return True
    return all(any(name.endswith(ends[unit]) for name in names) for unit in units if unit in ends)


def conditions_of(
    slots: Slots, bounds: list[Bound], value_of: Callable[[int], Value]
) -> tuple[tuple[Condition, ...], dict[str, bool]]:
    """Conditions on numbers, and of covariates whether their named values are left out.

    Raises
    ------
    Ambiguous
        What is left out or denied cannot be told.
    """
    left_out = _attached(slots, bounds)
    found: list[Condition] = []
    for bound in bounds:
        value = Covariate("age") if bound.value is None else value_of(bound.value)
        if bound.negative and len(bound.ops) > 1:
            raise Ambiguous("what is left out was not understood", ["… where covariate(age) < 20"])
        for op, quantity in bound.ops:
            said = _OPPOSITE[op] if bound.negative % 2 else op
            _check_unit(value, quantity)
            found.append(Condition(value, cast(Comparison, said), quantity))
    return tuple(found), left_out


def _check_unit(value: Value, quantity: Quantity) -> None:
    share = isinstance(value, Coverage) or (isinstance(value, Query) and value.answer == "fraction")
    share = share or (isinstance(value, Measured) and re.search(r"fraction|_rate$|coverage", value.id) is not None)
    if quantity.unit == "%" and not share:
        raise Ambiguous(f"{quantity} of what? it is no share", ["face coverage below 60 %"])
    if isinstance(value, Measured) and share and quantity.unit == "1" and quantity.value > 1:
        raise Ambiguous(f"{quantity.value:g}: a share is between 0 and 1, or in percent", [f"{quantity.value:g} %"])


def _attached(slots: Slots, bounds: list[Bound]) -> dict[str, bool]:
    """Denials and what leaves out, each with what it stands next to; of covariates whose values are "
    "left out, True."""
    left_out: dict[str, bool] = {}
    for n in slots.left("not"):
        bound = next((each for each in bounds if 0 < each.first - n <= 3 or each.value in (n + 1, n + 2)), None)
        if bound is None or any(slots.is_kind(each, *("superlative", "direction")) for each in range(n, bound.first)):
            raise Ambiguous(f"{slots.items[n].text!r} was not understood", ["face coverage is not below 60 %"])
        bound.negative += 1
        slots.use(n)
    leaving = slots.left("exclude", "drop")
    if leaving and len(bounds) > 1:
        raise Ambiguous("which of the conditions is left out?", ["ask with one condition that leaves out"])
    for n in leaving:
        targets = [(bound.first if bound.value is None else min(bound.first, bound.value), bound) for bound in bounds]
        places: list[tuple[int, Bound | str]] = [*targets]
        for place, item in enumerate(slots.items):
            if item.kind == "level" and item.value[0] != slots.terms.session:
                places.append((place, item.value[0]))
        after = sorted(((place - n, each) for place, each in places if place > n), key=lambda pair: pair[0])
        before = sorted(((n - place, each) for place, each in places if place < n), key=lambda pair: pair[0])
        backward = _PASSIVE.search(slots.items[n].text) is not None and before
        target = before[0][1] if backward else after[0][1] if after else None
        if target is None:
            raise Ambiguous(f"{slots.items[n].text!r} what?", ["exclude recordings with audio SNR below 10"])
        if isinstance(target, str) and not backward and _joined(slots, n, bounds):
            raise Ambiguous("which of them are left out, all or some?", ["one condition that leaves out"])
        if isinstance(target, str):
            left_out[target] = True
        else:
            target.negative += 1
        slots.use(n)
    return left_out


def _joined(slots: Slots, n: int, bounds: list[Bound]) -> bool:
    """Whether what is left out is told by more than who they are: women with a PHQ-9 above 10."""
    for place in range(n + 1, len(slots.items)):
        if slots.is_kind(place, "mark", "verb"):
            return False
        if slots.is_kind(place, "session") or any(bound.first <= place <= bound.last for bound in bounds):
            return True
    return False
