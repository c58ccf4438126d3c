"""Values of recordings put together by unit: participants by default, their sessions averaged by the time seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.study import Grain
from bitflow.studies.design import Design, natural
from bitflow.studies.values import Values


@dataclass(frozen=True, eq=False)
class Units:
    """Units with a value, in order of their names.

    Parameters
    ----------
    names
        ``(units,)`` participant, recording, or participant and session.
    groups
        Of each covariate of the grouping its level; a unit that is seen under two levels is there twice.
    numbers
        Its value.
    of
        ``(recordings,)`` the unit that a recording is part of; −1 where it has no value, or no group.
    ungrouped
        Recordings with a value whose group is not known.
    """

    names: tuple[str, ...]
    groups: tuple[NDArray, ...]
    numbers: NDArray[np.float64]
    of: NDArray[np.int64]
    ungrouped: int = 0

    def level(self, which: str, by: int = 0) -> NDArray[np.float64]:
        """Values of the units of one group."""
        return self.numbers[self.groups[by] == which]

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Every combination of levels, sorted."""
        return tuple(sorted(set(zip(*self.groups, strict=True)), key=lambda each: [natural(name) for name in each]))

    def inside(self, levels: tuple[str, ...]) -> NDArray[np.bool_]:
        """Which units have these levels."""
        found = np.ones(len(self.names), bool)
        for column, level in zip(self.groups, levels, strict=True):
            found &= column == level
        return found


def units_of(values: Values, design: Design, per: Grain, by: tuple[str, ...] = ()) -> Units:
    """Average the recordings of each unit, weighted by the seconds that they stand on."""
    coding = design.coded(per, by)
    known = np.isfinite(values.numbers) & (values.weights > 0)
    grouped = known & (coding.of >= 0)
    at = np.flatnonzero(grouped)
    seen = np.bincount(coding.of[at], minlength=len(coding.names)) > 0
    number = np.cumsum(seen) - 1
    of = np.full(len(design.recordings), -1)
    of[at] = number[coding.of[at]]
    count = int(seen.sum())
    weights = np.bincount(of[at], values.weights[at], count)
    sums = np.bincount(of[at], (values.weights * np.nan_to_num(values.numbers))[at], count)
    columns = tuple(column[seen] for column in coding.groups)
    ungrouped = int(known.sum() - grouped.sum())
    return Units(tuple(coding.names[seen]), columns, sums / weights, of, ungrouped)
