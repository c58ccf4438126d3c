"""Words of a question about many that mean what they do by what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bitflow.models.asking.cohorts.terms import Item

_VALUED = ("concept", "measure", "covariate")
_DIMENSIONS = {
    "speed": ("faster", "slower", "quicker"),
    "length": ("longer", "shorter"),
    "age": ("older", "younger"),
    "good": ("better", "worse"),
}


def in_context(items: Sequence[Item]) -> list[Item]:
    """Items of which each means what it does where it stands.

    ``less than controls`` compares groups, ``less than 5`` a number; ``over visits`` is across them; what dropped
    most fell, and what is dropped is left out.
    """
    found: list[Item] = []
    for at, item in enumerate(items):
        meant = [item]
        for rule in _RULES:
            meant = [each for one in meant for each in rule(items, at, one)]
        found += meant
    return found


def _kind(items: Sequence[Item], at: int) -> str:
    return items[at].kind if 0 <= at < len(items) else ""


def _everything(items: Sequence[Item], at: int, item: Item) -> list[Item]:
    """``drop everything with``: what is dropped follows."""
    whole = item.kind == "every" and item.text.lower() in ("everything", "anything")
    return [] if whole and _kind(items, at - 1) in ("exclude", "drop", "keep") else [item]


def _before_number(items: Sequence[Item], at: int, item: Item) -> list[Item]:
    """``at least``, which also follows a number."""
    follows = _kind(items, at - 1) in ("number", "years")
    return [replace(item, kind="bound") if item.kind == "bound after" and not follows else item]


def _answering(items: Sequence[Item], _: int, item: Item) -> list[Item]:
    """How fast somebody answers is the response latency; an answer by itself says nothing."""
    if item.kind != "answering":
        return [item]
    if any(each.kind in ("concept", "measure") for each in items) or not any(map(_of_speed, items)):
        return []
    return [replace(item, kind="concept", value="response latency")]


def _of_speed(item: Item) -> bool:
    """Whether a word says fast or slow."""
    if item.kind in ("direction", "superlative"):
        return item.value[1] == "speed"
    said = item.text.lower()
    return item.kind == "speed" or (item.kind == "bound" and re.search(r"faster|slower|quicker", said) is not None)


def _comparative(items: Sequence[Item], at: int, item: Item) -> list[Item]:
    """A comparison without a number is of groups, or goes across them."""
    if item.kind != "bound":
        return [item]
    said = item.text.lower()
    if said == "over" and (_kind(items, at + 1), _kind(items, at + 2)) == ("number", "session"):
        return [replace(item, kind="by", value="by")]  # over the three visits
    beyond = [_kind(items, at + 2), _kind(items, at + 3)]
    of_value = _kind(items, at + 1) in _VALUED and beyond[0] == "number" and beyond[1] != "bound after"
    if of_value or _kind(items, at + 1) in ("number", "bound"):
        return [item]
    more = 1 if item.value == ">" else -1
    than = replace(item, kind="than", value="than")
    if said.endswith("than"):
        word = said.split()[-2]
        dimension = next((name for name, words in _DIMENSIONS.items() if word in words), "")
        return [replace(item, kind="direction", value=(more, dimension)), than]
    if said in "<>" and _kind(items, at - 1) == _kind(items, at + 1) == "level":
        return [replace(item, kind="direction", value=(more, "")), than]  # controls > patients
    return [replace(item, kind="by", value="by")] if said == "over" else [item]


def _more_times(_: Sequence[Item], __: int, item: Item) -> list[Item]:
    """More times, and not more of the time."""
    if item.kind in ("direction", "superlative") and item.text.lower().endswith("times"):
        return [replace(item, value=(item.value[0], "rate"))]
    return [item]


def _first(items: Sequence[Item], at: int, item: Item) -> list[Item]:
    """``fastest first``, ``lowest smile rate first``: an order."""
    if item.kind == "superlative" and any(_is_first(items, each) for each in (at + 1, _after_value(items, at))):
        return [replace(item, kind="order", value=(-item.value[0], item.value[1]))]
    if item.kind == "ordinal" and _is_first(items, at):
        extreme = _kind(items, at - 1) == "superlative"
        valued = _kind(items, at - 1) in _VALUED and _kind(items, at - 2) == "superlative"
        return [] if extreme or valued else [item]
    return [item]


def _after_value(items: Sequence[Item], at: int) -> int:
    return at + 2 if _kind(items, at + 1) in _VALUED else -1


def _is_first(items: Sequence[Item], at: int) -> bool:
    """Whether ``first`` stands there, next after the word before, and is not the first of visits."""
    if _kind(items, at) != "ordinal" or items[at].value != 1 or not at:
        return False
    if _kind(items, at + 1) in ("session", "ordinal"):
        return False
    return items[at].at == items[at - 1].at + len(items[at - 1].text.split())


def _stands_out(items: Sequence[Item], _: int, item: Item) -> list[Item]:
    """What stands out among recordings is an outlier; what stands out between groups tells them apart."""
    grouped = any(each.kind in ("level", "group") for each in items)
    if item.kind == "verb" and item.text.lower().startswith("stand") and not grouped:
        return [replace(item, kind="outlier", value="outlier")]
    return [item]


def _dropped(items: Sequence[Item], at: int, item: Item) -> list[Item]:
    if item.kind != "drop":
        return [item]
    extremes = any(each.kind in ("superlative", "session") for each in items)
    moved = extremes and item.text.lower() != "dropping" and _kind(items, at + 1) not in ("grain", "level", "every")
    return [replace(item, kind="move", value=-1) if moved else replace(item, kind="exclude")]


_RULES: tuple[Callable[[Sequence[Item], int, Item], list[Item]], ...] = (
    *(_everything, _before_number, _answering, _comparative, _more_times, _first, _stands_out, _dropped),
)
