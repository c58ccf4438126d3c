"""Answers of studies that go with a test: groups, sessions, ranks, correlations, and the agreement of sessions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitflow.events.language.refusals import NotMeasured, UnknownName
from bitflow.events.language.study import Measured
from bitflow.studies import statistics
from bitflow.studies.design import natural
from bitflow.studies.run import StudyRun
from bitflow.studies.units import Units
from bitflow.studies.values import Values

#: Most measures that are compared at once.
MOST_SCANNED = 200


def compare(run: StudyRun) -> dict[str, Any]:
    """A row a group, and the test between them."""
    values = run.values()
    units = run.some(run.units(values))
    groups = {levels[0]: units.level(levels[0]) for levels in units.levels}
    rows = [{run.study.by[0]: level, **statistics.summary(numbers)} for level, numbers in groups.items()]
    return {"unit": values.unit, "rows": rows, "test": _tested(run, units, groups)}


def _tested(run: StudyRun, units: Units, groups: dict[str, NDArray[np.float64]]) -> dict[str, Any] | None:
    """The test between groups; None where there is nothing to test."""
    if len(groups) < 2:
        name = next(iter(groups), "nobody")
        run.warnings.append(f"one_group: only {name!r} of {run.study.by[0]} has this value")
        return None
    repeated = len(set(units.names)) < len(units.names)
    if repeated:
        both = len(groups) == 2 and run.study.per == "participant"
        matched = _paired(units, list(groups)) if both else None
        if matched is not None:
            return _tested_within(run, units, list(groups), *matched)
        run.warnings.append("repeated: some units are in several groups, and the test takes them for different ones")
    if run.small({level: len(numbers) for level, numbers in groups.items()}):
        return None
    if len(groups) == 2:
        first, second = groups
        return {**statistics.two_groups(groups[first], groups[second]), "groups": [first, second]}
    return statistics.several_groups(groups)


def _tested_within(
    run: StudyRun, units: Units, levels: list[str], first: NDArray, second: NDArray
) -> dict[str, Any] | None:
    """The test between two groups of the same participants: the first less the second, as between others."""
    everybody = len(set(units.names))
    if len(first) < everybody:
        alone = everybody - len(first)
        run.warnings.append(f"unpaired: {alone} of {everybody} participants are in one group alone, not in the test")
    if run.small({"pairs": len(first)}):
        return None
    return {**statistics.paired(second, first), "n": len(first), "groups": levels}


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


def scan(run: StudyRun) -> dict[str, Any]:
    """Every measure compared between the groups, the p-values corrected for their number."""
    measures = list(run.source.index.units)
    if not measures:
        raise NotMeasured("nothing was measured yet", ["bitflow measure STORE"])
    if len(measures) > MOST_SCANNED:
        run.warnings.append(f"too_many: the first {MOST_SCANNED} of {len(measures)} measures are compared")
    rows = []
    for name in measures[:MOST_SCANNED]:
        values = run.source.values(Measured(name), run.design, run.study.min_coverage)
        units = run.units(values)
        groups = {levels[0]: units.level(levels[0]) for levels in units.levels}
        if len(groups) < 2:
            continue
        if found := _tested(run, units, groups):
            kept = ("test", "difference", "hedges_g", "p", "groups")
            tested = {key: found[key] for key in kept if key in found}
            rows.append({"measure": name, "unit": values.unit, **tested})
    tested = [row for row in rows if "p" in row]
    for row, p in zip(tested, statistics.holm([row["p"] for row in tested]), strict=True):
        row["p_holm"] = p
    run.warnings.append(f"many_comparisons: {len(tested)} tests at once; p_holm is corrected for their number")
    tested.sort(key=lambda row: (row["p_holm"], row["p"]))
    return {"unit": "", "rows": tested[: run.study.top], "n_measures": len(measures)}


def change(run: StudyRun) -> dict[str, Any]:
    """What changed from one session to another, a row a group."""
    values = run.values()
    who, before, after, groups = _changes(run, values)
    rows = []
    known = [name for name in who if groups.get(name)]
    if run.study.by and len(known) < len(who):
        run.excluded["participants whose group is not known"] += len(who) - len(known)
    for level in sorted({groups[name] for name in known}, key=natural) if run.study.by else [""]:
        mine = np.array([not run.study.by or groups.get(name) == level for name in who])
        label = {run.study.by[0]: level} if run.study.by else {}
        tested = None if run.small({level or "all": int(mine.sum())}) else statistics.paired(before[mine], after[mine])
        rows.append({**label, **statistics.summary(after[mine] - before[mine]), "test": tested})
    return {"unit": values.unit, "sessions": list(run.study.sessions or ()), "rows": rows}


def rank(run: StudyRun) -> dict[str, Any]:
    """Units in the order of a value, or of its change."""
    values = run.values()
    if run.study.sessions is not None:
        names, before, after, _ = _changes(run, values)
        numbers = after - before
    else:
        units = run.some(run.units(values))
        names, numbers = units.names, units.numbers
    order = np.argsort(numbers if run.study.least else -numbers, kind="stable")[: run.study.top]
    rows = [{"rank": place, run.study.per: names[at], "value": float(numbers[at])} for place, at in enumerate(order, 1)]
    return {"unit": values.unit, "rows": rows, "n": len(numbers)}


def _changes(run: StudyRun, values: Values) -> tuple[tuple[str, ...], NDArray, NDArray, dict[str, str]]:
    """Participants with both sessions, and what they had in each."""
    assert run.study.sessions is not None
    sessions = run.design.sessions
    for name in run.study.sessions:
        if name not in set(sessions):
            raise UnknownName.of("session", name, set(sessions) - {""})
    session_name = run.design.session_name or ""
    units = run.units(values, (session_name,))
    at = {(name, level): place for place, (name, level) in enumerate(zip(units.names, units.groups[0], strict=True))}
    a, b = run.study.sessions
    both = tuple(name for name in dict.fromkeys(units.names) if (name, a) in at and (name, b) in at)
    alone = len({name for name, level in at if level in (a, b)}) - len(both)
    if alone:
        run.excluded["participants without both sessions"] += alone
    if not both:
        raise NotMeasured(f"no participant has this value in both {a!r} and {b!r}")
    of_both = np.isin(sessions, run.study.sessions) & np.isin(run.design.participants.astype(str), list(both))
    run.used[-1] = (values, run.design, run.used[-1][2] & of_both)
    groups = _groups_of(run, both) if run.study.by else {}
    before = np.array([units.numbers[at[name, a]] for name in both])
    return both, before, np.array([units.numbers[at[name, b]] for name in both]), groups


def _groups_of(run: StudyRun, participants: tuple[str, ...]) -> dict[str, str]:
    """The group of each participant, the first that is known; empty where none is."""
    found: dict[str, str] = {}
    moved: set[str] = set()
    for name, level in zip(run.design.participants, run.design.levels_of(run.study.by[0]), strict=True):
        if level and found.setdefault(name, level) != level:
            moved.add(name)
    if moved & set(participants):
        several = len(moved & set(participants))
        run.warnings.append(f"repeated: {several} participants are in several groups and count in their first")
    return found


def correlate(run: StudyRun) -> dict[str, Any]:
    """Spearman's rho of two values, a row a unit."""
    x, y = run.values(0), run.values(1)
    both = np.isfinite(x.numbers) & np.isfinite(y.numbers)
    for values in (x, y):
        values.numbers[~both] = np.nan
    first, second = run.units(x, ()), run.units(y, ())
    tested = statistics.spearman(first.numbers, second.numbers)
    few = run.small({"all": len(first.names)})
    for name, each in (("first", first), ("second", second)):
        if len(each.numbers) > 1 and np.ptp(each.numbers) == 0:
            run.warnings.append(f"constant: the {name} of the two is the same for all, and correlates with nothing")
    rows = [
        {run.study.per: name, "x": float(a), "y": float(b)}
        for name, a, b in zip(first.names, first.numbers, second.numbers, strict=True)
    ]
    return {"unit": f"{x.unit}, {y.unit}", "test": None if few else tested, "rows": rows}


