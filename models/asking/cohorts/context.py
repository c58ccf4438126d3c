"""Words of a question about many that mean what they do by what stands beside them."""

from __future__ import annotations

import re
from dataclasses import replace

from bitflow.models.asking.cohorts.terms import Item


def in_context(items: list[Item]) -> list[Item]:
    """Words whose kind hangs on what stands beside them: ``less than controls`` compares groups, ``less than 5`` a
    number; ``over visits`` is across them; what dropped most fell, what is dropped is left out."""
    found: list[Item] = []
    extremes = any(item.kind in ("superlative", "session") for item in items)
    for at, item in enumerate(items):
        before = items[at - 1].kind if at else ""
        after = items[at + 1].kind if at + 1 < len(items) else ""
        said = item.text.lower()
        if item.kind == "every" and said in ("everything", "anything") and before in ("exclude", "drop", "keep"):
            continue
        if item.kind == "bound after" and before not in ("number", "years"):
            item = replace(item, kind="bound")
        if item.kind == "answering":
            if any(each.kind in ("concept", "measure") for each in items) or not any(map(_of_speed, items)):
                continue
            item = replace(item, kind="concept", value="response latency")
        counts = after in ("concept", "measure", "covariate") and [each.kind for each in items[at + 2 : at + 4]]
        bounds_value = counts and counts[0] == "number" and counts[1:] != ["bound after"]
        if item.kind == "bound" and after not in ("number", "bound") and not bounds_value:
            if said.endswith("than"):
                word = said.split()[-2]
                dimension = next((name for name, words in _DIMENSIONS.items() if word in words), "")
                found += [replace(item, kind="direction", value=(1 if item.value == ">" else -1, dimension))]
                item = replace(item, kind="than", value="than")
            elif item.value in "<>" and said in "<>" and before == after == "level":  # controls > patients
                found += [replace(item, kind="direction", value=(1 if said == ">" else -1, ""))]
                item = replace(item, kind="than", value="than")
            elif said == "over":
                item = replace(item, kind="by", value="by")
        if item.kind in ("direction", "superlative") and said.endswith("times"):
            item = replace(item, value=(item.value[0], "rate"))  # more times, and not more of the time
        if item.kind == "superlative" and (_is_first(items, at + 1) or (after in _VALUED and _is_first(items, at + 2))):
            item = replace(item, kind="order", value=(-item.value[0], item.value[1]))  # fastest first
        extreme = before in _VALUED and at > 1 and items[at - 2].kind == "superlative"
        if item.kind == "ordinal" and (before == "superlative" or extreme) and _is_first(items, at):
            continue
        if (
            item.kind == "bound"
            and said == "over"
            and [each.kind for each in items[at + 1 : at + 3]] == [*("number", "session")]
        ):
            item = replace(item, kind="by", value="by")  # over the three visits
        if (
            said.startswith("stand")
            and item.kind == "verb"
            and not any(each.kind in ("level", "group") for each in items)
        ):
            item = replace(item, kind="outlier", value="outlier")
        if item.kind == "drop":
            moved = extremes and said != "dropping" and after not in ("grain", "level", "every")
            item = replace(item, kind="move", value=-1) if moved else replace(item, kind="exclude")
        found.append(item)
    return found


_VALUED = ("concept", "measure", "covariate")


def _is_first(items: list[Item], at: int) -> bool:
    """Whether ``first`` stands there, next after the word before."""
    if at >= len(items) or items[at].kind != "ordinal" or items[at].value != 1:
        return False
    if at + 1 < len(items) and items[at + 1].kind in ("session", "ordinal"):
        return False
    return items[at].at == items[at - 1].at + len(items[at - 1].text.split())


def _of_speed(item: Item) -> bool:
    """Whether a word says fast or slow."""
    if item.kind in ("direction", "superlative"):
        return item.value[1] == "speed"
    said = item.text.lower()
    return item.kind == "speed" or (item.kind == "bound" and re.search(r"faster|slower|quicker", said) is not None)


_DIMENSIONS = {
    "speed": ("faster", "slower", "quicker"),
    "length": ("longer", "shorter"),
    "age": ("older", "younger"),
    "good": ("better", "worse"),
}
