"""A table of participants sorted by several covariates: females first, then by age."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bitflow.events.language.study import SortKey, Study
from bitflow.events.language.tree import Program
from bitflow.models.asking.cohorts.reading import Reading
from bitflow.models.asking.cohorts.terms import Item, Terms
from bitflow.models.asking.understood import Understood

_SORTS = re.compile(r"\b(?:sort(?:ed)?|order(?:ed)?|arranged?|line up|rank(?:ed)?)\b", re.I)
#: Also asks for a table where it says who is listed.
_LISTS = re.compile(r"\b(?:list(?:ed)?|table|show)\b", re.I)
_FIRST = re.compile(r"\bfirst\b", re.I)

#: Kinds of words that such a question is made of.
_KINDS = frozenset(("level", "covariate", "verb", "grain", "by", "order", "mark", "rank", "ordinal", "move"))


def table_in_words(reading: Reading, terms: Terms) -> Understood | None:
    """The table that a question wants; None where it sorts by one covariate alone, or asks for something else."""
    items = reading.items
    covariates = list(dict.fromkeys(item.value for item in items if item.kind == "covariate"))
    levels = [item.value for item in items if item.kind == "level"]
    orders = [item for item in items if item.kind in ("order", "move")]
    if any(item.value[1] == "age" for item in orders if item.kind == "order") and "age" in terms.numeric:
        covariates = list(dict.fromkeys([*covariates, "age"]))
    if any(item.kind == "verb" and item.value not in ("which", "rank") for item in items):
        return None
    whose = any(item.kind == "grain" and item.value == "participant" for item in items) or bool(levels)
    if not (_SORTS.search(reading.text) or (whose and _LISTS.search(reading.text))):
        return None
    if reading.window is not None or reading.bins is not None:
        return None
    if any(item.kind not in _KINDS for item in items if not _FIRST.fullmatch(item.text)):
        return None
    first = any(_comes_first(items, at) for at in range(len(items)))
    if len({name for name, _ in levels}) > 1 or (levels and not first) or (not levels and len(covariates) < 2):
        return None
    keys: list[SortKey] = []
    if levels:
        keys.append(SortKey(levels[0][0], tuple(dict.fromkeys(level for _, level in levels))))
    signs = {item.value[0] if item.kind == "order" else item.value for item in orders}
    if len(signs) > 1:
        return None
    down = -1 in signs
    numeric = [name for name in covariates if name in terms.numeric]
    if down and len(numeric) != 1:
        return None
    keys += [
        SortKey(name, descending=down and name in numeric) for name in covariates if name not in {k.name for k in keys}
    ]
    if len(keys) < 2:
        return None
    return Understood(Program((Study("table", sort=tuple(keys)),)), reading.notes)


def _comes_first(items: Sequence[Item], at: int) -> bool:
    """``females first``, ``first the females``: and not women, youngest first."""
    if items[at].kind != "level":
        return False
    after = items[at + 1] if at + 1 < len(items) else None
    if after is not None and after.kind == "ordinal" and after.value == 1:
        return after.at == items[at].at + len(items[at].text.split())
    before = items[at - 1] if at else None
    return before is not None and before.kind == "ordinal" and before.value == 1