def agree(run: StudyRun) -> dict[str, Any]:
    """How far sessions agree about participants: ICC(2,1), its interval, and what follows from it."""
    from bitflow.measures.reliability import LEAST_UNITS, icc_2_1

    values = run.values()
    units = run.some(run.units(values, (run.design.session_name or "session",)))
    levels = [level for (level,) in units.levels]
    cells = {(n, g): v for n, g, v in zip(units.names, units.groups[0], units.numbers, strict=True)}
    complete = [n for n in dict.fromkeys(units.names) if all((n, level) in cells for level in levels)]
    kept = run.used[-1][2] & np.isin(run.design.participants.astype(str), complete)
    run.used[-1] = (values, run.design, kept)
    missing = len(set(units.names)) - len(complete)
    if missing:
        run.excluded["participants without all sessions"] += missing
    if len(complete) < LEAST_UNITS or len(levels) < 2:
        run.small({"all": len(complete)})
        return {"unit": values.unit, "rows": [{"n": len(complete), "sessions": levels}], "test": None}
    found = icc_2_1(np.array([[cells[name, level] for level in levels] for name in complete]))
    run.small({"all": len(complete)})
    row = {"n": found.subjects, "sessions": levels, "value": found.icc, "ci_low": found.low, "ci_high": found.high}
    return {"unit": "1", "rows": [{**row, "sem": found.sem, "mdc": found.mdc}], "test": {"test": "ICC(2,1)"}}
