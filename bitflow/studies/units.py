"""Values of recordings put together by unit: participants by default, their sessions averaged by the time seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.study import Grain
from bitflow.studies.design import Design
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
    whose = {
        "participant": lambda: design.participants,
        "recording": lambda: np.array(design.recordings, object),
        "session": lambda: np.array(
            [f"{who} {when}" for who, when in zip(design.participants, design.sessions, strict=True)], object
        ),
    }[per]()
    levels = [design.levels_of(name) for name in by]
    known = np.isfinite(values.numbers) & (values.weights > 0)
    grouped = known & np.all([column != "" for column in levels], axis=0) if levels else known
    at = np.flatnonzero(grouped)
    keys = list(zip(whose[at], *(column[at] for column in levels), strict=True))
    ordered = sorted(set(keys), key=lambda key: [natural(each) for each in key])
    number = {key: place for place, key in enumerate(ordered)}
    of = np.full(len(design.recordings), -1)
    of[at] = [number[key] for key in keys]
    weights = np.bincount(of[at], values.weights[at], len(ordered))
    sums = np.bincount(of[at], (values.weights * np.nan_to_num(values.numbers))[at], len(ordered))
    columns = tuple(np.array([key[1 + place] for key in ordered], object) for place in range(len(by)))
    return Units(tuple(key[0] for key in ordered), columns, sums / weights, of, int(known.sum() - grouped.sum()))


def natural(name: str) -> tuple[bool, float, str]:
    """Order in which 2 stands before 10."""
    try:
        return (False, float(name), name)
    except ValueError:
        return (True, 0.0, name)
