"""Units with what is known of them, sorted by covariates: females first, then by age."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import UnknownName
from bitflow.events.language.study import SortKey
from bitflow.studies.design import Design, natural


def sorted_units(
    names: NDArray, design: Design, sort: Sequence[SortKey], shown: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """A row a unit: its name, the covariates that it is sorted by, and other values.

    Parameters
    ----------
    names
        ``(recordings,)`` the unit that each recording belongs to.
    shown
        Further columns, by title the value of each unit.

    Raises
    ------
    Refusal
        A covariate, or a value that should come first, is not there.
    """
    columns = {key.name: design.column(key.name) for key in sort}
    for key in sort:
        known = set(design.levels_of(key.name)) - {""}
        for word in key.first:
            if word not in known:
                raise UnknownName.of(f"value of {key.name}", word, known)
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(names):
        mine = names == name
        row = {title: _of_unit(column[mine]) for title, column in columns.items()}
        rows.append({"name": str(name), **row, **{title: each.get(str(name)) for title, each in shown.items()}})
    rows.sort(key=lambda row: natural(row["name"]))
    for key in reversed(sort):
        order = _order(key)
        known = [row for row in rows if row[key.name] not in (None, "")]
        rows = sorted(known, key=lambda row, key=key, order=order: order(row[key.name]), reverse=key.descending) + [
            row for row in rows if row[key.name] in (None, "")
        ]
    return rows


def _of_unit(values: NDArray) -> Any:
    """What is known of a unit with several recordings: the mean of numbers, all words that differ."""
    if values.dtype != object:
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else None
    return ", ".join(sorted({str(each) for each in values} - {""}, key=natural)) or None


def _order(key: SortKey) -> Callable[[Any], Any]:
    def place(value: Any) -> Any:
        if isinstance(value, float):
            return (0, (False, value, ""))
        if value in key.first:
            at = key.first.index(value)
            return (len(key.first) - at if key.descending else at - len(key.first), natural(value))
        return (0, natural(value))

    return place
