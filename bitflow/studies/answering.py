"""What a study comes to: numbers, the test that goes with them, where they come from, and what to be careful of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.definitions import Definitions
from bitflow.events.language.printing import text_of
from bitflow.events.language.refusals import EmptyWindow, NotMeasured, UnknownName
from bitflow.events.language.study import Condition, Covariate, Measured, Study
from bitflow.events.language.study_text import value_text
from bitflow.events.language.tree import Query
from bitflow.store import FeatureStore
from bitflow.studies import statistics
from bitflow.studies.bounds import holds
from bitflow.studies.courses import course_values
from bitflow.studies.design import Design, natural
from bitflow.studies.index import MeasureIndex, measure_index
from bitflow.studies.prompts import by_prompt, is_prompt
from bitflow.studies.tabling import sorted_units
from bitflow.studies.units import Units, units_of
from bitflow.studies.values import Source, Values

if TYPE_CHECKING:
    from bitflow.events.language.recordings import Counted

#: Mean coverage below which an answer carries a warning, groups whose sizes differ by more, and tests at once.
LOW_COVERAGE, UNBALANCED, MANY = 0.6, 3.0, 20

#: Most measures that are compared at once.
MOST_SCANNED = 200


@dataclass(frozen=True)
class StudyAnswer:
    """The answer to a study.

    Parameters
    ----------
    program
        Its text.
    answer
        ``kind``, ``unit``, ``rows``, ``test``, numbers of recordings and units, and who was left out, why.
    evidence
        The stretches of recordings that carry it.
    coverage
        Mean share of their time that was seen; NaN where that means nothing.
    warnings
        Each begins with its code, such as ``small_n``.
    """

    program: str
    answer: dict[str, Any]
    evidence: tuple[dict[str, Any], ...]
    coverage: float
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The form that ``bitflow ask --json`` prints."""
        return {**vars(self), "evidence": list(self.evidence), "warnings": list(self.warnings)}


def answer_study(
    study: Study,
    store: FeatureStore,
    definitions: Definitions,
    recordings: list[str] | None = None,
    index: MeasureIndex | None = None,
    counted: Counted | None = None,
) -> StudyAnswer:
    """Answer a study over a store, or over some of its recordings; `counted` is told how many have answered.

    Raises
    ------
    Refusal
        What it is about is not in the store, or no recording meets its conditions.
    """
    index = index or measure_index(store)
    names = list(index.recordings) if recordings is None else recordings
    design = Design.of(store, names)
    return _Run(study, Source(store, index, definitions, counted), design).answer()


