"""A table of participants sorted by several covariates: females first, then by age."""

from __future__ import annotations

import re

from bitflow.events.language.study import SortKey, Study
from bitflow.events.language.tree import Program
from bitflow.models.asking.cohorts.reading import Reading
from bitflow.models.asking.cohorts.terms import Terms
from bitflow.models.asking.question import Understood

_SORTS = re.compile(r"\b(?:sort(?:ed)?|order(?:ed)?|arranged?|list|table|line up|rank(?:ed)?|show)\b", re.I)
_FIRST = re.compile(r"\bfirst\b", re.I)
_DOWN = re.compile(r"\b(?:oldest|highest|largest|greatest) first\b|\bdescending\b|\bdecreasing\b|\bdownwards?\b", re.I)
_UP = re.compile(r"\b(?:youngest|lowest|smallest|least) first\b|\bascending\b|\bincreasing\b|\bupwards?\b", re.I)

#: Kinds of words that such a question is made of.
_KINDS = frozenset(
    ("level", "covariate", "verb", "grain", "by", "order", "superlative", "mark", "rank", "who", "number")
)


def table_in_words(reading: Reading, terms: Terms) -> Understood | None:
    """The table that a question wants; None where it sorts by one covariate alone, or asks for something else."""
    items = reading.items
    covariates = list(dict.fromkeys(item.value for item in items if item.kind == "covariate"))
    levels = [item.value for item in items if item.kind == "level"]
    if not _SORTS.search(reading.text) or reading.window is not None or reading.bins is not None:
        return None
    if any(item.kind not in _KINDS for item in items if not _FIRST.fullmatch(item.text)):
        return None
    if any(item.kind == "number" for item in items):
        return None
    first = _FIRST.search(reading.text) is not None
    if len({name for name, _ in levels}) > 1 or (levels and not first) or (not levels and len(covariates) < 2):
        return None
    keys: list[SortKey] = []
    if levels:
        keys.append(SortKey(levels[0][0], tuple(dict.fromkeys(level for _, level in levels))))
    down, up = _DOWN.search(reading.text) is not None, _UP.search(reading.text) is not None
    if down and up:
        return None
    numeric = [name for name in covariates if name in terms.numeric]
    if down and len(numeric) != 1:
        return None
    keys += [
        SortKey(name, descending=down and name in numeric) for name in covariates if name not in {k.name for k in keys}
    ]
    if len(keys) < 2:
        return None
    return Understood(Program((Study("table", sort=tuple(keys)),)), reading.notes)
