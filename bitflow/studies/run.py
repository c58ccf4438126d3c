"""One study on its way to its answer: conditions, values, units, evidence, and warnings that hold for every verb."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.printing import text_of
from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.events.language.study import Condition, Covariate, Study
from bitflow.studies import statistics
from bitflow.studies.bounds import holds
from bitflow.studies.design import Design
from bitflow.studies.units import Units, units_of
from bitflow.studies.values import Source, Values

#: Groups whose sizes differ by more carry a warning.
UNBALANCED = 3.0


@dataclass
class StudyRun:
    """One study on its way to its answer: who is left, what each of them has, and what is to be said of it."""

    study: Study
    source: Source
    design: Design
    warnings: list[str] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)
    used: list[tuple[Values, Design, NDArray[np.bool_]]] = field(default_factory=list)

    def keep(self, condition: Condition) -> None:
        """Leave out the recordings that do not meet a condition."""
        if condition.words:
            assert isinstance(condition.value, Covariate)
            levels = self.design.levels_of(condition.value.name)
            known = set(levels)
            for word in condition.words:
                if word not in known:
                    raise UnknownName.of(f"value of {condition.value.name}", word, known - {""})
            keep = np.isin(levels, list(condition.words))
            keep = keep if condition.op == "in" else ~keep & (levels != "")
        else:
            values = self.source.values(condition.value, self.design, 0.0)
            keep = holds(condition, values)
            unknown = int((~np.isfinite(values.numbers)).sum())
            if unknown:
                self.excluded[f"{text_of_condition(condition)}: not known"] += unknown
            self.used.append((values, self.design, keep))
        self.design = self.design.chosen(keep)

    def values(self, place: int = 0) -> Values:
        """A value of the study, those that are not known counted by their reason."""
        found = self.source.values(self.study.values[place], self.design, self.study.min_coverage)
        self.excluded.update(Counter(str(why) for why in found.why if why))
        self.say_whose(found)
        unread = [name for name in self.source.index.unread if name in self.design.places]
        if unread and found.table == "measures":
            first = self.source.index.unread[unread[0]]
            self.warnings.append(f"unreadable: {len(unread)} tables of measures are left out ({unread[0]}: {first})")
        return found

    def say_whose(self, values: Values) -> None:
        """Warn where recordings show several people: who of them counts."""
        if values.chosen:
            self.warnings.append(
                f"participant: of several people the one with that role counts ({values.chosen} recordings)"
            )
        if values.several:
            self.warnings.append("several_people: recordings with several people count with their mean")

    def units(self, values: Values, by: tuple[str, ...] | None = None) -> Units:
        """Values by unit; the recordings among them are the evidence."""
        found = units_of(values, self.design, self.study.per, self.study.by if by is None else by)
        if found.ungrouped:
            self.excluded["group not known"] += found.ungrouped
        self.used.append((values, self.design, found.of >= 0))
        return found

    def some(self, units: Units) -> Units:
        """The units, of which there must be one."""
        if not units.names:
            reasons = ", ".join(f"{why} ({n})" for why, n in self.excluded.most_common(3))
            raise NotMeasured(f"no recording has this value: {reasons or 'nothing was measured'}", ["bitflow measure"])
        return units

    def evidence(self) -> tuple[dict[str, Any], ...]:
        """A row a recording and table, of the last value that counted there; in order of the first."""
        names = self.design.recordings
        spans: dict[str, tuple[NDArray, NDArray, NDArray]] = {}
        order: list[tuple[str, NDArray]] = []
        for values, design, kept in self.used:
            if values.table not in spans:
                unknown = np.full(len(names), np.nan)
                spans[values.table] = (np.zeros(len(names), bool), unknown, unknown.copy())
            seen, starts, ends = spans[values.table]
            here = np.flatnonzero(kept)
            at = here
            if design is not self.design:  # before a condition was met
                at = np.array([self.design.places.get(design.recordings[i], -1) for i in here], int)
            here, at = here[at >= 0], at[at >= 0]
            starts[at], ends[at] = values.starts[here], values.ends[here]
            order.append((values.table, at[~seen[at]]))
            seen[at] = True
        rows = []
        for table, places in order:
            _, starts, ends = spans[table]
            for i, start, end in zip(places, starts[places].tolist(), ends[places].tolist(), strict=True):
                rows.append({"recording": names[i], "start": start, "end": end, "table": table})
        return tuple(rows)

    def small(self, sizes: dict[str, int]) -> bool:
        """Whether a group is too small to be tested; and what else its size asks to be said."""
        few = {name: n for name, n in sizes.items() if n < statistics.LEAST_TESTED}
        if few:
            told = ", ".join(f"{name}: {n}" for name, n in few.items())
            self.warnings.append(f"small_n: fewer than {statistics.LEAST_TESTED} units ({told}): described, not tested")
        if len(sizes) > 1 and max(sizes.values()) > UNBALANCED * max(1, min(sizes.values())):
            self.warnings.append(f"unbalanced: groups of {min(sizes.values())} and {max(sizes.values())}")
        return bool(few)


def text_of_condition(condition: Condition) -> str:
    """A condition as text."""
    return text_of(Study("how_many", where=(condition,))).removeprefix("how_many where ")
