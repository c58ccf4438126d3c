"""Where a condition holds."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import UnitMismatch
from bitflow.events.language.study import Condition
from bitflow.events.language.units import UNITS, Quantity, dimension_of
from bitflow.studies.statistics import robust_z
from bitflow.studies.values import Values

_COMPARED: dict[str, Callable[[NDArray, float], NDArray[np.bool_]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds(condition: Condition, values: Values) -> NDArray[np.bool_]:
    """Recordings for which a condition on numbers holds; not where the value is not known."""
    bound = condition.bound
    assert bound is not None
    known = np.isfinite(values.numbers)
    if condition.op == "outlier":
        z = robust_z(values.numbers)
        return known & (np.abs(np.nan_to_num(z)) > bound.value)
    with np.errstate(invalid="ignore"):
        return known & _COMPARED[condition.op](values.numbers, in_unit(bound, values.unit))


def in_unit(bound: Quantity, unit: str) -> float:
    """A bound in the unit of what it is compared with; a bare number is in that unit already.

    Raises
    ------
    UnitMismatch
        It measures something else.
    """
    if bound.unit == "1":
        return bound.value
    own = {"": "1", "1/min": "/min", "1/s": "/s"}.get(unit, unit)
    if own not in UNITS or dimension_of(own) != bound.dimension or UNITS[own].base != UNITS[bound.unit].base:
        raise UnitMismatch(f"{bound} is compared with a value in {unit or 'no unit'}", [f"a number in {unit or '1'}"])
    return bound.base / UNITS[own].factor
