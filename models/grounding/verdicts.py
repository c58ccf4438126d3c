"""From events to a verdict: what must be seen before a claim is supported or contradicted.

A claim is supported where a strict event of the behaviour lies in its time. It is contradicted only where not even a
lenient one does and the tables looked nearly all the time: a hand that is hidden contradicts nothing. In between the
claim is not checkable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bitflow.events.intervals import Events
from bitflow.events.mask import Mask
from bitflow.models.grounding.claims import Claim, Evidence, Judged
from bitflow.timeline import Interval

#: Before a claim is contradicted: least share of its time that was seen, and longest time without sight, s.
COVERAGE, GAP_S = 0.70, 1.0

#: A strict event supports a claim by this much of the claim's time, s, or by half of a shorter event.
OVERLAP_S = 0.3

#: Borders of events and of claims are good to this, s: a lenient event so near to a claim's time contradicts it not.
BORDER_S = 0.3

#: Shares of the time by which "most of the time" and "throughout" are supported, and at most contradicted.
SHARES = {"most": (0.6, 0.2), "throughout": (0.9, 0.6)}


@dataclass(frozen=True, eq=False)
class Sight:
    """What the tables show of one behaviour in one person.

    Parameters
    ----------
    strict, lenient
        Events that count, and those that may have been one.
    table
        Where they come from.
    """

    strict: Events
    lenient: Events
    table: str

    @property
    def seen(self) -> Mask:
        """When such an event could have been seen."""
        return self.lenient.seen


def judge(claim: Claim, sight: Sight) -> Judged:
    """The verdict on a claim that a behaviour happens in a stretch; negative claims the other way round."""
    found = _positive(claim, sight)
    if claim.holds:
        return found
    turned = found.turned()
    return Judged(claim, turned.verdict, turned.reason, turned.coverage, turned.evidence)


def coverage_and_gap(seen: Mask, when: Interval) -> tuple[float, float]:
    """Share of a stretch that was seen, and the longest time in it without sight, s."""
    inside = seen.crop(when)
    wanted = max(1, round(when.duration * seen.rate))
    if not len(inside):
        return 0.0, when.duration
    unseen = np.concatenate(([0], (~inside.yes).astype(np.int8), [0]))
    change = np.diff(unseen)
    runs = np.flatnonzero(change == -1) - np.flatnonzero(change == 1)
    missing = max(0, wanted - len(inside)) / seen.rate
    longest = float(runs.max()) / seen.rate if len(runs) else 0.0
    return min(1.0, float(inside.yes.sum()) / wanted), max(longest, missing)


def _positive(claim: Claim, sight: Sight) -> Judged:
    when = claim.when
    coverage, gap = coverage_and_gap(sight.seen, when)
    strict, lenient = _overlaps(sight.strict, when), _overlaps(sight.lenient, when)
    known = max(coverage * when.duration, 1e-9)
    if claim.quantifier == "some":
        needed = np.minimum(OVERLAP_S, (sight.strict.ends - sight.strict.starts) / 2)
        supported = bool((strict >= np.maximum(needed, 1e-6)).any())
        wider = Interval(when.start - BORDER_S, when.end + BORDER_S)
        excluded = not bool((_overlaps(sight.lenient, wider) > 0).any())
    else:
        high, low = SHARES[claim.quantifier]
        supported = coverage >= COVERAGE and strict.sum() / known >= high
        excluded = lenient.sum() / known <= low
    if supported:
        return Judged(claim, "supported", "", coverage, (_evidence(sight, strict, when),))
    if not excluded:
        return Judged(claim, "not checkable", "between", coverage)
    if coverage < COVERAGE:
        return Judged(claim, "not checkable", "low_coverage", coverage)
    if gap >= GAP_S:
        return Judged(claim, "not checkable", "gap", coverage)
    return Judged(claim, "contradicted", "", coverage, (Evidence(sight.table, when.start, when.end),))


def _overlaps(events: Events, when: Interval) -> NDArray[np.float64]:
    return np.maximum(0.0, np.minimum(events.ends, when.end) - np.maximum(events.starts, when.start))


def _evidence(sight: Sight, overlaps: NDArray[np.float64], when: Interval) -> Evidence:
    k = int(np.argmax(overlaps))
    value = float(sight.strict.values[k])
    start, end = max(float(sight.strict.starts[k]), when.start), min(float(sight.strict.ends[k]), when.end)
    return Evidence(sight.table, start, end, value=None if np.isnan(value) else value)