@dataclass
class _Run:
    """One study on its way to its answer."""

    study: Study
    source: Source
    design: Design
    warnings: list[str] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)
    used: list[tuple[Values, Design, NDArray[np.bool_]]] = field(default_factory=list)

    def answer(self) -> StudyAnswer:
        for condition in self.study.where:
            self._keep(condition)
        if not self.design.recordings and self.study.verb not in ("which", "how_many"):
            raise EmptyWindow("no recording meets the conditions")
        for name in (each for each in self.study.by if is_prompt(each, self.design)):
            self.design = by_prompt(self.source.store, self.design, name)
        found = _ANSWERS[self.study.verb](self)
        said = {
            "kind": self.study.verb,
            "per": self.study.per,
            "recordings": len(set(self.design.recordings)),
            "participants": len(set(self.design.participants)),
            **found,
            "excluded": [{"reason": why, "recordings": n} for why, n in sorted(self.excluded.items())],
        }
        coverage = [values.coverage[kept] for values, _, kept in self.used if kept.any()]
        known = np.concatenate(coverage)[np.isfinite(np.concatenate(coverage))] if coverage else np.empty(0)
        mean = float(known.mean()) if len(known) else float("nan")
        if mean < LOW_COVERAGE:
            self.warnings.append(f"low_coverage: {mean:.0%} of the time was seen")
        warnings = tuple(dict.fromkeys(self.warnings))
        return StudyAnswer(text_of(self.study), said, self._evidence(), mean, warnings)

    # conditions and values

    def _keep(self, condition: Condition) -> None:
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
        return self._valued(self.study.values[place])

    def _valued(self, value: Any) -> Values:
        found = self.source.values(value, self.design, self.study.min_coverage)
        self.excluded.update(Counter(str(why) for why in found.why if why))
        self._say_whose(found)
        unread = [name for name in self.source.index.unread if name in self.design.places]
        if unread and found.table == "measures":
            first = self.source.index.unread[unread[0]]
            self.warnings.append(f"unreadable: {len(unread)} tables of measures are left out ({unread[0]}: {first})")
        return found

    def _say_whose(self, values: Values) -> None:
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

    def _evidence(self) -> tuple[dict[str, Any], ...]:
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

    # answers

    def average(self) -> dict[str, Any]:
        return self._described(lambda numbers: statistics.summary(numbers))

    def distribution(self) -> dict[str, Any]:
        return self._described(lambda numbers: {**statistics.summary(numbers), **statistics.quantiles(numbers)})

    def _described(self, told: Callable[[NDArray[np.float64]], dict[str, Any]]) -> dict[str, Any]:
        values = self.values()
        units = self.some(self.units(values))
        rows = [
            {**dict(zip(self.study.by, levels, strict=True)), **told(units.numbers[units.inside(levels)])}
            for levels in units.levels
        ]
        if not self.study.by:
            rows = [told(units.numbers)]
        self.small({", ".join(levels) or "all": int(units.inside(levels).sum()) for levels in units.levels})
        return {"unit": values.unit, "rows": rows}

    def course(self) -> dict[str, Any]:
        query = self.study.values[0]
        assert isinstance(query, Query)
        source = self.source
        bins = course_values(
            source.store, query, source.definitions, self.design, self.study.min_coverage, source.counted
        )
        rows: list[dict[str, Any]] = []
        sizes: dict[str, int] = {}
        for start, end, values in bins:
            units = self.units(values)
            for levels in units.levels if self.study.by else [()]:
                label = dict(zip(self.study.by, levels, strict=True))
                numbers = units.numbers[units.inside(levels)]
                if len(numbers):
                    rows.append({**label, "start": start, "end": end, **statistics.summary(numbers)})
                    name = ", ".join(levels) or "all"
                    sizes[name] = max(sizes.get(name, 0), len(numbers))
        rows.sort(key=lambda row: ([natural(str(row[name])) for name in self.study.by], row["start"]))
        if bins:
            self._say_whose(bins[0][2])
        self.excluded.update(Counter(str(why) for why in bins[0][2].why if why) if bins else Counter())
        self.small(sizes)
        return {"unit": bins[0][2].unit if bins else "", "rows": rows}

    def compare(self) -> dict[str, Any]:
        values = self.values()
        return {"unit": values.unit, **self._compared(self.some(self.units(values)))}

    def _compared(self, units: Units) -> dict[str, Any]:
        by = self.study.by[0]
        groups = {levels[0]: units.level(levels[0]) for levels in units.levels}
        rows = [{by: level, **statistics.summary(numbers)} for level, numbers in groups.items()]
        return {"rows": rows, "test": self._tested(units, groups)}

    def _tested(self, units: Units, groups: dict[str, NDArray[np.float64]]) -> dict[str, Any] | None:
        """The test between groups; None where there is nothing to test."""
        if len(groups) < 2:
            name = next(iter(groups), "nobody")
            self.warnings.append(f"one_group: only {name!r} of {self.study.by[0]} has this value")
            return None
        repeated = len(set(units.names)) < len(units.names)
        if repeated:
            both = len(groups) == 2 and self.study.per == "participant"
            matched = self._paired(units, list(groups)) if both else None
            if matched is not None:
                return self._tested_within(units, list(groups), *matched)
            self.warnings.append(
                "repeated: some units are in several groups, and the test takes them for different ones"
            )
        if self.small({level: len(numbers) for level, numbers in groups.items()}):
            return None
        if len(groups) == 2:
            first, second = groups
            return {**statistics.two_groups(groups[first], groups[second]), "groups": [first, second]}
        return statistics.several_groups(groups)

    def _tested_within(self, units: Units, levels: list[str], first: NDArray, second: NDArray) -> dict[str, Any] | None:
        """The test between two groups of the same participants: the first less the second, as between others."""
        everybody = len(set(units.names))
        if len(first) < everybody:
            alone = everybody - len(first)
            self.warnings.append(
                f"unpaired: {alone} of {everybody} participants are in one group alone, not in the test"
            )
        if self.small({"pairs": len(first)}):
            return None
        return {**statistics.paired(second, first), "n": len(first), "groups": levels}

    @staticmethod
    def _paired(units: Units, levels: list[str]) -> tuple[NDArray, NDArray] | None:
        """Values of the first and of the second group, where most participants are in both."""
        first, second = (
            {name: units.numbers[at] for at, name in enumerate(units.names) if units.groups[0][at] == level}
            for level in levels
        )
        both = sorted(set(first) & set(second))
        if not both or len(both) < 0.5 * max(len(first), len(second)):
            return None
        return np.array([first[name] for name in both]), np.array([second[name] for name in both])

    def _changes(self, values: Values) -> tuple[tuple[str, ...], NDArray, NDArray, dict[str, str]]:
        """Participants with both sessions, and what they had in each."""
        assert self.study.sessions is not None
        sessions = self.design.sessions
        for name in self.study.sessions:
            if name not in set(sessions):
                raise UnknownName.of("session", name, set(sessions) - {""})
        session_name = self.design.session_name or ""
        units = self.units(values, (session_name,))
        at = {
            (name, level): place for place, (name, level) in enumerate(zip(units.names, units.groups[0], strict=True))
        }
        a, b = self.study.sessions
        both = tuple(name for name in dict.fromkeys(units.names) if (name, a) in at and (name, b) in at)
        alone = len({name for name, level in at if level in (a, b)}) - len(both)
        if alone:
            self.excluded["participants without both sessions"] += alone
        if not both:
            raise NotMeasured(f"no participant has this value in both {a!r} and {b!r}")
        of_both = np.isin(sessions, self.study.sessions) & np.isin(self.design.participants.astype(str), list(both))
        self.used[-1] = (values, self.design, self.used[-1][2] & of_both)
        groups = self._groups_of(both) if self.study.by else {}
        before = np.array([units.numbers[at[name, a]] for name in both])
        return both, before, np.array([units.numbers[at[name, b]] for name in both]), groups

    def _groups_of(self, participants: tuple[str, ...]) -> dict[str, str]:
        """The group of each participant, the first that is known; empty where none is."""
        found: dict[str, str] = {}
        moved: set[str] = set()
        for name, level in zip(self.design.participants, self.design.levels_of(self.study.by[0]), strict=True):
            if level and found.setdefault(name, level) != level:
                moved.add(name)
        if moved & set(participants):
            several = len(moved & set(participants))
            self.warnings.append(f"repeated: {several} participants are in several groups and count in their first")
        return found

    def change(self) -> dict[str, Any]:
        values = self.values()
        who, before, after, groups = self._changes(values)
        rows = []
        known = [name for name in who if groups.get(name)]
        if self.study.by and len(known) < len(who):
            self.excluded["participants whose group is not known"] += len(who) - len(known)
        for level in sorted({groups[name] for name in known}, key=natural) if self.study.by else [""]:
            mine = np.array([not self.study.by or groups.get(name) == level for name in who])
            label = {self.study.by[0]: level} if self.study.by else {}
            tested = (
                None if self.small({level or "all": int(mine.sum())}) else statistics.paired(before[mine], after[mine])
            )
            rows.append({**label, **statistics.summary(after[mine] - before[mine]), "test": tested})
        return {"unit": values.unit, "sessions": list(self.study.sessions or ()), "rows": rows}

    def rank(self) -> dict[str, Any]:
        values = self.values()
        if self.study.sessions is not None:
            names, before, after, _ = self._changes(values)
            numbers = after - before
        else:
            units = self.some(self.units(values))
            names, numbers = units.names, units.numbers
        order = np.argsort(numbers if self.study.least else -numbers, kind="stable")[: self.study.top]
        rows = [
            {"rank": place, self.study.per: names[at], "value": float(numbers[at])} for place, at in enumerate(order, 1)
        ]
        return {"unit": values.unit, "rows": rows, "n": len(numbers)}

    def correlate(self) -> dict[str, Any]:
        x, y = self.values(0), self.values(1)
        both = np.isfinite(x.numbers) & np.isfinite(y.numbers)
        for values in (x, y):
            values.numbers[~both] = np.nan
        first, second = self.units(x, ()), self.units(y, ())
        tested = statistics.spearman(first.numbers, second.numbers)
        few = self.small({"all": len(first.names)})
        for name, each in (("first", first), ("second", second)):
            if len(each.numbers) > 1 and np.ptp(each.numbers) == 0:
                self.warnings.append(
                    f"constant: the {name} of the two is the same for all, and correlates with nothing"
                )
        rows = [
            {self.study.per: name, "x": float(a), "y": float(b)}
            for name, a, b in zip(first.names, first.numbers, second.numbers, strict=True)
        ]
        return {"unit": f"{x.unit}, {y.unit}", "test": None if few else tested, "rows": rows}

    def agree(self) -> dict[str, Any]:
        from bitflow.measures.reliability import LEAST_UNITS, icc_2_1

        values = self.values()
        units = self.some(self.units(values, (self.design.session_name or "session",)))
        levels = [level for (level,) in units.levels]
        cells = {(n, g): v for n, g, v in zip(units.names, units.groups[0], units.numbers, strict=True)}
        complete = [n for n in dict.fromkeys(units.names) if all((n, level) in cells for level in levels)]
        kept = self.used[-1][2] & np.isin(self.design.participants.astype(str), complete)
        self.used[-1] = (values, self.design, kept)
        missing = len(set(units.names)) - len(complete)
        if missing:
            self.excluded["participants without all sessions"] += missing
        if len(complete) < LEAST_UNITS or len(levels) < 2:
            self.small({"all": len(complete)})
            return {"unit": values.unit, "rows": [{"n": len(complete), "sessions": levels}], "test": None}
        found = icc_2_1(np.array([[cells[name, level] for level in levels] for name in complete]))
        self.small({"all": len(complete)})
        row = {"n": found.subjects, "sessions": levels, "value": found.icc, "ci_low": found.low, "ci_high": found.high}
        return {"unit": "1", "rows": [{**row, "sem": found.sem, "mdc": found.mdc}], "test": {"test": "ICC(2,1)"}}

    def scan(self) -> dict[str, Any]:
        measures = list(self.source.index.units)
        if not measures:
            raise NotMeasured("nothing was measured yet", ["bitflow measure STORE"])
        if len(measures) > MOST_SCANNED:
            self.warnings.append(f"too_many: the first {MOST_SCANNED} of {len(measures)} measures are compared")
        rows = []
        for name in measures[:MOST_SCANNED]:
            values = self.source.values(Measured(name), self.design, self.study.min_coverage)
            units = self.units(values)
            groups = {levels[0]: units.level(levels[0]) for levels in units.levels}
            if len(groups) < 2:
                continue
            if found := self._tested(units, groups):
                kept = ("test", "difference", "hedges_g", "p", "groups")
                tested = {key: found[key] for key in kept if key in found}
                rows.append({"measure": name, "unit": values.unit, **tested})
        tested = [row for row in rows if "p" in row]
        for row, p in zip(tested, statistics.holm([row["p"] for row in tested]), strict=True):
            row["p_holm"] = p
        self.warnings.append(f"many_comparisons: {len(tested)} tests at once; p_holm is corrected for their number")
        tested.sort(key=lambda row: (row["p_holm"], row["p"]))
        return {"unit": "", "rows": tested[: self.study.top], "n_measures": len(measures)}

    def which(self) -> dict[str, Any]:
        if self.study.values:
            values = self.values()
            units = self.units(values, ())
            rows = [{self.study.per: n, "value": float(v)} for n, v in zip(units.names, units.numbers, strict=True)]
            return {"unit": values.unit, "rows": rows, "n": len(rows)}
        rows = [{self.study.per: name} for name in self._named()]
        return {"unit": "", "rows": rows, "n": len(rows)}

    def how_many(self) -> dict[str, Any]:
        if self.study.by:
            levels = self.design.levels_of(self.study.by[0])
            whose = np.array(
                self.design.recordings if self.study.per == "recording" else self.design.participants, object
            )
            if not self.used:
                self._counted(levels != "")
            pairs = {(level, who) for level, who in zip(levels, whose, strict=True) if level}
            counts = Counter(level for level, _ in pairs)
            rows = [{self.study.by[0]: level, "value": counts[level]} for level in sorted(counts, key=natural)]
            return {"unit": "1", "rows": rows, "n": len({who for _, who in pairs})}
        n = len(self._named())
        return {"unit": "1", "rows": [{"value": n}], "n": n}

    def _named(self) -> list[str]:
        if not self.used:  # nothing but the table of participants was looked at
            self._counted(np.ones(len(self.design.recordings), bool))
        if self.study.per == "recording":
            return list(self.design.recordings)
        if self.study.per == "participant":
            return sorted(set(self.design.participants), key=natural)
        return sorted({f"{a} {b}" for a, b in zip(self.design.participants, self.design.sessions, strict=True)})

    def _counted(self, kept: NDArray[np.bool_]) -> None:
        """Recordings that count by what is known of participants."""
        n = len(kept)
        unknown = np.full(n, np.nan)
        told = Values(unknown, np.ones(n), unknown, unknown, unknown, np.full(n, "", object), "", "participants")
        self.used.append((told, self.design, kept))

    def missing(self) -> dict[str, Any]:
        values = self.source.values(self.study.values[0], self.design, self.study.min_coverage)
        at = np.flatnonzero(~np.isfinite(values.numbers))
        self.used.append((values, self.design, ~np.isfinite(values.numbers)))
        rows = [{"recording": self.design.recordings[i], "reason": str(values.why[i])} for i in at]
        return {"unit": "", "rows": rows, "n": len(rows)}

    def table(self) -> dict[str, Any]:
        shown: dict[str, dict[str, Any]] = {}
        for place, value in enumerate(self.study.values):
            values = self.values(place)
            units = self.units(values, ())
            shown[value_text(value)] = dict(zip(units.names, map(float, units.numbers), strict=True))
        names = {
            "recording": lambda: np.array(self.design.recordings, object),
            "participant": lambda: self.design.participants,
            "session": lambda: np.array(
                [f"{a} {b}" for a, b in zip(self.design.participants, self.design.sessions, strict=True)], object
            ),
        }[self.study.per]()
        rows = sorted_units(names, self.design, self.study.sort, shown)
        return {"unit": "", "rows": [{self.study.per: row.pop("name"), **row} for row in rows], "n": len(rows)}


def text_of_condition(condition: Condition) -> str:
    """A condition as text."""
    return text_of(Study("how_many", where=(condition,))).removeprefix("how_many where ")


_ANSWERS: dict[str, Callable[[_Run], dict[str, Any]]] = {
    name: getattr(_Run, name)
    for name in (
        *("average", "distribution", "course", "compare", "change", "correlate", "rank", "agree", "scan"),
        *("which", "how_many", "missing", "table"),
    )
}
